/**
 * The depthwise convolution in plain C: one filter a channel, as many channels out as in.
 * Weights are floats, whatever the formats: kernels multiply in single precision, and there are so
 * few that rounding them would save nothing.
 *
 * Packed weights: bias[channels], then the weights in the order they come in.
 */
#include "kernels/ref/ref.h"

static bool accepts(const bw_operation *operation)
{
    return operation->in.channels == operation->out.channels;
}

static double cost(const bw_operation *operation)
{
    return 16.0 * bw_ref_outputs(operation) * operation->kernel_height * operation->kernel_width;
}

static size_t packed_bytes(const bw_operation *operation)
{
    size_t window = (size_t)operation->kernel_height * (size_t)operation->kernel_width;
    return (size_t)operation->out.channels * (1 + window) * sizeof(float);
}

static void pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    float *out = packed;
    size_t channels = (size_t)operation->out.channels;
    for (size_t channel = 0; channel < channels; channel++)
        out[channel] = bw_filters_bias(filters, (int)channel);
    size_t window = (size_t)operation->kernel_height * (size_t)operation->kernel_width;
    memcpy(out + channels, filters->weights, channels * window * sizeof *out);
}

static float window_sum(const bw_operation *operation, const void *numbers, int image,
                        const float *weights, int channel, int y, int x)
{
    const bw_layout *in = &operation->in;
    size_t start = (size_t)image * in->image_stride;
    float sum = 0.0f;
    for (int row = 0; row < operation->kernel_height; row++) {
        for (int column = 0; column < operation->kernel_width; column++) {
            int iy = y * operation->stride + row - operation->pad_top;
            int ix = x * operation->stride + column - operation->pad_left;
            float weight = *weights++;
            if (iy >= 0 && iy < in->height && ix >= 0 && ix < in->width)
                sum += weight * bw_ref_read(in->format.type, numbers,
                                            start + bw_ref_at(in, channel, iy, ix));
        }
    }
    return sum;
}

static void run_element(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel, int y, int x)
{
    const bw_layout *out = &operation->out;
    const float *bias = operands->weights;
    int window = operation->kernel_height * operation->kernel_width;
    const float *weights = bias + out->channels + (size_t)channel * (size_t)window;
    float sum = bias[channel] + window_sum(operation, operands->in, image, weights, channel, y, x);
    bw_ref_finish(operation, operands, image, channel, y, x, sum);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_element);
}

#define DEPTHWISE(words, from, to)                                                                 \
    const bw_kernel bw_kernel_depthwise_##words##_ref = {                                          \
        .name = "depthwise_" #words "_ref",                                                        \
        .family = BW_FAMILY_DEPTHWISE,                                                             \
        .in = from,                                                                                \
        .out = to,                                                                                 \
        .accepts = accepts,                                                                        \
        .cost = cost,                                                                              \
        .packed_bytes = packed_bytes,                                                              \
        .pack = pack,                                                                              \
        .units = bw_ref_plane_units,                                                               \
        .run = run,                                                                                \
    }

DEPTHWISE(f32, BW_F32, BW_F32);
DEPTHWISE(f32_bf16, BW_F32, BW_BF16);
DEPTHWISE(bf16, BW_BF16, BW_BF16);
DEPTHWISE(bf16_f32, BW_BF16, BW_F32);
