/**
 * Whether a plan that came from outside can be run: nothing that it says may make a kernel, the
 * engine or the decoder read or write outside the arena and the weights.
 *
 * Every operand, with its border, must lie in the share of the arena that an image has; windows may
 * not reach further than the border; the shapes must fit each other as the operation wants, the
 * kernel must be one that accepts it, and its packed weights must lie within the weights.
 */
#ifndef BW_PLAN_PLAN_CHECK_H
#define BW_PLAN_PLAN_CHECK_H

#include "plan/plan.h"

/** Derives all strides, then checks. Fails with a sentence that names the layer. */
bw_status bw_plan_check(bw_plan *plan, bw_error *error);

#endif
