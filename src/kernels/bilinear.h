/**
 * Bilinear interpolation of a picture's bytes into pixels of the network's input.
 *
 * A row of the output is made in two steps. Two rows of the picture are blended into a row of
 * floats; then each output pixel is blended from two neighbours in it. Each operation is in single
 * precision and rounded once, so that all implementations give the same bits:
 *
 *     row   = above + (below − above) × weight
 *     pixel = left + (right − left) × weight
 *
 * `pixel` is stored times 1/255, or as the byte that pixel + 0.5 is cut to.
 */
#ifndef BW_KERNELS_BILINEAR_H
#define BW_KERNELS_BILINEAR_H

#include "kernels/kernels.h"

/** Of each output pixel: where its left neighbour is in the row, and what the right one counts. */
typedef struct bw_bilinear_columns {
    int count;
    const int32_t *offsets; /* in floats; the right neighbour's is 3 more */
    const float *weights;
} bw_bilinear_columns;

/**
 * The steps for one instruction set. `out` of the second has BW_IMAGE_LANES numbers a pixel, of
 * which the last is zero. The row of floats has 4 finite ones more than the last pixel needs.
 */
typedef struct bw_bilinear {
    const char *name;
    uint32_t needs; /* bw_cpu_feature bits */
    void (*blend_rows)(float *restrict out, const uint8_t *above, const uint8_t *below,
                       float weight, int count);
    void (*blend_floats)(float *restrict out, const float *restrict row,
                         const bw_bilinear_columns *columns);
    void (*blend_bytes)(uint8_t *restrict out, const float *restrict row,
                        const bw_bilinear_columns *columns);
} bw_bilinear;

/** Plain C: the definition. */
extern const bw_bilinear bw_bilinear_ref;

/** All implementations, the fastest first; NULL behind the last, which is the plain one. */
const bw_bilinear *bw_bilinear_at(int index);

/** The fastest that needs nothing but `cpu`. */
const bw_bilinear *bw_bilinear_choose(uint32_t cpu);

#endif
