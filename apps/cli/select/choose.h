/**
 * Which pictures are taken: one after the other, each the one that is worth most and least like
 * those that are taken already.
 */
#ifndef BW_CLI_SELECT_CHOOSE_H
#define BW_CLI_SELECT_CHOOSE_H

#include "select/measure.h"

typedef struct bw_choice {
    size_t candidate; /* its index */
    float distance;   /* from the nearest that was taken before; 1 for the first */
} bw_choice;

/**
 * Takes min(`budget`, count) candidates into `choices`, in the order of taking: that with the
 * highest (worth + 1/20) × distance, the first of equals. The small summand lets pictures without
 * boxes differ, too. `descriptions` is as bw_select_describe gives it. Returns their number.
 */
size_t bw_select_choose(bw_choice *choices, size_t budget, const bw_candidates *candidates,
                        const float *descriptions, float *nearest);

#endif
