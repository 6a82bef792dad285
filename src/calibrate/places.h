/**
 * Where tensors are sampled: places spread over a picture by a two-dimensional golden ratio
 * (Roberts 2018), the same for all tensors of one size.
 */
#ifndef BW_CALIBRATE_PLACES_H
#define BW_CALIBRATE_PLACES_H

#include <math.h>

typedef struct bw_sample_place {
    int y, x;
} bw_sample_place;

/** The `index`-th place (from 0) of a tensor of that size. */
static inline bw_sample_place bw_find_sample(int index, int height, int width)
{
    double row = 0.5 + index * 0.7548776662466927, column = 0.5 + index * 0.5698402909980532;
    return (bw_sample_place){(int)((row - floor(row)) * height),
                             (int)((column - floor(column)) * width)};
}

#endif
