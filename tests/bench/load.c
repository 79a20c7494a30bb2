/* Loads a relay on this machine, for a bounded time.
 *
 *     load pairs PORT[,PORT] COUNT AT_ONCE [tls]    pairs of devices that meet; prints one JSON line
 *     load hop PORT[,PORT] COUNT [tls]              one pair that sends short messages to and fro; prints one JSON line
 *     load hold PORT COUNT [tls]                    devices that wait until standard input ends; prints "held COUNT" when all do
 *
 * With two ports the typists connect to the second. Exit status 0 when no connection failed. TLS is not verified: this is no device, and the relay is the caller's own. */
#include "hold.h"
#include "hop.h"
#include "pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 200000
#define AT_ONCE_MAX 1000
#define HOPS_MAX 8000    /* what a mailbox carries */
#define LIFE_SECONDS 170 /* shorter than a mailbox waits */

enum work { WORK_PAIRS, WORK_HOP, WORK_HOLD, WORKS };

static const char *const work_names[WORKS] = {"pairs", "hop", "hold"};

struct arguments {
    enum work work;
    uint16_t ports[2]; /* the displayers' and the typists' relay */
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

static int read_ports(char *text, struct arguments *a)
{
    char *comma = strchr(text, ',');

    if (comma != NULL)
        *comma++ = '\0';
    a->ports[0] = (uint16_t)read_number(text, UINT16_MAX);
    a->ports[1] = comma != NULL ? (uint16_t)read_number(comma, UINT16_MAX) : a->ports[0];
    return a->ports[0] > 0 && a->ports[1] > 0 ? 0 : -1;
}

static int read_work(const char *text, struct arguments *a)
{
    for (int i = 0; i < WORKS; i++) {
        if (strcmp(text, work_names[i]) == 0) {
            a->work = (enum work)i;
            return 0;
        }
    }
    return -1;
}

static int read_arguments(int argc, char **argv, struct arguments *a)
{
    int used = 4;

    if (argc < used || read_work(argv[1], a) != 0 || read_ports(argv[2], a) != 0)
        return -1;
    a->count = read_number(argv[3], a->work == WORK_HOP ? HOPS_MAX : COUNT_MAX);
    a->at_once = 1;
    if (a->work == WORK_PAIRS)
        a->at_once = argc > used ? read_number(argv[used++], AT_ONCE_MAX) : 0;
    if (argc == used + 1 && strcmp(argv[used], "tls") == 0)
        a->has_tls = used++;
    return argc == used && a->count > 0 && a->at_once > 0 ? 0 : -1;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run_pairs(struct target targets[static 2], const struct arguments *a)
{
    struct pairs_result result;
    double began = now_s();

    if (pairs_run(targets, a->count, a->at_once, &result) != 0)
        return -1;
    printf("{\"met\": %u, \"failed\": %u, \"seconds\": %.4f, \"median_ms\": %.3f, \"late_ms\": %.3f}\n",
           result.met, result.failed, now_s() - began, result.median_ms, result.late_ms);
    return result.failed == 0 ? 0 : -1;
}

static int run_hop(struct target targets[static 2], const struct arguments *a)
{
    struct hop_result result;

    if (hop_run(targets, a->count, &result) != 0)
        return -1;
    printf("{\"hops\": %u, \"median_us\": %.1f, \"late_us\": %.1f}\n", result.count, result.median_us,
           result.late_us);
    return 0;
}

static int run_hold(struct target targets[static 2], const struct arguments *a)
{
    return hold_run(&targets[0], a->count);
}

static int (*const works[WORKS])(struct target targets[static 2],
                                 const struct arguments *a) = {run_pairs, run_hop, run_hold};

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
    struct target targets[2];
    int error = -1;

    if (read_arguments(argc, argv, &arguments) != 0) {
        fprintf(stderr,
                "usage: load pairs PORT[,PORT] COUNT AT_ONCE [tls] | load hop PORT[,PORT] COUNT [tls] | "
                "load hold PORT COUNT [tls]\n");
        return 64;
    }
    alarm(LIFE_SECONDS);
    raise_descriptors();
    if (target_init(&targets[0], arguments.ports[0], arguments.has_tls) == 0) {
        target_beside(&targets[1], &targets[0], arguments.ports[1]);
        error = works[arguments.work](targets, &arguments);
    }
    target_clear(&targets[0]);
    if (error != 0)
        fprintf(stderr, "load: a connection failed\n");
    return error == 0 ? 0 : 1;
}
