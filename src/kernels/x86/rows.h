/**
 * The frame of the kernels that compute their output row by row: how planes and rows are dealt
 * into units, and the checks and estimates that instruction sets share.
 *
 * A unit is a band of rows of one plane of one image, high enough to be worth a thread's while.
 */
#ifndef BW_KERNELS_X86_ROWS_H
#define BW_KERNELS_X86_ROWS_H

#include "kernels/kernels.h"

/** Rows [first, last) of one plane of the output, and the operation that they belong to. */
typedef struct bw_band {
    const bw_operation *operation;
    const bw_operands *operands;
    int image, plane, first, last;
    void *out; /* the first pixel of the plane inside the border */
} bw_band;

/** Computes a band without the border; the context is as given to bw_bands_run. */
typedef void bw_band_function(const bw_band *band, void *context);

/** One row of the output. */
typedef struct bw_row {
    const bw_operation *operation;
    const bw_operands *operands;
    int image, plane, y;
    void *out; /* the row's first pixel inside the border */
} bw_row;

/** Computes one row without the border. */
typedef void bw_row_function(const bw_row *row);

/** The first pixel of row `y` of a tensor; the row may lie in the border. */
static inline const void *bw_row_of(const bw_layout *layout, const void *base, int image, int plane,
                                    int y)
{
    ptrdiff_t elements =
        (ptrdiff_t)((size_t)image * layout->image_stride + (size_t)plane * layout->plane_stride) +
        (ptrdiff_t)y * (ptrdiff_t)layout->row_stride;
    return (const uint8_t *)base + elements * (ptrdiff_t)bw_type_size(layout->format.type);
}

/** Whether all tensors of the operation are made of planes of BW_LANES channels. */
bool bw_rows_in_planes(const bw_operation *operation);

/** Whether two tensors have the same height, width and number of channels. */
bool bw_rows_same_shape(const bw_layout *a, const bw_layout *b);

/** Pixels of all planes that are written for one image: what vectors of whole planes have to do. */
double bw_rows_pixels(const bw_operation *operation);

/** Bands of all planes that are written, for `images` images. */
int bw_rows_units(const bw_operation *operation, int images);

/** Calls `function` for the bands of units [first, last) and zeroes the border beside them. */
void bw_bands_run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                  bw_band_function *function, void *context);

/** The same row by row. */
void bw_rows_run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                 bw_row_function *function);

/** Computes a band row by row. */
void bw_band_by_rows(const bw_band *band, bw_row_function *function);

/** The most rows that a band of this operation has. */
int bw_band_rows(const bw_operation *operation);

#endif
