/**
 * The maximum over a window, in plain C. What lies outside the picture does not count; a window
 * with nothing of the picture in it gives the lowest finite number, as darknet does.
 */
#include <float.h>

#include "kernels/ref/ref.h"

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_MAX_POOL;
}

static double cost(const bw_operation *operation)
{
    return 2.0 * bw_ref_outputs(operation) * operation->kernel_height * operation->kernel_width;
}

static float window_maximum(const bw_operation *operation, const float *image, int channel, int y,
                            int x)
{
    const bw_layout *in = &operation->in;
    float maximum = -FLT_MAX;
    for (int row = 0; row < operation->kernel_height; row++) {
        for (int column = 0; column < operation->kernel_width; column++) {
            int iy = y * operation->stride + row - operation->pad_top;
            int ix = x * operation->stride + column - operation->pad_left;
            if (iy < 0 || iy >= in->height || ix < 0 || ix >= in->width)
                continue;
            float value = image[bw_ref_at(in, channel, iy, ix)];
            maximum = value > maximum ? value : maximum;
        }
    }
    return maximum;
}

static void run_channel(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel)
{
    const bw_layout *out = &operation->out;
    const float *in = (const float *)operands->in + (size_t)image * operation->in.image_stride;
    float *to = (float *)operands->out + (size_t)image * out->image_stride;
    for (int y = 0; y < out->height; y++) {
        for (int x = 0; x < out->width; x++)
            to[bw_ref_at(out, channel, y, x)] = window_maximum(operation, in, channel, y, x);
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_channel);
}

const bw_kernel bw_kernel_max_pool_f32_ref = {
    .name = "max_pool_f32_ref",
    .family = BW_FAMILY_MAX_POOL,
    .accepts = accepts,
    .cost = cost,
    .units = bw_ref_plane_units,
    .run = run,
};
