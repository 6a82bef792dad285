/**
 * Rounding for speed: which convolutions of an INT8 network may round what they multiply once more
 * (kernels/rounded.h).
 *
 * Rounding a convolution's input makes several times the error that storing it as bytes makes,
 * whose cost at the network's end was found by probing. Those convolutions round that save the most
 * time for their error, as long as they all add no more than a share of what the network has.
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
