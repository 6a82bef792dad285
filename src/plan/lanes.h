/**
 * How many channels a plane of each tensor has.
 *
 * Floats have BW_LANES. Where the processor has a matrix unit (AMX) and the network is wide enough
 * for it, a pixel of a plane is up to 64 bytes, one row of a tile: 64 bytes or 32 halves; narrow
 * tensors have the least of 16, 32 and 64 that holds their channels. A network is wide when more
 * than half of the multiplications in its dense convolutions on bytes and halves have 32 channels
 * or more on both sides.
 *
 * Dense tensors (bw_tensor) have one channel a plane.
 *
 * Only dense convolutions may read planes of other lanes than they write. Whatever else joins
 * tensors makes them agree on the least lanes among them; parts of a concatenation or slice that
 * start at odd multiples of 32 channels agree on 32, so that nothing is copied.
 */
#ifndef BW_PLAN_LANES_H
#define BW_PLAN_LANES_H

#include "plan/arrange.h"

/** Sets `layout.lanes` of every seat; `cpu` are the bw_cpu_feature bits that kernels may need. */
void bw_choose_lanes(bw_seat *seats, const bw_graph *graph, uint32_t cpu);

#endif
