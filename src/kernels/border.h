/**
 * The border around a plane, written by the kernel that writes its rows.
 */
#ifndef BW_KERNELS_BORDER_H
#define BW_KERNELS_BORDER_H

#include <string.h>

#include "kernels/kernels.h"

/**
 * Fills the border beside rows [first, last) of the plane whose first inner pixel is `plane` with
 * what stands for zero; the rows above row 0 and below the last row belong to those rows' unit.
 */
static inline void bw_fill_border(const bw_layout *layout, void *plane, int first, int last)
{
    int border = layout->border, zero = layout->format.zero_point;
    if (border == 0)
        return;
    size_t pixel = bw_layout_pixel_bytes(layout);
    size_t side = (size_t)border * pixel, inner = (size_t)layout->width * pixel;
    size_t row = bw_layout_bytes(layout, layout->row_stride);
    uint8_t *origin = plane;
    for (int y = 1; first == 0 && y <= border; y++)
        memset(origin - (size_t)y * row - side, zero, side + inner + side);
    for (int y = first; y < last; y++) {
        uint8_t *start = origin + (size_t)y * row;
        memset(start - side, zero, side);
        memset(start + inner, zero, side);
    }
    for (int y = 0; last == layout->height && y < border; y++)
        memset(origin + (size_t)(last + y) * row - side, zero, side + inner + side);
}

#endif
