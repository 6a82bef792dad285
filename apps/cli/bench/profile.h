/**
 * A profile, step by step, summed up for whoever shows it.
 */
#ifndef BW_CLI_BENCH_PROFILE_H
#define BW_CLI_BENCH_PROFILE_H

#include "bench/measure.h"

/** One line of the profile, milliseconds. */
typedef struct bw_profile_line {
    bw_step_info step;
    double total, mean, median;
    double percent; /* of all steps together */
} bw_profile_line;

/** The sum of all steps over all runs that were kept. */
double bw_profile_total(const bw_bench_profile *profile);

/** Sums up step `index`; `total` is that of bw_profile_total. Sorts the times of the step. */
bw_profile_line bw_profile_sum(const bw_bench_profile *profile, const bw_plan *plan, int index,
                               double total);

#endif
