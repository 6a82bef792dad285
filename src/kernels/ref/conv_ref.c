/**
 * The convolution in plain C: the definition of truth for every other convolution kernel.
 *
 * Packed weights: bias[out.channels], then the weights in the order they come in.
 */
#include <string.h>

#include "kernels/border.h"
#include "kernels/ref/ref.h"

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_CONV;
}

static size_t weight_count(const bw_operation *operation)
{
    size_t window = (size_t)operation->kernel_height * (size_t)operation->kernel_width;
    size_t inputs = (size_t)(operation->in.channels / operation->groups);
    return (size_t)operation->out.channels * inputs * window;
}

static double cost(const bw_operation *operation)
{
    return 2.0 * (double)weight_count(operation) * operation->out.height * operation->out.width;
}

static size_t packed_bytes(const bw_operation *operation)
{
    return ((size_t)operation->out.channels + weight_count(operation)) * sizeof(float);
}

static void pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    float *out = packed;
    size_t channels = (size_t)operation->out.channels;
    for (size_t channel = 0; channel < channels; channel++)
        out[channel] = bw_filters_bias(filters, (int)channel);
    memcpy(out + channels, filters->weights, weight_count(operation) * sizeof *out);
}

/* The sum over the window of one output pixel and channel. */
static float window_sum(const bw_operation *operation, const float *image, const float *weights,
                        int channel, int y, int x)
{
    const bw_layout *in = &operation->in;
    int inputs = in->channels / operation->groups;
    int first = channel / (operation->out.channels / operation->groups) * inputs;
    float sum = 0.0f;
    for (int input = 0; input < inputs; input++) {
        for (int row = 0; row < operation->kernel_height; row++) {
            for (int column = 0; column < operation->kernel_width; column++) {
                int iy = y * operation->stride + row - operation->pad_top;
                int ix = x * operation->stride + column - operation->pad_left;
                float weight = *weights++;
                if (iy >= 0 && iy < in->height && ix >= 0 && ix < in->width)
                    sum += weight * image[bw_ref_at(in, first + input, iy, ix)];
            }
        }
    }
    return sum;
}

static void run_channel(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel)
{
    const bw_layout *out = &operation->out;
    const float *bias = operands->weights;
    const float *in = (const float *)operands->in + (size_t)image * operation->in.image_stride;
    const float *weights =
        bias + out->channels + weight_count(operation) / (size_t)out->channels * (size_t)channel;
    for (int y = 0; y < out->height; y++) {
        for (int x = 0; x < out->width; x++) {
            float sum = bias[channel] + window_sum(operation, in, weights, channel, y, x);
            bw_ref_finish(operation, operands, image, channel, y, x, sum);
        }
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_channel);
}

const bw_kernel bw_kernel_conv_f32_ref = {
    .name = "conv_f32_ref",
    .family = BW_FAMILY_CONV,
    .accepts = accepts,
    .cost = cost,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .units = bw_ref_plane_units,
    .run = run,
};
