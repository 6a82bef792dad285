/**
 * The convolution in plain C: the definition of truth for every other convolution kernel.
 *
 * Where the input is bfloat16, so are the weights: products are exact in single precision, in which
 * they are added and finished. The picture is floats and meets floats.
 *
 * Packed weights: bias[out.channels], then the weights in the order they come in, as floats.
 */
#include "kernels/ref/ref.h"

/* Weights of one output channel. */
static size_t filter_size(const bw_operation *operation)
{
    size_t window = (size_t)operation->kernel_height * (size_t)operation->kernel_width;
    return (size_t)(operation->in.channels / operation->groups) * window;
}

static size_t weight_count(const bw_operation *operation)
{
    return (size_t)operation->out.channels * filter_size(operation);
}

static double cost(const bw_operation *operation)
{
    return 16.0 * (double)weight_count(operation) * operation->out.height * operation->out.width;
}

static size_t packed_bytes(const bw_operation *operation)
{
    return ((size_t)operation->out.channels + weight_count(operation)) * sizeof(float);
}

static void pack_weights(bw_type in, const float *weights, size_t count, float *to)
{
    for (size_t index = 0; index < count; index++)
        to[index] = in == BW_BF16 ? bw_from_bf16(bw_to_bf16(weights[index])) : weights[index];
}

static void pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    float *out = packed;
    size_t channels = (size_t)operation->out.channels;
    for (size_t channel = 0; channel < channels; channel++)
        out[channel] = bw_filters_bias(filters, (int)channel);
    pack_weights(operation->in.format.type, filters->weights, weight_count(operation),
                 out + channels);
}

/* The sum over the window of one output pixel and channel. */
static inline float window_sum(const bw_operation *operation, bw_type type, const void *numbers,
                               int image, const float *weights, int channel, int y, int x)
{
    const bw_layout *in = &operation->in;
    int inputs = in->channels / operation->groups;
    int first = channel / (operation->out.channels / operation->groups) * inputs;
    size_t start = (size_t)image * in->image_stride;
    float sum = 0.0f;
    for (int input = 0; input < inputs; input++) {
        for (int row = 0; row < operation->kernel_height; row++) {
            for (int column = 0; column < operation->kernel_width; column++) {
                int iy = y * operation->stride + row - operation->pad_top;
                int ix = x * operation->stride + column - operation->pad_left;
                float weight = *weights++;
                if (iy >= 0 && iy < in->height && ix >= 0 && ix < in->width)
                    sum += weight *
                           bw_ref_read(type, numbers, start + bw_ref_at(in, first + input, iy, ix));
            }
        }
    }
    return sum;
}

static inline void run_element(const bw_operation *operation, bw_type type,
                               const bw_operands *operands, int image, int channel, int y, int x)
{
    const float *bias = operands->weights;
    const float *weights =
        bias + operation->out.channels + filter_size(operation) * (size_t)channel;
    float sum =
        bias[channel] + window_sum(operation, type, operands->in, image, weights, channel, y, x);
    bw_ref_finish(operation, operands, image, channel, y, x, sum);
}

static void run_element_floats(const bw_operation *operation, const bw_operands *operands,
                               int image, int channel, int y, int x)
{
    run_element(operation, BW_F32, operands, image, channel, y, x);
}

static void run_element_halves(const bw_operation *operation, const bw_operands *operands,
                               int image, int channel, int y, int x)
{
    run_element(operation, BW_BF16, operands, image, channel, y, x);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bool halves = operation->in.format.type == BW_BF16;
    bw_ref_run_planes(operation, operands, first, last,
                      halves ? run_element_halves : run_element_floats);
}

#define CONVOLUTION(words, from, to)                                                               \
    const bw_kernel bw_kernel_conv_##words##_ref = {                                               \
        .name = "conv_" #words "_ref",                                                             \
        .family = BW_FAMILY_CONV,                                                                  \
        .in = from,                                                                                \
        .out = to,                                                                                 \
        .accepts = bw_ref_accepts_all,                                                             \
        .cost = cost,                                                                              \
        .packed_bytes = packed_bytes,                                                              \
        .pack = pack,                                                                              \
        .units = bw_ref_plane_units,                                                               \
        .run = run,                                                                                \
    }

CONVOLUTION(f32, BW_F32, BW_F32);
CONVOLUTION(f32_bf16, BW_F32, BW_BF16);
CONVOLUTION(bf16, BW_BF16, BW_BF16);
CONVOLUTION(bf16_f32, BW_BF16, BW_F32);
