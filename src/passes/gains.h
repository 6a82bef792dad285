/**
 * How much an error made somewhere in a network is worth at its end.
 *
 * Errors of rounding are independent of each other and of the numbers, so that their powers add up:
 * a convolution passes on the power of an input channel's error times the sum of its squared
 * weights, and a leaky activation weakens it where numbers are negative. Walking from the heads to
 * the picture gives, for each channel of each tensor, the power that all numbers of the heads
 * receive of an error of power 1 in each of its pixels.
 */
#ifndef BW_PASSES_GAINS_H
#define BW_PASSES_GAINS_H

#include "passes/quantize.h"

/**
 * `*gains` is an array a tensor, one number a channel, for the graph's present weights; in the
 * graph's arena. Without outputs all are 0.
 */
bw_status bw_noise_gains(float ***gains, bw_graph *graph, const bw_statistics *statistics,
                         bw_error *error);

/** What an error in a convolution's sums of a channel is worth, before its activation. */
float bw_gain_before(const bw_node *conv, const bw_statistics *statistics, float *const *gains,
                     size_t channel);

#endif
