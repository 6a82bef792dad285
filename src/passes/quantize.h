/**
 * Quantisation: the passes that turn a network of floats into one of bytes (INT8).
 *
 * Activations are bytes with a scale and a zero point a tensor, weights are signed bytes with a
 * scale an output channel (Jacob et al. 2018; Nagel et al. 2021, "A White Paper on Neural Network
 * Quantization"). What the detection heads read stays in floats. Unlike the other passes these need
 * to know what numbers a network produces: a bw_range a tensor, from src/calibrate.
 */
#ifndef BW_PASSES_QUANTIZE_H
#define BW_PASSES_QUANTIZE_H

#include "graph/graph.h"

/** What was observed of a tensor. */
typedef struct bw_range {
    float low, high;    /* what its bytes should cover: low ≤ 0 ≤ high, low < high */
    const float *means; /* of each channel */
} bw_range;

typedef struct bw_quantization {
    const bw_range *ranges; /* one a tensor of the graph */
    int largest_dense; /* integers of dense convolutions are −this to this; others −127 to 127 */
} bw_quantization;

/** Gives every tensor that can have it a byte format, and every convolution integer weights. */
bw_status bw_pass_quantize(bw_graph *graph, const bw_quantization *how, bw_error *error);

/** The second half of it: weights of all convolutions that read bytes, and the bias that corrects
 * the mean error of their rounding. */
bw_status bw_quantize_weights(bw_graph *graph, const bw_quantization *how, bw_error *error);

#endif
