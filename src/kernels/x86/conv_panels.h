/**
 * Where a convolution finds its numbers: the panels of 16 channels of its output and residual, of
 * which a plane may hold several, and the windows of its input. Distances are in bytes.
 */
#ifndef BW_KERNELS_X86_CONV_PANELS_H
#define BW_KERNELS_X86_CONV_PANELS_H

#include "kernels/border.h"
#include "kernels/kernels.h"

/** The tensors of one image, from their first pixel on. */
typedef struct bw_conv_image {
    const uint8_t *in, *second; /* NULL where there is no residual */
    uint8_t *out;
} bw_conv_image;

static inline bw_conv_image bw_conv_image_of(const bw_operation *operation,
                                             const bw_operands *operands, int image)
{
    const bw_layout *in = &operation->in, *second = &operation->second, *out = &operation->out;
    size_t index = (size_t)image;
    bw_conv_image made = {
        .in = (const uint8_t *)operands->in + bw_layout_bytes(in, index * in->image_stride),
        .out = (uint8_t *)operands->out + bw_layout_bytes(out, index * out->image_stride),
    };
    if (operation->has_second)
        made.second = (const uint8_t *)operands->second +
                      bw_layout_bytes(second, index * second->image_stride);
    return made;
}

/** From the image to its panel. */
static inline ptrdiff_t bw_panel_at(const bw_layout *layout, int panel)
{
    int plane_panels = layout->lanes / BW_LANES;
    return (ptrdiff_t)bw_layout_bytes(layout,
                                      (size_t)(panel / plane_panels) * layout->plane_stride +
                                          (size_t)(panel % plane_panels * BW_LANES));
}

/** From a panel to its pixel. */
static inline ptrdiff_t bw_pixel_at(const bw_layout *layout, int y, int x)
{
    return (ptrdiff_t)bw_layout_bytes(layout, (size_t)y * layout->row_stride +
                                                  (size_t)x * (size_t)layout->lanes);
}

/** From the image to the window of the first sum of row `y`, which may begin in the border. */
static inline ptrdiff_t bw_window_at(const bw_operation *operation, int y)
{
    const bw_layout *in = &operation->in;
    ptrdiff_t top = (ptrdiff_t)y * operation->stride - operation->pad_top;
    ptrdiff_t elements =
        top * (ptrdiff_t)in->row_stride - (ptrdiff_t)operation->pad_left * in->lanes;
    return elements * (ptrdiff_t)bw_type_size(in->format.type);
}

/** Whether the output and the residual are made of panels, and no window leaves the border. */
static inline bool bw_panels_fit(const bw_operation *operation)
{
    return operation->out.lanes % BW_LANES == 0 &&
           (!operation->has_second || operation->second.lanes % BW_LANES == 0) &&
           bw_border_suffices(operation);
}

/** Fills the border beside rows [first, last) of the planes whose first panel is among these. */
static inline void bw_panels_fill_border(const bw_layout *out, uint8_t *image, int panel,
                                         int panels, int first, int last)
{
    int plane_panels = out->lanes / BW_LANES;
    for (int end = panel + panels; panel < end; panel++) {
        if (panel % plane_panels == 0)
            bw_fill_border(out, image + bw_panel_at(out, panel), first, last);
    }
}

#endif
