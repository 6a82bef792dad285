/**
 * Rounding for speed: which convolutions of an INT8 network may round what they multiply once more
 * (kernels/rounded.h).
 *
 * Of its sums' error such rounding makes about as many times as much as storing its input as bytes
 * does as its transforms' factors say; what that costs at the network's end was found by probing.
 * Those convolutions round that save the most time for their error, as long as they add no more to
 * the network's than a share of what it has.
 */
#ifndef BW_API_ROUNDING_H
#define BW_API_ROUNDING_H

#include "calibrate/probe.h"

/**
 * Sets `may_round` of the chosen nodes. `graph`: of bytes, quantised as `how` says; `probed`: an
 * entry for each of the `count` tensors that it had before; `cpu`: features of the kernels.
 */
bw_status bw_choose_rounded(bw_graph *graph, const bw_quantization *how, const bw_probed *probed,
                            size_t count, uint32_t cpu, bw_error *error);

#endif
