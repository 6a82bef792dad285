/**
 * Shared weights: integers of dense convolutions that take few bits in a plan's file.
 *
 * With bits that are given, each layer has a codebook of so many levels, fitted by k-means
 * (codebook.h). Otherwise (AUTO) it is the steps that are chosen: those of each filter so large
 * that the errors of all weights of the network cost the same at the heads. Then no bit could be
 * taken from one weight and be worth more at another: what rate-distortion theory asks for, as
 * integers take about as many bits as they vary when a file has them entropy coded. Rounding weighs
 * an integer's bits against its error, and carries errors on.
 */
#ifndef BW_PASSES_SHARE_WEIGHTS_H
#define BW_PASSES_SHARE_WEIGHTS_H

#include "passes/refine.h"

/** What AUTO goes by. */
typedef struct bw_price {
    double noise;  /* power that the error of each weight may make in the heads, over all pixels */
    float **gains; /* of each tensor's channels, see gains.h */
    const bw_graph *graph;
} bw_price;

/** For `share_noise` and the graph's present weights; its memory is the graph's. */
bw_status bw_find_price(bw_price *price, bw_graph *graph, const bw_quantization *how,
                        bw_error *error);

/** Makes a convolution's integers, scales and `shared_bits`. */
bw_status bw_share_weights(bw_node *node, int8_t *integers, float *scales, const bw_refinement *r,
                           const bw_quantization *how, const bw_price *price, bw_error *error);

#endif
