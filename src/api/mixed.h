/**
 * Mixed precision: which tensors of an INT8 network stay floats.
 *
 * Tensor by tensor, the one is taken that saves the most error for the time that it costs, by the
 * errors that probing found and the costs that kernels estimate. Where weights are shared, what
 * counts is not time but the bytes of weights, as floats would undo what sharing saves.
 */
#ifndef BW_API_MIXED_H
#define BW_API_MIXED_H

#include "calibrate/probe.h"

/** What limits the choice. */
typedef struct bw_mix {
    uint32_t cpu; /* features that the kernels may use */
    int halvings; /* 0: as long as it is next to free; n: until the error is 2^−n of what it was */
    int share_bits; /* see bw_build_options */
    float share_noise;
    bool exact; /* likewise */
} bw_mix;

/**
 * Sets `how->floats`, in the graph's arena. `graph`: of floats, opened by `how`, whose ranges are
 * filled; `probed`: an entry a tensor.
 */
bw_status bw_choose_floats(bw_quantization *how, bw_graph *graph, const bw_probed *probed,
                           const bw_mix *mix, bw_error *error);

#endif
