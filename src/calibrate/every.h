/**
 * A plan of floats in which every tensor can be looked at.
 */
#ifndef BW_CALIBRATE_EVERY_H
#define BW_CALIBRATE_EVERY_H

#include "plan/plan.h"

/** Output t of the plan is tensor t of the graph. */
bw_status bw_plan_every_tensor(bw_plan **out, const bw_graph *graph, bw_error *error);

#endif
