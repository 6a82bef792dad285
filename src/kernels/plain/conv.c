/**
 * Conv and ConvTranspose over pictures: groups, dilations, any padding.
 *
 * A row of the output is summed window position by window position, over all columns at once.
 */
#include <inttypes.h>

#include "kernels/plain/window.h"

/* What both check: weights of four dimensions, a bias of one number an output channel. */
static bw_status check_filters(const bw_plain_call *call, bw_window *window, int64_t *groups,
                               bw_error *error)
{
    char text[128];
    const bw_plain_tensor *in = call->inputs[0], *weights = call->inputs[1];
    uint32_t types = BW_PLAIN_TYPE(F32) | BW_PLAIN_HALVES;
    bw_status status = bw_window_need_pictures(in, error);
    if (status == BW_OK)
        status = bw_plain_need_type(in, types, error);
    if (status == BW_OK)
        status = bw_plain_need_type(weights, types, error);
    if (status == BW_OK && (weights->rank != 4 || weights->dims[2] < 1 || weights->dims[3] < 1))
        status = bw_fail(error, BW_ERROR_FORMAT, "the weights have the shape %s",
                         bw_plain_describe(weights, text, sizeof text));
    *groups = bw_plain_int(call, "group", 1);
    if (status == BW_OK && (*groups < 1 || in->dims[1] % *groups))
        status = bw_fail(error, BW_ERROR_FORMAT, "%" PRId64 " channels in %" PRId64 " groups",
                         in->dims[1], *groups);
    if (status != BW_OK)
        return status;
    window->kernel[0] = weights->dims[2];
    window->kernel[1] = weights->dims[3];
    if (window->kernel[0] > INT32_MAX || window->kernel[1] > INT32_MAX)
        return bw_fail(error, BW_ERROR_LIMIT, "a window of %s",
                       bw_plain_describe(weights, text, sizeof text));
    return BW_OK;
}

static bw_status check_bias(const bw_plain_call *call, int64_t channels, bw_error *error)
{
    const bw_plain_tensor *bias = bw_plain_input(call, 2);
    if (!bias || (bias->rank == 1 && bias->dims[0] == channels))
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT, "the bias is not %" PRId64 " numbers", channels);
}

static void set_output(const bw_plain_call *call, int64_t channels, const bw_window *window)
{
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_tensor *out = call->outputs[0];
    out->type = in->type;
    out->rank = 4;
    out->dims[0] = in->dims[0];
    out->dims[1] = channels;
    out->dims[2] = window->out[0];
    out->dims[3] = window->out[1];
}

/* The bias of a channel over a plane of the output. */
static void begin_plane(const bw_plain_call *call, float *to, size_t count, size_t channel)
{
    const bw_plain_tensor *bias = bw_plain_input(call, 2);
    float value = bias ? ((const float *)bias->data)[channel] : 0.0f;
    for (size_t index = 0; index < count; index++)
        to[index] = value;
}

/* The columns [first, last) of the output whose window position x lies in the picture. */
static void columns(const bw_window *window, int64_t x, int64_t *first, int64_t *last)
{
    int64_t stride = window->stride[1];
    int64_t offset = x * window->dilation[1] - window->begin[1];
    *first = offset < 0 ? (-offset + stride - 1) / stride : 0;
    *last = window->in[1] - offset <= 0 ? 0 : (window->in[1] - offset + stride - 1) / stride;
    if (*last > window->out[1])
        *last = window->out[1];
}

/* ---- Conv ----------------------------------------------------------------------------------- */

static bw_status read_conv(const bw_plain_call *call, bw_window *window, int64_t *groups,
                           bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0], *weights = call->inputs[1];
    bw_window given = {.kernel = {0, 0}};
    bw_status status = check_filters(call, window, groups, error);
    if (status != BW_OK)
        return status;
    if (weights->dims[1] != in->dims[1] / *groups || weights->dims[0] % *groups)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "weights of %" PRId64 " by %" PRId64 " channels for %" PRId64
                       " channels in %" PRId64 " groups",
                       weights->dims[0], weights->dims[1], in->dims[1], *groups);
    status = bw_window_pair(given.kernel, call, "kernel_shape", 1, error);
    if (status == BW_OK && given.kernel[0] &&
        memcmp(given.kernel, window->kernel, sizeof given.kernel) != 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "kernel_shape is not that of the weights");
    if (status == BW_OK)
        status = bw_window_read(window, call, false, error);
    if (status == BW_OK)
        status = check_bias(call, weights->dims[0], error);
    return status;
}

