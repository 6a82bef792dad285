#include "plan/shape_rules.h"

#include <math.h>

#include "base/memory.h"

enum { LARGEST_WINDOW = 4096, LARGEST_FACTOR = 64 };

static bool same_picture(const bw_layout *a, const bw_layout *b)
{
    return a->height == b->height && a->width == b->width;
}

static bool same_shape(const bw_layout *a, const bw_layout *b)
{
    return same_picture(a, b) && a->channels == b->channels;
}

/* Whether windows along one side are sound and end at most `reach` beyond the input. */
static bool window_fits(int in, int out, int kernel, int stride, int pad, int reach)
{
    return kernel >= 1 && kernel <= LARGEST_WINDOW && stride >= 1 && stride <= LARGEST_WINDOW &&
           pad >= 0 && pad <= LARGEST_WINDOW &&
           (int64_t)(out - 1) * stride + kernel - pad <= (int64_t)in + reach;
}

static bool windows_fit(const bw_operation *operation, int reach)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    return window_fits(in->height, out->height, operation->kernel_height, operation->stride,
                       operation->pad_top, reach) &&
           window_fits(in->width, out->width, operation->kernel_width, operation->stride,
                       operation->pad_left, reach);
}

/* A weight takes a byte at least, however it is packed. */
static bool filters_fit(const bw_operation *operation, size_t weight_bytes)
{
    int groups = operation->groups;
    const bw_layout *in = &operation->in, *out = &operation->out;
    if (groups < 1 || in->channels % groups != 0 || out->channels % groups != 0)
        return false;
    size_t taps = (size_t)operation->kernel_height * (size_t)operation->kernel_width, count;
    return bw_size_multiply(&count, taps * (size_t)(in->channels / groups),
                            (size_t)out->channels) &&
           count <= weight_bytes;
}

static bool conv_fits(const bw_operation *operation, size_t weight_bytes)
{
    int border = operation->in.border;
    return windows_fit(operation, border) && operation->pad_top <= border &&
           operation->pad_left <= border && filters_fit(operation, weight_bytes) &&
           (!operation->has_second || same_shape(&operation->second, &operation->out));
}

static bool conv_pool_fits(const bw_operation *operation, size_t weight_bytes)
{
    bw_operation conv = bw_unpooled(operation);
    return !operation->has_second && conv_fits(&conv, weight_bytes);
}

static bool depthwise_fits(const bw_operation *operation, size_t weight_bytes)
{
    return operation->groups == operation->in.channels &&
           operation->groups == operation->out.channels && conv_fits(operation, weight_bytes);
}

static bool max_pool_fits(const bw_operation *operation)
{
    return operation->in.channels == operation->out.channels && !operation->has_second &&
           windows_fit(operation, LARGEST_WINDOW);
}

static bool average_pool_fits(const bw_operation *operation)
{
    return operation->in.channels == operation->out.channels && !operation->has_second &&
           operation->out.height == 1 && operation->out.width == 1;
}

static bool add_fits(const bw_operation *operation)
{
    return operation->has_second && same_shape(&operation->in, &operation->out) &&
           same_shape(&operation->second, &operation->out);
}

static bool multiply_fits(const bw_operation *operation)
{
    const bw_layout *second = &operation->second;
    bool pixel = bw_multiply_spreads(operation) && second->channels == operation->out.channels;
    return operation->has_second && same_shape(&operation->in, &operation->out) &&
           (pixel || same_shape(second, &operation->out));
}

static bool copy_fits(const bw_operation *operation)
{
    return same_picture(&operation->in, &operation->out) && !operation->has_second &&
           operation->first_channel >= 0 && operation->first_channel < operation->in.channels &&
           operation->out_channel >= 0 && operation->out_channel < operation->out.channels;
}

/* Whether `large` is `stride` times `small` in both directions. */
static bool scales(const bw_operation *operation, const bw_layout *small, const bw_layout *large)
{
    int factor = operation->stride;
    return factor >= 1 && factor <= LARGEST_FACTOR && !operation->has_second &&
           (int64_t)small->height * factor == large->height &&
           (int64_t)small->width * factor == large->width;
}

static bool upsample_fits(const bw_operation *operation)
{
    return scales(operation, &operation->in, &operation->out) &&
           operation->in.channels == operation->out.channels;
}

static bool reorg_fits(const bw_operation *operation)
{
    int64_t cells = (int64_t)operation->stride * operation->stride;
    return scales(operation, &operation->out, &operation->in) &&
           operation->in.channels % cells == 0 &&
           operation->in.channels * cells == operation->out.channels;
}

bool bw_shapes_fit(const bw_operation *operation, size_t weight_bytes)
{
    if ((unsigned)operation->activation >= BW_ACTIVATION_COUNT || !isfinite(operation->slope))
        return false;
    switch (operation->family) {
    case BW_FAMILY_CONV: return conv_fits(operation, weight_bytes);
    case BW_FAMILY_CONV_POOL: return conv_pool_fits(operation, weight_bytes);
    case BW_FAMILY_DEPTHWISE: return depthwise_fits(operation, weight_bytes);
    case BW_FAMILY_MAX_POOL: return max_pool_fits(operation);
    case BW_FAMILY_AVERAGE_POOL: return average_pool_fits(operation);
    case BW_FAMILY_ADD: return add_fits(operation);
    case BW_FAMILY_MULTIPLY: return multiply_fits(operation);
    case BW_FAMILY_ACTIVATION:
    case BW_FAMILY_CONVERT:
        return same_shape(&operation->in, &operation->out) && !operation->has_second;
    case BW_FAMILY_COPY: return copy_fits(operation);
    case BW_FAMILY_UPSAMPLE: return upsample_fits(operation);
    case BW_FAMILY_REORG: return reorg_fits(operation);
    case BW_FAMILY_PLAIN: return !operation->has_second; /* the rest: plain_step.h */
    case BW_FAMILY_COUNT: break;
    }
    return false;
}
