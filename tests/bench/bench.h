/*
 * What every benchmark needs: a clock, samples and their quantiles, memory in use. A
 * benchmark prints figures and judges nothing: limits that are exact are unit tests.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

int64_t bench_now_ns(void);
/* Processor time of this process: what others do on the machine does not count. */
int64_t bench_cpu_ns(void);
/* Bytes that the C library has handed out and not got back. */
size_t bench_memory_bytes(void);

struct bench_samples {
    int64_t *ns;
    size_t count;
    size_t max;
};
void bench_init(struct bench_samples *samples, size_t max);
void bench_done(struct bench_samples *samples);
/* Keeps the time since begin_ns; what is more than max is dropped. */
void bench_add(struct bench_samples *samples, int64_t begin_ns);
/* The same by bench_cpu_ns. */
void bench_add_cpu(struct bench_samples *samples, int64_t begin_ns);
/* Sorts; quantile 50 is the median. */
int64_t bench_quantile(struct bench_samples *samples, unsigned percent);
/* "look-up, libcmg              median    0.31 us   p99    0.92 us   (100000 samples)" */
void bench_print(const char *what, struct bench_samples *samples);

#endif
