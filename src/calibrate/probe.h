/**
 * Probing: what it costs at a network's end to store one of its tensors as bytes.
 *
 * The network of floats runs on pictures that were calibrated on; then, class of tensors by class,
 * the rest of it runs again with that class alone rounded to the bytes of a range. The error is the
 * squared difference of what the heads receive, relative to the size of what they should, where
 * cells count by how sure the network is that something is there.
 */
#ifndef BW_CALIBRATE_PROBE_H
#define BW_CALIBRATE_PROBE_H

#include "base/threads.h"
#include "passes/quantize.h"

/** What was found of one class; of other tensors than the first of their class it is zeroed. */
typedef struct bw_probed {
    bw_range range;
    bw_range_rule rule; /* that the range comes from: the one with the least error */
    double error;
} bw_probed;

/** The first rows of a picture's input, as the network of floats reads it. */
typedef struct bw_probe_pictures {
    float *const *inputs; /* `count` of them, of row_floats × rows numbers */
    size_t count, row_floats;
    int rows;
} bw_probe_pictures;

/**
 * Chooses each class's range among all rules. `graph`: of floats, opened by `how`, whose ranges are
 * filled; `probed` has an entry a tensor.
 */
bw_status bw_probe_ranges(bw_probed *probed, bw_quantization *how, bw_graph *graph,
                          const bw_probe_pictures *pictures, bw_pool *pool, bw_error *error);

#endif