bw_status bw_plain_conv_infer(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    (void)self;
    bw_window window;
    int64_t groups;
    bw_status status = read_conv(call, &window, &groups, error);
    if (status == BW_OK)
        set_output(call, call->inputs[1]->dims[0], &window);
    return status;
}

/* Adds one input plane, filtered, to one output plane. */
static void add_plane(const bw_window *window, const float *plane, const float *filter, float *out)
{
    for (int64_t y = 0; y < window->out[0]; y++, out += window->out[1]) {
        int64_t origin, from, to;
        bw_window_span(window, 0, y, &origin, &from, &to);
        for (int64_t ky = from; ky < to; ky++) {
            const float *row = plane + (origin + ky * window->dilation[0]) * window->in[1];
            for (int64_t kx = 0; kx < window->kernel[1]; kx++) {
                float weight = filter[ky * window->kernel[1] + kx];
                int64_t first, last, stride = window->stride[1];
                columns(window, kx, &first, &last);
                const float *in = row + kx * window->dilation[1] - window->begin[1];
                if (stride == 1) {
                    for (int64_t x = first; x < last; x++)
                        out[x] += weight * in[x];
                } else {
                    for (int64_t x = first; x < last; x++)
                        out[x] += weight * in[x * stride];
                }
            }
        }
    }
}

bw_status bw_plain_conv_run(const bw_plain_operator *self, const bw_plain_call *call,
                            bw_error *error)
{
    (void)self;
    bw_window window;
    int64_t group_count;
    bw_status status = read_conv(call, &window, &group_count, error);
    if (status != BW_OK || bw_plain_count(call->outputs[0]) == 0)
        return status;
    const bw_plain_tensor *in = call->inputs[0], *weights = call->inputs[1];
    const float *filters = weights->data, *from = in->data;
    float *to = call->outputs[0]->block;
    size_t images = (size_t)in->dims[0], channels = (size_t)weights->dims[0];
    size_t depth = (size_t)weights->dims[1], in_channels = (size_t)in->dims[1];
    size_t taps = (size_t)(window.kernel[0] * window.kernel[1]);
    size_t in_plane = (size_t)(window.in[0] * window.in[1]);
    size_t out_plane = (size_t)(window.out[0] * window.out[1]);
    size_t group_channels = channels / (size_t)group_count;
    for (size_t image = 0; image < images; image++) {
        for (size_t channel = 0; channel < channels; channel++, to += out_plane) {
            size_t first = image * in_channels + channel / group_channels * depth;
            begin_plane(call, to, out_plane, channel);
            for (size_t input = 0; input < depth; input++)
                add_plane(&window, from + (first + input) * in_plane,
                          filters + (channel * depth + input) * taps, to);
        }
    }
    return BW_OK;
}

/* ---- ConvTranspose -------------------------------------------------------------------------- */

/* Swaps what ConvTranspose's padding means: it is the padding of the convolution it reverses. */
static bw_status read_transposed(const bw_plain_call *call, bw_window *window, int64_t *groups,
                                 bw_error *error)
{
    int64_t extra[2] = {0, 0}, shape[2] = {0, 0};
    const char *automatic = bw_plain_text(call, "auto_pad", "NOTSET");
    bool upper = strcmp(automatic, "SAME_UPPER") == 0, lower = strcmp(automatic, "SAME_LOWER") == 0;
    const bw_plain_tensor *in = call->inputs[0], *weights = call->inputs[1];
    bw_plain_list pads;
    bw_status status = check_filters(call, window, groups, error);
    if (status == BW_OK && weights->dims[0] != in->dims[1])
        status = bw_fail(error, BW_ERROR_FORMAT,
                         "weights for %" PRId64 " channels, the input has %" PRId64,
                         weights->dims[0], in->dims[1]);
    for (int axis = 0; axis < 2; axis++)
        window->stride[axis] = window->dilation[axis] = 1;
    if (status == BW_OK)
        status = bw_window_pair(window->stride, call, "strides", 1, error);
    if (status == BW_OK)
        status = bw_window_pair(window->dilation, call, "dilations", 1, error);
    if (status == BW_OK)
        status = bw_window_pair(extra, call, "output_padding", 0, error);
    if (status == BW_OK)
        status = bw_window_pair(shape, call, "output_shape", 0, error);
    if (status == BW_OK)
        status = bw_plain_list_attribute(&pads, call, "pads", error);
    if (status != BW_OK)
        return status;
    for (int axis = 0; axis < 2; axis++) {
        int64_t stride = window->stride[axis], pad = 0;
        window->out[axis] = in->dims[2 + axis];
        if (window->out[axis] < 1 || window->out[axis] > INT32_MAX)
            return bw_fail(error, BW_ERROR_FORMAT, "a picture without pixels, or too large");
        int64_t whole = (window->out[axis] - 1) * stride + extra[axis] +
                        (window->kernel[axis] - 1) * window->dilation[axis] + 1;
        if (shape[axis] || upper || lower) {
            int64_t wanted = shape[axis] ? shape[axis] : window->out[axis] * stride;
            pad = whole > wanted ? whole - wanted : 0;
            window->begin[axis] = upper ? pad / 2 : pad - pad / 2;
            window->in[axis] = wanted;
            continue;
        }
        window->begin[axis] = pads.count == 4 ? pads.values[axis] : 0;
        pad = pads.count == 4 ? pads.values[2 + axis] : 0;
        if (window->begin[axis] < 0 || pad < 0 || window->begin[axis] > INT32_MAX ||
            pad > INT32_MAX || whole - window->begin[axis] - pad < 1)
            return bw_fail(error, BW_ERROR_FORMAT, "pads take more than the picture has");
        window->in[axis] = whole - window->begin[axis] - pad;
    }
    return check_bias(call, weights->dims[1] * *groups, error);
}

