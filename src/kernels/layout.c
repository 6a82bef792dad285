#include "kernels/kernels.h"

bw_layout bw_layout_make(int height, int width, int channels, int lanes, int border)
{
    bw_layout layout = {
        .height = height, .width = width, .channels = channels, .lanes = lanes, .border = border};
    layout.row_stride = (size_t)(width + 2 * border) * (size_t)lanes;
    layout.plane_stride = (size_t)(height + 2 * border) * layout.row_stride;
    layout.image_stride = (size_t)bw_layout_planes(&layout) * layout.plane_stride;
    return layout;
}

size_t bw_layout_origin(const bw_layout *layout)
{
    size_t border = (size_t)layout->border;
    return border * layout->row_stride + border * (size_t)layout->lanes;
}

size_t bw_layout_elements(const bw_layout *layout, int images)
{
    return (size_t)images * layout->image_stride;
}

int bw_layout_planes(const bw_layout *layout)
{
    return bw_divide_up(layout->channels, layout->lanes);
}

size_t bw_layout_own_bytes(const bw_layout *layout)
{
    return bw_layout_bytes(layout, (size_t)bw_layout_planes(layout) * layout->plane_stride);
}

bool bw_border_suffices(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    int bottom = (out->height - 1) * operation->stride + operation->kernel_height -
                 operation->pad_top - in->height;
    int right = (out->width - 1) * operation->stride + operation->kernel_width -
                operation->pad_left - in->width;
    return operation->pad_top <= in->border && operation->pad_left <= in->border &&
           bottom <= in->border && right <= in->border;
}
