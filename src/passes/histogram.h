/**
 * How often which numbers occur in the channels of a tensor, and the range that the tensor's bytes
 * should stand for.
 *
 * Bins of equal width cover −reach to reach, a power of two that doubles when a larger number
 * comes; then pairs of bins become one. The counts do not depend on the order of the numbers.
 */
#ifndef BW_PASSES_HISTOGRAM_H
#define BW_PASSES_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { BW_HISTOGRAM_BINS = 512 };

/** Of one channel; zero it before its first use. */
typedef struct bw_histogram {
    float low, high; /* of the numbers seen, and 0 */
    float reach;     /* 0 before the first number that is not 0 */
    uint32_t counts[BW_HISTOGRAM_BINS];
} bw_histogram;

/** Counts a number; one that is not finite is left out. */
void bw_histogram_add(bw_histogram *histogram, float number);

/** Channels of one tensor, as they count for the range of its bytes. */
typedef struct bw_channels {
    const bw_histogram *histograms;
    const float *factors; /* what the numbers of each are multiplied by */
    const float *weights; /* what a squared error costs in each; NULL: the same in all */
    size_t count;
} bw_channels;

/** How a range is chosen. All but the first give up rare numbers for smaller steps. */
typedef enum bw_range_rule {
    BW_RANGE_ALL,        /* the smallest and the largest number seen */
    BW_RANGE_PERCENTILE, /* 0.01 % of the numbers lie outside at each end */
    BW_RANGE_ERROR,      /* least squared error: what is outside is clipped, inside rounded */
    BW_RANGE_CAREFUL,    /* the same, with errors of clipping times 8 */
    BW_RANGE_ENTROPY,    /* least divergence of the rounded numbers' distribution from the true one
                            (Migacz 2017, "8-bit Inference with TensorRT") */
    BW_RANGE_RULES
} bw_range_rule;

/** "all", "percentile", "error", "careful", "entropy". */
const char *bw_range_rule_name(bw_range_rule rule);

/**
 * The range that 256 equal steps should cover for all numbers of some tensors, by one of the rules,
 * each error times what it costs. It holds 0 and has low < high.
 */
void bw_histogram_range(const bw_channels *tensors, size_t count, bw_range_rule rule, float *low,
                        float *high);

#endif
