/**
 * What the numbers of a tensor's pixels have to do with each other, and with those of the same
 * tensor in a pruned copy of the network: means and covariances, from sampled pixels. All is summed
 * in double precision: what is left of a channel that hardly varies, once the square of its mean is
 * taken off, would else be rounding errors, and the matrix not definite.
 */
#ifndef BW_PRUNE_MOMENTS_H
#define BW_PRUNE_MOMENTS_H

#include "base/threads.h"

typedef struct bw_moments {
    int channels, left; /* of the tensor, and of its copy */
    double pixels;      /* that were added */
    double *means, *left_means;
    double *cross;  /* [channel][channel of the copy]; NULL: the tensor alone is looked at */
    double *square; /* [channel of the copy][channel of the copy] */
} bw_moments;

/** Makes room. `cross`: for a copy, too; otherwise `left` is `channels`. */
bw_status bw_moments_open(bw_moments *moments, int channels, int left, bool cross, bw_error *error);

/**
 * Adds pixels: numbers[pixel][channel], and those of the copy, which is the same array where there
 * is no copy.
 */
void bw_moments_add(bw_moments *moments, const float *numbers, const float *left, int pixels,
                    bw_pool *pool);

/** Once all is added: turns sums into means and covariances. */
void bw_moments_finish(bw_moments *moments);

void bw_moments_close(bw_moments *moments);

#endif
