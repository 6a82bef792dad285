#include "prune/moments.h"

#include <stdlib.h>

#include "prune/products.h"

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
    add_sums(moments->means, numbers, moments->channels, pixels);
    add_sums(moments->left_means, left, moments->left, pixels);
    if (moments->cross)
        bw_add_products(moments->cross, numbers, moments->channels, left, moments->left, pixels,
                        pool);
    bw_add_squares(moments->square, left, moments->left, pixels, pool);
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
    bw_mirror(moments->square, moments->left);
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
