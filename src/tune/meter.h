/**
 * The tuner's only view of time, so that what it concludes can be tested without any.
 */
#ifndef BW_TUNE_METER_H
#define BW_TUNE_METER_H

#include "plan/plan.h"

typedef struct bw_meter {
    void *context;

    /**
     * Runs the whole plan on a full batch `runs` times, after a run that does not count. Sets
     * times[run × step_count + step] to that step's nanoseconds.
     */
    bw_status (*measure)(void *context, const bw_plan *plan, int runs, uint64_t *times,
                         bw_error *error);

    /** Nanoseconds, for the time that the tuning itself takes. */
    uint64_t (*clock)(void *context);
} bw_meter;

/**
 * A meter of the processor with `threads` threads, which it starts. Pictures are random numbers
 * drawn from `seed`, the same in every run.
 */
bw_status bw_meter_open(bw_meter *meter, int threads, uint64_t seed, bw_error *error);

void bw_meter_close(bw_meter *meter);

#endif
