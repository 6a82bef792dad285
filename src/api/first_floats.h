/**
 * Mixed precision of BF16: how far into a network tensors stay floats.
 *
 * What is rounded in the first layers goes through all others, and makes most of the error at the
 * heads; and few channels, as the first layers have, gain least from bfloat16. So the tensors from
 * the picture on stay floats, as many as the network takes no more than 2 % of its estimated time
 * longer with than with the fastest such choice. No picture is needed.
 *
 * Time is estimated for processors with instructions for bfloat16, on others, too: BF16 computes
 * the same everywhere.
 */
#ifndef BW_API_FIRST_FLOATS_H
#define BW_API_FIRST_FLOATS_H

#include "graph/graph.h"

/**
 * Sets floats[tensor], an array in the arena of `graph`, which is optimised, of floats. `cpu`: the
 * features that kernels may use.
 */
bw_status bw_choose_first_floats(bool **floats, bw_graph *graph, uint32_t cpu, bw_error *error);

#endif
