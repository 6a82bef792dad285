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

/* The integer near `steps` that costs least; an error of one step has the variance `step`. */
static float choose(const bw_filter *filter, float steps, float step)
{
    float limited = fminf(fmaxf(steps, -filter->largest), filter->largest);
    float nearest = roundf(limited), best = nearest, least = INFINITY;
    if (filter->codebook)
        return (float)bw_codebook_nearest(filter->codebook, (int)nearest);
    if (!filter->lengths)
        return nearest;
    for (int move = -1; move <= 1; move++) {
        float at = nearest + (float)move;
        if (fabsf(at) > filter->largest)
            continue;
        float cost = (at - limited) * (at - limited) * step +
                     filter->price * filter->lengths[BW_INTEGER_ORIGIN + (int)at];
        if (cost < least) {
            least = cost;
            best = at;
        }
    }
    return best;
}

/* What a weight's bits cost more as the one integer than as the other. */
static double saved_bits(const bw_filter *filter, float before, float after)
{
    if (!filter->lengths)
        return 0.0;
    const float *lengths = filter->lengths + BW_INTEGER_ORIGIN;
    return (double)filter->price * (double)(lengths[(int)before] - lengths[(int)after]);
}

/* Moves one integer to where the cost is least, the others being as they are. */
static bool move(const bw_filter *filter, size_t first, size_t size, size_t at,
                 const float *restrict matrix, float *restrict slopes, double *left)
{
    float own = matrix[at * size + at] * filter->scale;
    float before = (float)filter->integers[first + at];
    float after = choose(filter, before + slopes[at] / own, own * filter->scale);
    if (after == before)
        return false;
    float change = (after - before) * filter->scale;
    double gain = 2.0 * (double)change * (double)slopes[at] -
                  (double)change * (double)change * (double)matrix[at * size + at];
    if (gain + saved_bits(filter, before, after) <= 0.0)
        return false;
    filter->integers[first + at] = (int8_t)after;
    for (size_t other = 0; other < size; other++)
        slopes[other] -= change * matrix[at * size + other];
    *left -= gain;
    return true;
}

double bw_round_block(const bw_filter *filter, size_t first, size_t size, const float *matrix,
                      float *slopes)
{
    double left = open_slopes(filter, first, size, matrix, slopes);
    bool moved = true;
    for (int sweep = 0; sweep < SWEEPS && moved; sweep++) {
        moved = false;
        for (size_t at = 0; at < size; at++)
            moved |= move(filter, first, size, at, matrix, slopes, &left);
    }
    return left;
}

/* ---- In order ------------------------------------------------------------------------------- */

static double dot(const double *a, const double *b, size_t count)
{
    double sum = 0.0;
    for (size_t index = 0; index < count; index++)
        sum += a[index] * b[index];
    return sum;
}

bool bw_find_root(double *root, const float *matrix, size_t size)
{
    for (size_t column = size; column-- > 0;) {
        const double *own = root + column * size + column + 1;
        size_t after = size - column - 1;
        double square = (double)matrix[column * size + column] - dot(own, own, after);
        if (!(square > 0.0))
            return false;
        double diagonal = sqrt(square);
        root[column * size + column] = diagonal;
        for (size_t row = 0; row < column; row++) {
            const double *other = root + row * size + column + 1;
            root[row * size + column] =
                ((double)matrix[row * size + column] - dot(other, own, after)) / diagonal;
        }
    }
    return true;
}

void bw_round_in_order(const bw_filter *filter, size_t first, size_t size, const double *root,
                       float *carried)
{
    for (size_t at = 0; at < size; at++)
        carried[at] = 0.0f;
    for (size_t at = 0; at < size; at++) {
        const double *row = root + at * size;
        float own = (float)row[at], scale = filter->scale;
        float wanted = (filter->weights[first + at] + carried[at] / own) / scale;
        float integer = choose(filter, wanted, own * own * scale * scale);
        float error = filter->weights[first + at] - integer * scale;
        filter->integers[first + at] = (int8_t)integer;
        for (size_t later = at + 1; later < size; later++)
            carried[later] += error * (float)row[later];
    }
}
