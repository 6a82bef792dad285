/**
 * Quantisation: the passes that turn a network of floats into one of bytes (INT8).
 *
 * Activations are bytes with a scale and a zero point a tensor, weights are signed bytes with a
 * scale an output channel (Jacob et al. 2018; Nagel et al. 2021, "A White Paper on Neural Network
 * Quantization"). What the detection heads read stays in floats. Unlike the other passes these need
 * to know what numbers a network produces: a bw_statistics a tensor, from src/calibrate.
 */
#ifndef BW_PASSES_QUANTIZE_H
#define BW_PASSES_QUANTIZE_H

#include "graph/graph.h"
#include "passes/histogram.h"

/** What was observed of a tensor; one entry a channel. */
typedef struct bw_statistics {
    const bw_histogram *channels;
    const float *means;
} bw_statistics;

/** What the parts of the pass share. */
typedef struct bw_quantization {
    const bw_statistics *statistics; /* one a tensor of the graph */
    float **factors; /* one array a tensor: what its channels were multiplied by since */
    int largest_dense;
} bw_quantization;

/**
 * Gives every tensor that can have it a byte format, and every convolution integer weights. The
 * integers of dense convolutions are −largest_dense to largest_dense (127, or less for speed, see
 * the kernels), others −127 to 127.
 */
bw_status bw_pass_quantize(bw_graph *graph, const bw_statistics *statistics, int largest_dense,
                           bw_error *error);

/** Evens out the channels of tensors that only convolutions read; notes how in `factors`. */
bw_status bw_equalize_channels(bw_graph *graph, const bw_quantization *how, bw_error *error);

/**
 * Makes the integer weights of all convolutions that read bytes, and the bias that corrects the
 * mean error of their rounding.
 */
bw_status bw_quantize_weights(bw_graph *graph, const bw_quantization *how, bw_error *error);

#endif
