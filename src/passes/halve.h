/**
 * The pass that turns a network of floats into one of bfloat16 (BF16).
 *
 * Activations are stored as bfloat16 and weights of dense convolutions rounded to it by the
 * kernels; products are added in single precision. Three things stay in floats in any case: what
 * the detection heads read, what general operators compute with, and the picture, which
 * convolutions read as it is. Rounded to bfloat16, 1/255 to 255/255 would lose up to a part in 256
 * before the first layer, which has the fewest products and gains the least.
 */
#ifndef BW_PASSES_HALVE_H
#define BW_PASSES_HALVE_H

#include "graph/graph.h"

/**
 * Gives every tensor that can have it the format of bfloat16; `graph` is optimised, of floats.
 * Tensors with floats[tensor] stay as they are, and convolutions that read them compute in floats;
 * `floats` may be NULL.
 */
bw_status bw_pass_halve(bw_graph *graph, const bool *floats, bw_error *error);

#endif
