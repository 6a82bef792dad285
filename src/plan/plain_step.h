/**
 * General operators in a plan: their record in its file, and whether one that came from outside can
 * be run.
 */
#ifndef BW_PLAN_PLAIN_STEP_H
#define BW_PLAN_PLAIN_STEP_H

#include "kernels/plain/use.h"
#include "plan/cursor.h"
#include "plan/plan.h"

/** Writes the operator of a step, or reads it; NULL stands for none. See plan_file.h. */
void bw_move_plain(bw_cursor *cursor, const bw_plain_use **use);

/**
 * Whether operator and family belong together and every tensor lies in an image's share of the
 * arena; to be called before anything else looks at the operator.
 */
bw_status bw_plain_step_check(const bw_plan *plan, const bw_step *step, bw_error *error);

/** Whether the outputs are what the inputs give; the constants are known to be in the weights. */
bw_status bw_plain_step_check_shapes(const bw_plan *plan, const bw_step *step, bw_error *error);

#endif
