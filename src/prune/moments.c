#include "prune/moments.h"

#include <stdlib.h>

enum { GRAIN = 32, BLOCK = 256 /* columns that are added up at once */ };

typedef struct adding {
    bw_moments *moments;
    const float *numbers, *left;
    int pixels;
} adding;

bw_status bw_moments_open(bw_moments *moments, int channels, int left, bool cross, bw_error *error)
{
    size_t rows = (size_t)channels, columns = (size_t)left;
    *moments = (bw_moments){.channels = channels, .left = left};
    moments->means = calloc(rows, sizeof(double));
    moments->left_means = calloc(columns, sizeof(double));
    moments->square = calloc(columns * columns, sizeof(double));
    if (cross)
        moments->cross = calloc(rows * columns, sizeof(double));
    if (moments->means && moments->left_means && moments->square && (!cross || moments->cross))
        return BW_OK;
    bw_moments_close(moments);
    return bw_fail_memory(error, rows * columns * sizeof(double), "pruning");
}

/*
 * Adds the products of one channel's numbers with those of columns [first, last) of the copy. In
 * double precision: what is left of a channel that hardly varies, once the square of its mean is
 * taken off, would else be rounding errors, and the matrix not definite.
 */
static void add_row(double *row, const float *channel, int stride, const float *left, int columns,
                    int first, int last, int pixels)
{
    double sums[BLOCK] = {0};
    for (int pixel = 0; pixel < pixels; pixel++) {
        double factor = (double)channel[(size_t)pixel * (size_t)stride];
        const float *restrict other = left + (size_t)pixel * (size_t)columns + first;
        for (int at = 0; factor != 0.0 && at < last - first; at++)
            sums[at] += factor * (double)other[at];
    }
    for (int at = first; at < last; at++)
        row[at] += sums[at - first];
}

static void add_rows(const adding *a, double *matrix, const float *numbers, int channels, int first,
                     int last)
{
    int columns = a->moments->left;
    for (int channel = first; channel < last; channel++) {
        double *row = matrix + (size_t)channel * (size_t)columns;
        for (int from = 0; from < columns; from += BLOCK)
            add_row(row, numbers + channel, channels, a->left, columns, from,
                    from + BLOCK < columns ? from + BLOCK : columns, a->pixels);
    }
}

static void add_cross(void *context, int first, int last, int worker)
{
    (void)worker;
    const adding *a = context;
    add_rows(a, a->moments->cross, a->numbers, a->moments->channels, first, last);
}

static void add_square(void *context, int first, int last, int worker)
{
    (void)worker;
    const adding *a = context;
    add_rows(a, a->moments->square, a->left, a->moments->left, first, last);
}

static void add_sums(double *sums, const float *numbers, int channels, int pixels)
{
    for (int pixel = 0; pixel < pixels; pixel++, numbers += channels) {
        for (int channel = 0; channel < channels; channel++)
            sums[channel] += (double)numbers[channel];
    }
}

void bw_moments_add(bw_moments *moments, const float *numbers, const float *left, int pixels,
                    bw_pool *pool)
{
    adding a = {moments, numbers, left, pixels};
    add_sums(moments->means, numbers, moments->channels, pixels);
    add_sums(moments->left_means, left, moments->left, pixels);
    if (moments->cross)
        bw_pool_run(pool, add_cross, &a, moments->channels, GRAIN);
    bw_pool_run(pool, add_square, &a, moments->left, GRAIN);
    moments->pixels += pixels;
}

static void center(double *matrix, const double *means, int rows, const double *others, int columns,
                   double inverse)
{
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++, matrix++)
            *matrix = *matrix * inverse - means[row] * others[column];
    }
}

void bw_moments_finish(bw_moments *moments)
{
    double inverse = moments->pixels > 0.0 ? 1.0 / moments->pixels : 0.0;
    for (int channel = 0; channel < moments->channels; channel++)
        moments->means[channel] *= inverse;
    for (int channel = 0; channel < moments->left; channel++)
        moments->left_means[channel] *= inverse;
    if (moments->cross)
        center(moments->cross, moments->means, moments->channels, moments->left_means,
               moments->left, inverse);
    center(moments->square, moments->left_means, moments->left, moments->left_means, moments->left,
           inverse);
}

void bw_moments_close(bw_moments *moments)
{
    free(moments->means);
    free(moments->left_means);
    free(moments->cross);
    free(moments->square);
    *moments = (bw_moments){0};
}
