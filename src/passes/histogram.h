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

/**
 * The range that 256 equal steps should cover so that the mean squared error over all channels is
 * least, when channel c is multiplied by factors[c]: what lies outside is cut off, what lies inside
 * is rounded. It holds 0 and has low < high.
 */
void bw_histogram_range(const bw_histogram *channels, const float *factors, size_t count,
                        float *low, float *high);

#endif
