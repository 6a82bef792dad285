/**
 * The zeros around a plane, written by the kernel that writes its rows.
 */
#ifndef BW_KERNELS_BORDER_H
#define BW_KERNELS_BORDER_H

#include <string.h>

#include "kernels/kernels.h"

/**
 * Zeroes the border beside rows [first, last) of the plane whose first inner pixel is `plane`; the
 * rows above row 0 and below the last row belong to those rows' unit.
 */
static inline void bw_zero_border(const bw_layout *layout, float *plane, int first, int last)
{
    int border = layout->border;
    if (border == 0)
        return;
    size_t side = (size_t)border * (size_t)layout->lanes;
    size_t inner = (size_t)layout->width * (size_t)layout->lanes, row = layout->row_stride;
    if (first == 0)
        memset(plane - row * (size_t)border - side, 0, (row * (size_t)border) * sizeof *plane);
    for (int y = first; y < last; y++) {
        float *start = plane + (size_t)y * row;
        memset(start - side, 0, side * sizeof *plane);
        memset(start + inner, 0, side * sizeof *plane);
    }
    if (last == layout->height)
        memset(plane + (size_t)last * row - side, 0, (row * (size_t)border) * sizeof *plane);
}

#endif
