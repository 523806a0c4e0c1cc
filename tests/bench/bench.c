/* See bench.h. */
#include "bench/bench.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t bench_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t bench_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

size_t bench_memory_bytes(void)
{
    const struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

void bench_init(struct bench_samples *samples, size_t max)
{
    *samples = (struct bench_samples){ .ns = calloc(max, sizeof(int64_t)), .max = max };
    if (samples->ns == NULL)
        abort();
}

void bench_done(struct bench_samples *samples)
{
    free(samples->ns);
}

static void add(struct bench_samples *samples, int64_t ns)
{
    if (samples->count < samples->max)
        samples->ns[samples->count++] = ns;
}

void bench_add(struct bench_samples *samples, int64_t begin_ns)
{
    add(samples, bench_now_ns() - begin_ns);
}

void bench_add_cpu(struct bench_samples *samples, int64_t begin_ns)
{
    add(samples, bench_cpu_ns() - begin_ns);
}

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

int64_t bench_quantile(struct bench_samples *samples, unsigned percent)
{
    if (samples->count == 0)
        return 0;
    qsort(samples->ns, samples->count, sizeof *samples->ns, compare);
    return samples->ns[(samples->count - 1) * percent / 100];
}

void bench_print(const char *what, struct bench_samples *samples)
{
    const int64_t median = bench_quantile(samples, 50);
    const int64_t high = bench_quantile(samples, 99);

    printf("%-28s median %10.2f us   p99 %10.2f us   (%zu samples)\n", what,
           (double)median / 1000, (double)high / 1000, samples->count);
}
