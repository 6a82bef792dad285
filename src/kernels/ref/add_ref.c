/**
 * The sum of two tensors and an activation, in plain C.
 */
#include "kernels/ref/ref.h"

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_ADD;
}

static double cost(const bw_operation *operation)
{
    return 4.0 * bw_ref_outputs(operation);
}

static void run_channel(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel)
{
    const bw_layout *in = &operation->in, *second = &operation->second, *out = &operation->out;
    const float *a = (const float *)operands->in + (size_t)image * in->image_stride;
    const float *b = (const float *)operands->second + (size_t)image * second->image_stride;
    float *to = (float *)operands->out + (size_t)image * out->image_stride;
    for (int y = 0; y < out->height; y++) {
        for (int x = 0; x < out->width; x++) {
            float sum = a[bw_ref_at(in, channel, y, x)] + b[bw_ref_at(second, channel, y, x)];
            to[bw_ref_at(out, channel, y, x)] =
                bw_activate(operation->activation, operation->slope, sum);
        }
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_channel);
}

static void run_channel_bytes(const bw_operation *operation, const bw_operands *operands, int image,
                              int channel)
{
    const bw_layout *in = &operation->in, *second = &operation->second, *out = &operation->out;
    float first = bw_addend(operation, in->format), factor = bw_addend(operation, second->format);
    for (int y = 0; y < out->height; y++) {
        for (int x = 0; x < out->width; x++) {
            float a = bw_ref_steps(in, operands->in, image, channel, y, x);
            float b = bw_ref_steps(second, operands->second, image, channel, y, x);
            float sum = fmaf(b, factor, a * first);
            bw_ref_store(operation, operands, image, bw_ref_at(out, channel, y, x),
                         bw_exact_activate(operation->activation, operation->slope, sum));
        }
    }
}

static void run_bytes(const bw_operation *operation, const bw_operands *operands, int first,
                      int last, void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_channel_bytes);
}

const bw_kernel bw_kernel_add_f32_ref = {
    .name = "add_f32_ref",
    .family = BW_FAMILY_ADD,
    .accepts = accepts,
    .cost = cost,
    .units = bw_ref_plane_units,
    .run = run,
};

const bw_kernel bw_kernel_add_u8_ref = {
    .name = "add_u8_ref",
    .family = BW_FAMILY_ADD,
    .in = BW_U8,
    .out = BW_U8,
    .accepts = accepts,
    .cost = cost,
    .units = bw_ref_plane_units,
    .run = run_bytes,
};
