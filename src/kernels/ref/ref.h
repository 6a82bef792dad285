/**
 * What the reference kernels share: addressing by channel, row and column, and the epilogue.
 */
#ifndef BW_KERNELS_REF_REF_H
#define BW_KERNELS_REF_REF_H

#include "kernels/border.h"

/** Offset of an element of one image. Rows and columns may lie in the border. */
static inline size_t bw_ref_at(const bw_layout *layout, int channel, int y, int x)
{
    ptrdiff_t row = (ptrdiff_t)y * (ptrdiff_t)layout->row_stride;
    ptrdiff_t plane = (ptrdiff_t)(channel / layout->lanes) * (ptrdiff_t)layout->plane_stride;
    return (size_t)(plane + row + (ptrdiff_t)x * layout->lanes + channel % layout->lanes);
}

/** Writes activation(sum) + residual to one element of the output. */
static inline void bw_ref_finish(const bw_operation *operation, const bw_operands *operands,
                                 int image, int channel, int y, int x, float sum)
{
    float value = bw_activate(operation->activation, operation->slope, sum);
    if (operation->has_second)
        value += operands->second[(size_t)image * operation->second.image_stride +
                                  bw_ref_at(&operation->second, channel, y, x)];
    operands->out[(size_t)image * operation->out.image_stride +
                  bw_ref_at(&operation->out, channel, y, x)] = value;
}

/** Zeroes a whole plane, its border included: what is not a real channel stays zero. */
static inline void bw_ref_clear_plane(const bw_layout *layout, float *out, int image, int plane)
{
    float *first = out + (size_t)image * layout->image_stride + (size_t)plane * layout->plane_stride;
    size_t inner = (size_t)layout->width * (size_t)layout->lanes * sizeof *first;
    for (int y = 0; y < layout->height; y++)
        memset(first + (size_t)y * layout->row_stride, 0, inner);
    bw_zero_border(layout, first, 0, layout->height);
}

#endif
