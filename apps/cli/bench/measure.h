/**
 * Measuring one setting: the network alone, one batch after the other.
 */
#ifndef BW_CLI_BENCH_MEASURE_H
#define BW_CLI_BENCH_MEASURE_H

#include "bench/bench.h"

enum { BW_PROFILED_RUNS = 1000 };

/** The times of each step, of the first runs; release with bw_bench_profile_free. */
typedef struct bw_bench_profile {
    double *times; /* [step][run], milliseconds, BW_PROFILED_RUNS a row */
    int steps;
    size_t runs; /* that were kept */
} bw_bench_profile;

void bw_bench_profile_free(bw_bench_profile *profile);

/**
 * Measures for as long as the options say, after warming up. With `profile` (NULL for none) the
 * whole batch goes step by step, and the times of the steps are kept.
 */
bw_status bw_bench_measure(bw_bench_point *point, bw_bench_profile *profile,
                           const bw_bench_options *options, const bw_plan *plan, bw_error *error);

#endif
