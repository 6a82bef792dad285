/**
 * What each layer of an INT8 plan costs, in accuracy and in time, and what general operators do.
 */
#ifndef BW_CLI_LAYER_TABLE_H
#define BW_CLI_LAYER_TABLE_H

#include <stdio.h>

#include "boxwright/boxwright.h"

/** Of all steps of a plan. */
typedef struct bw_plan_sums {
    double error, cost; /* as in bw_step_info */
} bw_plan_sums;

bw_plan_sums bw_plan_add_up(const bw_plan *plan, int steps);

/** The cells of a step: type, and its shares of all estimated time and of all error. */
void bw_print_precision(FILE *file, const bw_step_info *step, const bw_plan_sums *sums);

/** The layers that make the most error, a line each; nothing where no error is known. */
void bw_print_worst_layers(FILE *file, const bw_plan *plan, int steps);

/**
 * How many steps are general operators, and what they take: of `times` (nanoseconds, one a step)
 * or, where that is NULL, of the estimated time. A line an operator, the slowest first, and as far
 * as it is known why each is none of the engine's kernels: `most` such lines. Nothing where there
 * is none.
 */
void bw_print_general(FILE *file, const bw_plan *plan, const double *times, int most);

#endif
