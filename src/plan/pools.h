/**
 * Which max-pools are computed by the convolution before them, so that what lies between is never
 * stored.
 */
#ifndef BW_PLAN_POOLS_H
#define BW_PLAN_POOLS_H

#include "plan/arrange.h"

/**
 * Sets `pooled` of the output of each convolution that some kernel for a processor with the
 * features `cpu` computes together with the pool after it in less time, by estimate, than two
 * kernels would take. Layouts are decided but for their strides.
 */
bw_status bw_join_pools(bw_seat *seats, const bw_graph *graph, uint32_t cpu, bw_error *error);

#endif
