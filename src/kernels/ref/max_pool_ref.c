/**
 * The maximum over a window, in plain C. What lies outside the picture does not count; a window
 * with nothing of the picture in it gives the lowest finite number, as darknet does. Bytes are
 * compared as they are: input and output are of one format.
 */
#include <float.h>

#include "kernels/ref/ref.h"

static bool accepts(const bw_operation *operation)
{
    return bw_format_equal(operation->in.format, operation->out.format);
}

static double cost(const bw_operation *operation)
{
    return 2.0 * bw_ref_outputs(operation) * operation->kernel_height * operation->kernel_width;
}

static float window_maximum(const bw_operation *operation, const bw_operands *operands, int image,
                            int channel, int y, int x)
{
    const bw_layout *in = &operation->in;
    bool bytes = in->format.type == BW_U8;
    float maximum = bytes ? 0.0f : -FLT_MAX;
    for (int row = 0; row < operation->kernel_height; row++) {
        for (int column = 0; column < operation->kernel_width; column++) {
            int iy = y * operation->stride + row - operation->pad_top;
            int ix = x * operation->stride + column - operation->pad_left;
            if (iy < 0 || iy >= in->height || ix < 0 || ix >= in->width)
                continue;
            size_t at = (size_t)image * in->image_stride + bw_ref_at(in, channel, iy, ix);
            float value = bytes ? (float)((const uint8_t *)operands->in)[at]
                                : bw_ref_read(in->format.type, operands->in, at);
            maximum = value > maximum ? value : maximum;
        }
    }
    return maximum;
}

static void run_element(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel, int y, int x)
{
    const bw_layout *out = &operation->out;
    size_t at = (size_t)image * out->image_stride + bw_ref_at(out, channel, y, x);
    float maximum = window_maximum(operation, operands, image, channel, y, x);
    if (out->format.type == BW_U8)
        ((uint8_t *)operands->out)[at] = (uint8_t)maximum;
    else
        bw_ref_write(out->format.type, operands->out, at, maximum);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_element);
}

#define MAX_POOL(words, type)                                                                      \
    const bw_kernel bw_kernel_max_pool_##words##_ref = {                                           \
        .name = "max_pool_" #words "_ref",                                                         \
        .family = BW_FAMILY_MAX_POOL,                                                              \
        .in = type,                                                                                \
        .out = type,                                                                               \
        .accepts = accepts,                                                                        \
        .cost = cost,                                                                              \
        .units = bw_ref_plane_units,                                                               \
        .run = run,                                                                                \
    }

MAX_POOL(f32, BW_F32);
MAX_POOL(bf16, BW_BF16);
MAX_POOL(u8, BW_U8);
