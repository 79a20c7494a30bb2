/* Loads a relay on this machine, for a bounded time.
 *
 *     load pairs PORT COUNT AT_ONCE [tls]    pairs of devices that meet; prints one JSON line
 *     load hold PORT COUNT [tls]             devices that wait until standard input ends; prints "held COUNT" when all do
 *
 * Exit status 0 when no connection failed. TLS is not verified: this is no device, and the relay is the caller's own. */
#include "hold.h"
#include "pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 200000
#define AT_ONCE_MAX 1000
#define LIFE_SECONDS 170 /* shorter than a mailbox waits */

struct arguments {
    int is_hold;
    uint16_t port;
    uint32_t count;
    uint32_t at_once;
    int has_tls;
};

/* 1..max, or 0. */
static uint32_t read_number(const char *text, uint32_t max)
{
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);

    return end != text && *end == '\0' && number <= max ? (uint32_t)number : 0;
}

static int read_arguments(int argc, char **argv, struct arguments *a)
{
    int used = 4;

    if (argc < used)
        return -1;
    a->is_hold = strcmp(argv[1], "hold") == 0;
    if (!a->is_hold && strcmp(argv[1], "pairs") != 0)
        return -1;
    a->port = (uint16_t)read_number(argv[2], UINT16_MAX);
    a->count = read_number(argv[3], COUNT_MAX);
    a->at_once = 1;
    if (!a->is_hold)
        a->at_once = argc > used ? read_number(argv[used++], AT_ONCE_MAX) : 0;
    if (argc == used + 1 && strcmp(argv[used], "tls") == 0)
        a->has_tls = used++;
    return argc == used && a->port > 0 && a->count > 0 && a->at_once > 0 ? 0 : -1;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run_pairs(struct target *target, const struct arguments *a)
{
    struct pairs_result result;
    double began = now_s();

    if (pairs_run(target, a->count, a->at_once, &result) != 0)
        return -1;
    printf("{\"met\": %u, \"failed\": %u, \"seconds\": %.4f, \"median_ms\": %.3f, \"late_ms\": %.3f}\n",
           result.met, result.failed, now_s() - began, result.median_ms, result.late_ms);
    return result.failed == 0 ? 0 : -1;
}

/* As many descriptors as this process may have. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct target target;
    int error = -1;

    if (read_arguments(argc, argv, &arguments) != 0) {
        fprintf(stderr, "usage: load pairs PORT COUNT AT_ONCE [tls] | load hold PORT COUNT [tls]\n");
        return 64;
    }
    alarm(LIFE_SECONDS);
    raise_descriptors();
    if (target_init(&target, arguments.port, arguments.has_tls) == 0)
        error = arguments.is_hold ? hold_run(&target, arguments.count) : run_pairs(&target, &arguments);
    target_clear(&target);
    if (error != 0)
        fprintf(stderr, "load: a connection failed\n");
    return error == 0 ? 0 : 1;
}
