/**
 * How often which numbers occur in a tensor, and the range that bytes should stand for.
 *
 * Bins of equal width cover −reach to reach, a power of two that doubles when a larger number
 * comes; then pairs of bins become one. The counts do not depend on the order of the numbers.
 */
#ifndef BW_CALIBRATE_HISTOGRAM_H
#define BW_CALIBRATE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { BW_HISTOGRAM_BINS = 4096 };

typedef struct bw_histogram {
    float low, high; /* of the numbers seen; both 0 before the first */
    float reach;     /* 0 before the first number that is not zero */
    uint64_t counts[BW_HISTOGRAM_BINS];
} bw_histogram;

/** Counts `count` finite numbers; others are left out. */
void bw_histogram_add(bw_histogram *histogram, const float *numbers, size_t count);

/**
 * The range that 256 equal steps should cover so that the mean squared error is least: what lies
 * outside is cut off, what lies inside is rounded. It holds 0 and has low < high.
 */
void bw_histogram_range(const bw_histogram *histogram, float *low, float *high);

#endif
