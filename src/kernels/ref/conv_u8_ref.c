/**
 * The convolution of bytes in plain C, dense, grouped and depthwise, and with a max-pool after it:
 * kernels/quantize.h literally.
 *
 * Packed weights: multipliers[out.channels], offsets[out.channels], then the integers in the order
 * they come in.
 */
#include "kernels/ref/conv_u8_ref.h"

static bool accepts(const bw_operation *operation)
{
    return bw_sum_terms(operation) <= BW_SUM_TERMS;
}

static bool accepts_depthwise(const bw_operation *operation)
{
    return accepts(operation) && operation->in.channels == operation->out.channels;
}

static size_t count_weights(const bw_operation *operation)
{
    return (size_t)operation->out.channels * (size_t)bw_sum_terms(operation);
}

double bw_conv_u8_ref_cost(const bw_operation *operation)
{
    int side = bw_pool_side(operation);
    return 16.0 * side * side * (double)count_weights(operation) * operation->out.height *
           operation->out.width;
}

size_t bw_conv_u8_ref_packed_bytes(const bw_operation *operation)
{
    return 2 * (size_t)operation->out.channels * sizeof(float) + count_weights(operation);
}

void bw_conv_u8_ref_pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    int channels = operation->out.channels;
    float *multipliers = packed, *offsets = multipliers + channels;
    for (int channel = 0; channel < channels; channel++) {
        multipliers[channel] = bw_multiplier(operation, filters, channel);
        offsets[channel] = bw_offset(operation, filters, channel);
    }
    memcpy(offsets + channels, filters->integers, count_weights(operation));
}

/* The sum over the window of one output pixel and channel. */
static int32_t window_sum(const bw_operation *operation, const uint8_t *image,
                          const int8_t *weights, int channel, int y, int x)
{
    const bw_layout *in = &operation->in;
    bool dense = operation->family != BW_FAMILY_DEPTHWISE;
    int inputs = dense ? in->channels / operation->groups : 1;
    int outputs = dense ? operation->out.channels / operation->groups : 1;
    int first = channel / outputs * inputs;
    int32_t sum = 0;
    for (int input = first; input < first + inputs; input++) {
        for (int row = 0; row < operation->kernel_height; row++) {
            for (int column = 0; column < operation->kernel_width; column++) {
                int iy = y * operation->stride + row - operation->pad_top;
                int ix = x * operation->stride + column - operation->pad_left;
                int32_t weight = *weights++;
                if (iy >= 0 && iy < in->height && ix >= 0 && ix < in->width)
                    sum += weight * (image[bw_ref_at(in, input, iy, ix)] - in->format.zero_point);
            }
        }
    }
    return sum;
}

/* What the convolution gives for one output pixel and channel, after its activation. */
static float convolve(const bw_operation *operation, const bw_operands *operands, int image,
                      int channel, int y, int x)
{
    int channels = operation->out.channels;
    const float *multipliers = operands->weights, *offsets = multipliers + channels;
    const int8_t *weights =
        (const int8_t *)(offsets + channels) + (size_t)channel * (size_t)bw_sum_terms(operation);
    const uint8_t *in = (const uint8_t *)operands->in + (size_t)image * operation->in.image_stride;
    int32_t sum = window_sum(operation, in, weights, channel, y, x);
    float value = fmaf((float)sum, multipliers[channel], offsets[channel]);
    return bw_exact_activate(operation->activation, operation->slope, value);
}

static void run_element(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel, int y, int x)
{
    const bw_layout *second = &operation->second;
    float value = convolve(operation, operands, image, channel, y, x);
    if (operation->has_second)
        value = fmaf(bw_ref_steps(second, operands->second, image, channel, y, x),
                     bw_addend(operation, second->format), value);
    bw_ref_store(operation, operands, image, bw_ref_at(&operation->out, channel, y, x), value);
}

static void run_pooled_element(const bw_operation *operation, const bw_operands *operands,
                               int image, int channel, int y, int x)
{
    const bw_layout *out = &operation->out;
    uint8_t most = 0;
    for (int part = 0; part < 4; part++) {
        float value =
            convolve(operation, operands, image, channel, 2 * y + part / 2, 2 * x + part % 2);
        uint8_t byte = bw_to_u8(value * bw_finish(operation), out->format.zero_point);
        most = byte > most ? byte : most;
    }
    size_t at = (size_t)image * out->image_stride + bw_ref_at(out, channel, y, x);
    ((uint8_t *)operands->out)[at] = most;
}

static bool accepts_pooled(const bw_operation *operation)
{
    return accepts(operation) && !operation->has_second;
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last,
                      operation->family == BW_FAMILY_CONV_POOL ? run_pooled_element : run_element);
}

#define CONVOLUTION(words, of, to, acceptance)                                                     \
    const bw_kernel bw_kernel_##words##_ref = {                                                    \
        .name = #words "_ref",                                                                     \
        .family = of,                                                                              \
        .in = BW_U8,                                                                               \
        .out = to,                                                                                 \
        .accepts = acceptance,                                                                     \
        .cost = bw_conv_u8_ref_cost,                                                               \
        .packed_bytes = bw_conv_u8_ref_packed_bytes,                                               \
        .pack = bw_conv_u8_ref_pack,                                                               \
        .units = bw_ref_plane_units,                                                               \
        .run = run,                                                                                \
    }

CONVOLUTION(conv_u8, BW_FAMILY_CONV, BW_U8, accepts);
CONVOLUTION(conv_u8_f32, BW_FAMILY_CONV, BW_F32, accepts);
CONVOLUTION(conv_pool_u8, BW_FAMILY_CONV_POOL, BW_U8, accepts_pooled);
CONVOLUTION(depthwise_u8, BW_FAMILY_DEPTHWISE, BW_U8, accepts_depthwise);
CONVOLUTION(depthwise_u8_f32, BW_FAMILY_DEPTHWISE, BW_F32, accepts_depthwise);
