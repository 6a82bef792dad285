/**
 * Codebooks: the few integers that all weights of a layer are chosen from, so that an index of 4 to
 * 8 bits stands for each ("weight sharing", Han et al. 2016, "Deep Compression").
 *
 * Numbers on a line that are whole have a best clustering that can be computed: by dynamic
 * programming over the sorted values (Wang and Song 2011, "Ckmeans.1d.dp"). So a codebook does not
 * depend on a start, and is the same on every run.
 */
#ifndef BW_PASSES_CODEBOOK_H
#define BW_PASSES_CODEBOOK_H

#include "graph/graph.h"

enum {
    BW_LEAST_SHARED_BITS = 4,
    BW_MOST_SHARED_BITS = 8,
    BW_INTEGERS = 255, /* −127 to 127 */
    BW_INTEGER_ORIGIN = 127,
};

/** `nearest[127 + i]` is the level that stands for the integer i. */
typedef struct bw_codebook {
    int8_t nearest[BW_INTEGERS];
    int levels; /* how many different ones */
} bw_codebook;

/**
 * The codebook of at most 2^bits levels with the least squared error, given how much each integer
 * weighs. Integers that weigh nothing get the nearest level.
 */
void bw_codebook_fit(bw_codebook *codebook, const double weights[BW_INTEGERS], int bits);

static inline int8_t bw_codebook_nearest(const bw_codebook *codebook, int integer)
{
    return codebook->nearest[BW_INTEGER_ORIGIN + integer];
}

/** A dense convolution's filters, `count` weights for each of `channels`. */
typedef struct bw_shared_filters {
    const float *weights;
    const float *importance; /* of each weight of a filter: the power of the number it multiplies */
    size_t channels, count;
    int largest; /* magnitude of an integer */
    float *scales;
} bw_shared_filters;

/**
 * Fits a codebook and the scales of the filters, starting from scratch: each is fitted to the
 * other in turn. Returns the error that is left, as a share of the power of the results.
 */
double bw_share_filters(bw_codebook *codebook, const bw_shared_filters *filters, int bits);

#endif
