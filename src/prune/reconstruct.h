/**
 * The channels that are left take over what those that went have done, by least squares.
 *
 * What a convolution read, x, is written as shares · y + offsets of what it reads now, y. That goes
 * into its weights and bias, so that it computes nearly what it did (channel pruning by
 * reconstruction, He et al. 2017; for windows of several pixels each pixel is taken alone, so that
 * zeros around the picture stay right). First y is the rest of x itself. Later, from the first
 * layer to the last, y is what the pruned network really produces there: that re-estimates the
 * statistics of all that follows, and takes back errors of earlier layers as far as it can.
 */
#ifndef BW_PRUNE_RECONSTRUCT_H
#define BW_PRUNE_RECONSTRUCT_H

#include "prune/order.h"

typedef struct bw_takeover {
    int tensor, channels, left;
    double *shares;  /* [channel][channel that is left] */
    double *offsets; /* [channel] */
} bw_takeover;

/** How the channels that are left make up for those that go, by the moments of the reading. */
bw_status bw_takeover_open(bw_takeover *takeover, const bw_reading *reading,
                           const bw_channel_classes *classes, const bool *kept, bw_pool *pool,
                           bw_error *error);

/** Fits it again to the moments of the tensor and of its pruned copy, which it changes. */
void bw_takeover_refit(bw_takeover *takeover, bw_moments *moments, bw_pool *pool);

/**
 * Puts it into the weights and biases of the dense convolutions of `pruned` (bw_cut_weights) that
 * read the tensor; they are made from those of `whole`.
 */
bw_status bw_takeover_fold(const bw_takeover *takeover, bw_graph *pruned, const bw_graph *whole,
                           const bw_channel_classes *classes, const bool *kept, bw_pool *pool,
                           bw_error *error);

bw_status bw_takeover_copy(bw_takeover *out, const bw_takeover *takeover, bw_error *error);

void bw_takeover_close(bw_takeover *takeover);

#endif
