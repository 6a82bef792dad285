/**
 * A calibration as a file: what was learnt from pictures, for builds without them.
 *
 * It is JSON, an object of
 *
 *     "format"    "boxwright ranges"
 *     "version"   1
 *     "model"     the model's fingerprint
 *     "width", "height"  of its input
 *     "pictures"  how many were seen
 *     "tensors"   an array of objects, one a tensor of the optimised network, in its order:
 *         "name"        of the layer that makes it
 *         "min", "max"  the range that its bytes stand for, 0 within it, of channels that are
 *                       scaled as equalisation finds from what follows
 *         "rule"        that the range comes from, and
 *         "error"       that the bytes make in the heads, relative to their power; 0 where the
 *                       tensor has the bytes of another one before it
 *         "numbers"     seen in each channel, unscaled; of those, an array an entry a channel:
 *         "low", "high" the smallest and largest, and 0
 *         "mean", "deviation"
 *         "above"       how many were not below 0
 *         "windows"     of a convolution, else null: what its filters read, for rounding them:
 *             "count"    windows seen
 *             "sums"     f32 each, little-endian, in base 64: of each number of a window
 *             "products" likewise: of each two of a block (passes/covariance.h), the rows of the
 *                        blocks' matrices up to the diagonal
 *
 * Numbers have as many digits as bring back the same float. Everything else (scaled channels,
 * integers, corrected biases, which layers stay floats) follows from these, the model and the
 * options of the build, so that a plan from the file is the same, byte for byte, as one from the
 * pictures. A range may be changed by hand.
 */
#ifndef BW_CALIBRATE_RANGES_H
#define BW_CALIBRATE_RANGES_H

#include "calibrate/probe.h"

/** What a calibration comes to; arrays of the graph's tensors. */
typedef struct bw_ranges {
    const char *fingerprint; /* of the model */
    int width, height;
    size_t pictures;
    const bw_graph *graph; /* optimised, of floats */
    const int *classes;    /* see bw_quantization */
    bw_statistics *statistics;
    bw_probed *probed;
} bw_ranges;

/** Writes the file, whole or not at all. */
bw_status bw_ranges_write(const bw_ranges *ranges, const char *path, bw_error *error);

/**
 * Fills the statistics (their arrays in `arena`) and the probed of a `ranges` whose other members
 * say what the file has to be about, and `*pictures`. Refuses all that the writer does not write,
 * and files of other models or sizes; the messages begin with `name`.
 */
bw_status bw_ranges_read(const bw_ranges *ranges, size_t *pictures, bw_arena *arena,
                         const uint8_t *bytes, size_t size, const char *name, bw_error *error);

#endif
