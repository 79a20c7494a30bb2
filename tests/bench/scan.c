/* Times finding certificates in a folder of many.
 *
 *     scan FOLDER RUNS
 *
 * prints one JSON line: how many were found, and the median time of a scan in milliseconds. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS_MAX 1000

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
    static double times[RUNS_MAX];
    long runs = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    size_t found = 0;
    if (runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: scan FOLDER RUNS\n");
        return 64;
    }
    for (long i = 0; i < runs; i++) {
        struct store_list list;
        double begin = now_ms();
        enum store_fault fault = store_scan(argv[1], &list);
        times[i] = now_ms() - begin;
        found = list.count;
        store_list_free(&list);
        if (fault != STORE_OK) {
            fprintf(stderr, "scan: fault %d\n", (int)fault);
            return 1;
        }
    }
    qsort(times, (size_t)runs, sizeof times[0], compare_doubles);
    printf("{\"found\": %zu, \"scan_ms\": %.2f}\n", found, times[runs / 2]);
    return 0;
}