bw_status bw_plain_conv_transpose_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                        bw_error *error)
{
    (void)self;
    bw_window window;
    int64_t groups, channels;
    bw_status status = read_transposed(call, &window, &groups, error);
    if (status != BW_OK)
        return status;
    if (__builtin_mul_overflow(call->inputs[1]->dims[1], groups, &channels))
        return bw_fail(error, BW_ERROR_LIMIT, "too many output channels");
    set_output(call, channels, &window);
    call->outputs[0]->dims[2] = window.in[0];
    call->outputs[0]->dims[3] = window.in[1];
    return BW_OK;
}

/* Adds what one input plane spreads by a filter to one output plane: add_plane reversed. */
static void spread_plane(const bw_window *window, const float *plane, const float *filter,
                         float *out)
{
    for (int64_t y = 0; y < window->out[0]; y++, plane += window->out[1]) {
        int64_t origin, from, to;
        bw_window_span(window, 0, y, &origin, &from, &to);
        for (int64_t ky = from; ky < to; ky++) {
            float *row = out + (origin + ky * window->dilation[0]) * window->in[1];
            for (int64_t kx = 0; kx < window->kernel[1]; kx++) {
                float weight = filter[ky * window->kernel[1] + kx];
                int64_t first, last;
                columns(window, kx, &first, &last);
                int64_t offset = kx * window->dilation[1] - window->begin[1];
                for (int64_t x = first; x < last; x++)
                    row[offset + x * window->stride[1]] += weight * plane[x];
            }
        }
    }
}

bw_status bw_plain_conv_transpose_run(const bw_plain_operator *self, const bw_plain_call *call,
                                      bw_error *error)
{
    (void)self;
    bw_window window;
    int64_t group_count;
    bw_status status = read_transposed(call, &window, &group_count, error);
    if (status != BW_OK || bw_plain_count(call->outputs[0]) == 0)
        return status;
    const bw_plain_tensor *in = call->inputs[0], *weights = call->inputs[1];
    const float *filters = weights->data, *from = in->data;
    float *to = call->outputs[0]->block;
    size_t images = (size_t)in->dims[0], in_channels = (size_t)in->dims[1];
    size_t group_channels = (size_t)weights->dims[1],
           channels = group_channels * (size_t)group_count;
    size_t depth = in_channels / (size_t)group_count;
    size_t taps = (size_t)(window.kernel[0] * window.kernel[1]);
    size_t in_plane = (size_t)(window.out[0] * window.out[1]);
    size_t out_plane = (size_t)(window.in[0] * window.in[1]);
    for (size_t image = 0; image < images; image++) {
        for (size_t channel = 0; channel < channels; channel++, to += out_plane) {
            size_t first = channel / group_channels * depth;
            begin_plane(call, to, out_plane, channel);
            for (size_t input = first; input < first + depth; input++)
                spread_plane(&window, from + (image * in_channels + input) * in_plane,
                             filters + (input * group_channels + channel % group_channels) * taps,
                             to);
        }
    }
    return BW_OK;
}
