/**
 * Each pixel repeated `stride` times in both directions, in plain C.
 */
#include "kernels/ref/ref.h"

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_UPSAMPLE && operation->stride >= 1 &&
           operation->out.height == operation->in.height * operation->stride &&
           operation->out.width == operation->in.width * operation->stride;
}

static double cost(const bw_operation *operation)
{
    return 2.0 * bw_ref_outputs(operation);
}

static void run_channel(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    const float *from = (const float *)operands->in + (size_t)image * in->image_stride;
    float *to = (float *)operands->out + (size_t)image * out->image_stride;
    int factor = operation->stride;
    for (int y = 0; y < out->height; y++) {
        for (int x = 0; x < out->width; x++)
            to[bw_ref_at(out, channel, y, x)] =
                from[bw_ref_at(in, channel, y / factor, x / factor)];
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_channel);
}

const bw_kernel bw_kernel_upsample_f32_ref = {
    .name = "upsample_f32_ref",
    .family = BW_FAMILY_UPSAMPLE,
    .accepts = accepts,
    .cost = cost,
    .units = bw_ref_plane_units,
    .run = run,
};
