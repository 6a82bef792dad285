/**
 * What the steps of a plan read, told by who wrote it last: other steps, all of a tensor or some of
 * its channels, or whoever fills the input.
 */
#ifndef BW_BACKEND_CPU_READINGS_H
#define BW_BACKEND_CPU_READINGS_H

#include "plan/plan.h"

/** What a tensor's numbers come from, where it is no step. */
enum { BW_FROM_INPUT = -1, BW_FROM_ELSEWHERE = -2 };

typedef struct bw_reading {
    int writer;  /* a step, or one of these */
    bool second; /* it is the second operand */
    bool alike;  /* pixels are where the writer has them: only the channels may differ */
} bw_reading;

typedef struct bw_readings {
    bw_reading *items;
    size_t capacity;
    size_t *first; /* of a step's items; behind the last step are the results, then the end */
} bw_readings;

/** The first reading of a step. */
static inline const bw_reading *bw_readings_of(const bw_readings *readings, int step)
{
    return readings->items + readings->first[step];
}

/** The end of its readings. */
static inline const bw_reading *bw_readings_end(const bw_readings *readings, int step)
{
    return bw_readings_of(readings, step + 1);
}

/** Finds all; what is found belongs to `out`, also in case of failure. */
bw_status bw_readings_find(bw_readings *out, const bw_plan *plan, bw_error *error);

void bw_readings_free(bw_readings *readings);

#endif
