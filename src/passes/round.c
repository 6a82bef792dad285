/**
 * Rounding that knows what the sums are made of: the weights of a filter are not rounded each to
 * the nearest step but so that their errors cancel on the numbers that occur (as AdaRound does,
 * Nagel et al. 2020, "Up or Down? Adaptive Rounding for Post-Training Quantization"; the descent by
 * coordinates on the quadratic form is theirs in discrete form).
 */
#include <math.h>

#include "passes/quantize.h"

enum { SWEEPS = 24 };

static float error_at(const bw_filter *filter, size_t at)
{
    return filter->weights[at] - (float)filter->integers[at] * filter->scale;
}

/* The matrix times the errors; returns their variance. */
static double open_slopes(const bw_filter *filter, size_t first, size_t size,
                          const float *restrict matrix, float *restrict slopes)
{
    double left = 0.0;
    for (size_t at = 0; at < size; at++)
        slopes[at] = 0.0f;
    for (size_t row = 0; row < size; row++) {
        float error = error_at(filter, first + row);
        for (size_t at = 0; at < size; at++)
            slopes[at] += matrix[row * size + at] * error;
    }
    for (size_t at = 0; at < size; at++)
        left += (double)slopes[at] * (double)error_at(filter, first + at);
    return left;
}

/* Moves one integer to where the error is least, the others being as they are. */
static double move(const bw_filter *filter, size_t first, size_t size, size_t at,
                   const float *restrict matrix, float *restrict slopes)
{
    float own = matrix[at * size + at] * filter->scale;
    float before = (float)filter->integers[first + at];
    float after = before + roundf(slopes[at] / own);
    after = fminf(fmaxf(after, -filter->largest), filter->largest);
    if (filter->codebook)
        after = (float)bw_codebook_nearest(filter->codebook, (int)after);
    if (after == before)
        return 0.0;
    float change = (after - before) * filter->scale;
    double gain = 2.0 * (double)change * (double)slopes[at] -
                  (double)change * (double)change * (double)matrix[at * size + at];
    if (gain <= 0.0)
        return 0.0;
    filter->integers[first + at] = (int8_t)after;
    for (size_t other = 0; other < size; other++)
        slopes[other] -= change * matrix[at * size + other];
    return gain;
}

double bw_round_block(const bw_filter *filter, size_t first, size_t size, const float *matrix,
                      float *slopes)
{
    double left = open_slopes(filter, first, size, matrix, slopes), gained = 1.0;
    for (int sweep = 0; sweep < SWEEPS && gained > 0.0; sweep++) {
        gained = 0.0;
        for (size_t at = 0; at < size; at++)
            gained += move(filter, first, size, at, matrix, slopes);
        left -= gained;
    }
    return left;
}
