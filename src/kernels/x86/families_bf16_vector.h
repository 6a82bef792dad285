/**
 * The text of the kernels on bfloat16 but for the convolution: included by families_bf16_avx2.c
 * and families_bf16_avx512.c, after the vectors of that instruction set and never by another file.
 * Numbers are widened to floats, computed with and rounded once. Planes may have any multiple of
 * BW_LANES channels.
 */
#ifndef BW_KERNELS_X86_FAMILIES_BF16_VECTOR_H
#define BW_KERNELS_X86_FAMILIES_BF16_VECTOR_H

#include <float.h>
#include <string.h>

#include "kernels/convert.h"
#include "kernels/copy.h"
#include "kernels/x86/max_pool.h"
#include "kernels/x86/unroll.h"

static bool in_vectors(const bw_operation *operation)
{
    return operation->in.lanes == operation->out.lanes && operation->in.lanes % BW_LANES == 0;
}

static bool same_channels(const bw_operation *operation)
{
    return in_vectors(operation) && operation->in.channels == operation->out.channels;
}

/* Whether rows are whole vectors whose numbers lie in the same places on both sides. */
static bool rows_match(const bw_layout *a, const bw_layout *b)
{
    return a->lanes == b->lanes && a->lanes % BW_LANES == 0 && bw_rows_same_shape(a, b);
}

static double vectors(const bw_operation *operation)
{
    return bw_rows_pixels(operation) * operation->out.lanes / BW_VECTOR_LANES;
}

static double light_cost(const bw_operation *operation)
{
    return 4.0 * vectors(operation);
}

static ptrdiff_t row_numbers(const bw_row *row)
{
    return (ptrdiff_t)row->operation->out.width * row->operation->out.lanes;
}

/* ---- add, activation ------------------------------------------------------------------------ */

static bool add_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_ADD && rows_match(&operation->in, &operation->out) &&
           rows_match(&operation->second, &operation->out);
}

static bool activation_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_ACTIVATION && rows_match(&operation->in, &operation->out);
}

static double activation_cost(const bw_operation *operation)
{
    return 10.0 * vectors(operation);
}

/* to = activation(a + b), or of a alone where b is NULL. */
BW_INLINE void activate(uint16_t *to, const uint16_t *a, const uint16_t *b, ptrdiff_t count,
                        bw_activation activation, float slope)
{
    bw_vector slopes = bw_vector_set(slope);
    for (ptrdiff_t index = 0; index < count; index += BW_VECTOR_LANES) {
        bw_vector x = bw_vector_from_halves(a + index);
        if (b)
            x = bw_vector_add(x, bw_vector_from_halves(b + index));
        bw_vector_to_halves(to + index, bw_vector_activate(activation, slopes, x));
    }
}

static void activate_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *second = &operation->second;
    const uint16_t *b = NULL;
    const uint16_t *a =
        bw_row_of(&operation->in, row->operands->in, row->image, row->plane, row->y);
    if (operation->has_second)
        b = bw_row_of(second, row->operands->second, row->image, row->plane, row->y);
    ptrdiff_t count = row_numbers(row);
    float slope = operation->slope;
    switch (operation->activation) {
    case BW_RELU: activate(row->out, a, b, count, BW_RELU, slope); break;
    case BW_LEAKY: activate(row->out, a, b, count, BW_LEAKY, slope); break;
    case BW_LOGISTIC: activate(row->out, a, b, count, BW_LOGISTIC, slope); break;
    case BW_SWISH: activate(row->out, a, b, count, BW_SWISH, slope); break;
    case BW_MISH: activate(row->out, a, b, count, BW_MISH, slope); break;
    case BW_CLIPPED: activate(row->out, a, b, count, BW_CLIPPED, slope); break;
    case BW_HARD_LOGISTIC: activate(row->out, a, b, count, BW_HARD_LOGISTIC, slope); break;
    case BW_HARD_SWISH: activate(row->out, a, b, count, BW_HARD_SWISH, slope); break;
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: activate(row->out, a, b, count, BW_LINEAR, slope); break;
    }
}

/* ---- multiply ------------------------------------------------------------------------------- */

static bool multiply_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_MULTIPLY && rows_match(&operation->in, &operation->out) &&
           operation->second.lanes == operation->in.lanes;
}

static void multiply_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    bool spread = bw_multiply_spreads(operation);
    const uint16_t *a = bw_row_of(in, row->operands->in, row->image, row->plane, row->y);
    const uint16_t *b = bw_row_of(&operation->second, row->operands->second, row->image, row->plane,
                                  spread ? 0 : row->y);
    for (ptrdiff_t at = 0, count = row_numbers(row); at < count; at += BW_VECTOR_LANES)
        bw_vector_to_halves(
            (uint16_t *)row->out + at,
            bw_vector_mul(bw_vector_from_halves(a + at),
                          bw_vector_from_halves(b + (spread ? at % in->lanes : at))));
}

/* ---- convert -------------------------------------------------------------------------------- */

static bool convert_accepts(const bw_operation *operation)
{
    return bw_convert_accepts(operation) && rows_match(&operation->in, &operation->out);
}

static void narrow_row(const bw_row *row)
{
    const bw_layout *in = &row->operation->in;
    const float *from = bw_row_of(in, row->operands->in, row->image, row->plane, row->y);
    uint16_t *to = row->out;
    for (ptrdiff_t index = 0, count = row_numbers(row); index < count; index += BW_VECTOR_LANES)
        bw_vector_to_halves(to + index, bw_vector_load(from + index));
}

static void widen_row(const bw_row *row)
{
    const bw_layout *in = &row->operation->in;
    const uint16_t *from = bw_row_of(in, row->operands->in, row->image, row->plane, row->y);
    float *to = row->out;
    for (ptrdiff_t index = 0, count = row_numbers(row); index < count; index += BW_VECTOR_LANES)
        bw_vector_store(to + index, bw_vector_from_halves(from + index));
}

/* ---- pools ---------------------------------------------------------------------------------- */

static bool max_pool_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_MAX_POOL && same_channels(operation);
}

static double max_pool_cost(const bw_operation *operation)
{
    return vectors(operation) * (2.0 + operation->kernel_height * operation->kernel_width);
}

BW_INLINE bw_vector window_maximum(const uint16_t *window, const bw_layout *in, bw_clip rows,
                                   bw_clip columns)
{
    bw_vector largest = bw_vector_set(-FLT_MAX);
    for (int y = rows.first; y < rows.last; y++) {
        const uint16_t *at = window + (ptrdiff_t)y * (ptrdiff_t)in->row_stride;
        for (int x = columns.first; x < columns.last; x++)
            largest = bw_vector_max(bw_vector_from_halves(at + (ptrdiff_t)x * in->lanes), largest);
    }
    return largest;
}

static void max_pool_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    int top = row->y * operation->stride - operation->pad_top;
    bw_clip rows = bw_clip_window(top, operation->kernel_height, in->height);
    const uint16_t *from = bw_row_of(in, row->operands->in, row->image, row->plane, top);
    uint16_t *to = row->out;
    for (int x = 0; x < operation->out.width; x++) {
        int left = x * operation->stride - operation->pad_left;
        bw_clip columns = bw_clip_window(left, operation->kernel_width, in->width);
        const uint16_t *window = from + (ptrdiff_t)left * in->lanes;
        for (int lane = 0; lane < in->lanes; lane += BW_VECTOR_LANES, to += BW_VECTOR_LANES)
            bw_vector_to_halves(to, window_maximum(window + lane, in, rows, columns));
    }
}

static bool average_pool_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_AVERAGE_POOL && same_channels(operation) &&
           operation->out.height == 1 && operation->out.width == 1;
}

static double average_pool_cost(const bw_operation *operation)
{
    return 2.0 * vectors(operation) * operation->in.height * operation->in.width;
}

/* A row at a time, to keep the rounding small. */
BW_INLINE bw_vector plane_sum(const bw_layout *in, const uint16_t *plane)
{
    bw_vector sum = bw_vector_zero();
    for (int y = 0; y < in->height; y++) {
        const uint16_t *from = plane + (size_t)y * in->row_stride;
        bw_vector line = bw_vector_zero();
        for (int x = 0; x < in->width; x++)
            line = bw_vector_add(line, bw_vector_from_halves(from + (ptrdiff_t)x * in->lanes));
        sum = bw_vector_add(sum, line);
    }
    return sum;
}

static void average_pool_row(const bw_row *row)
{
    const bw_layout *in = &row->operation->in;
    const uint16_t *plane = bw_row_of(in, row->operands->in, row->image, row->plane, 0);
    bw_vector count = bw_vector_set((float)in->height * (float)in->width);
    uint16_t *to = row->out;
    for (int lane = 0; lane < in->lanes; lane += BW_VECTOR_LANES)
        bw_vector_to_halves(to + lane, bw_vector_div(plane_sum(in, plane + lane), count));
}

/* ---- upsample, copy ------------------------------------------------------------------------- */

static bool upsample_accepts(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    return operation->family == BW_FAMILY_UPSAMPLE && same_channels(operation) &&
           operation->stride >= 1 && out->height == in->height * operation->stride &&
           out->width == in->width * operation->stride;
}

static void upsample_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    size_t lanes = (size_t)in->lanes;
    const uint16_t *from =
        bw_row_of(in, row->operands->in, row->image, row->plane, row->y / operation->stride);
    uint16_t *to = row->out;
    for (int x = 0; x < in->width; x++, from += lanes) {
        for (int copy = 0; copy < operation->stride; copy++, to += lanes)
            memcpy(to, from, lanes * sizeof *to);
    }
}

static bool copy_accepts(const bw_operation *operation)
{
    return bw_copy_accepts(operation) && in_vectors(operation);
}

/* Moves `count` lanes of each pixel; the other lanes of `to` are not written. */
static void move_lanes(uint16_t *to, const uint16_t *from, int lanes, int pixels, int count)
{
    for (int x = 0; x < pixels; x++, to += lanes, from += lanes)
        memcpy(to, from, (size_t)count * sizeof *to);
}

static void copy_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    int lanes = in->lanes, start = row->plane * lanes, pixels = operation->out.width;
    int channel = start > operation->out_channel ? start : operation->out_channel;
    int end = operation->out_channel + bw_copy_channels(operation);
    end = end < start + lanes ? end : start + lanes;
    while (channel < end) {
        int source = operation->first_channel + channel - operation->out_channel;
        int count = lanes - source % lanes;
        count = count < end - channel ? count : end - channel;
        const uint16_t *from = bw_row_of(in, row->operands->in, row->image, source / lanes, row->y);
        move_lanes((uint16_t *)row->out + channel % lanes, from + source % lanes, lanes, pixels,
                   count);
        channel += count;
    }
}

#define BW_ROWS_KERNEL(words, isa, features, of, from, to, acceptance, price, function)            \
    static void words##_run(const bw_operation *operation, const bw_operands *operands, int first, \
                            int last, void *scratch)                                               \
    {                                                                                              \
        (void)scratch;                                                                             \
        bw_rows_run(operation, operands, first, last, function);                                   \
    }                                                                                              \
    const bw_kernel bw_kernel_##words##_##isa = {                                                  \
        .name = #words "_" #isa,                                                                   \
        .family = of,                                                                              \
        .in = from,                                                                                \
        .out = to,                                                                                 \
        .needs = features,                                                                         \
        .accepts = acceptance,                                                                     \
        .cost = price,                                                                             \
        .units = bw_rows_units,                                                                    \
        .run = words##_run,                                                                        \
    };

#define BW_BF16_FAMILIES(isa, features)                                                            \
    BW_ROWS_KERNEL(add_bf16, isa, features, BW_FAMILY_ADD, BW_BF16, BW_BF16, add_accepts,          \
                   light_cost, activate_row)                                                       \
    BW_ROWS_KERNEL(activation_bf16, isa, features, BW_FAMILY_ACTIVATION, BW_BF16, BW_BF16,         \
                   activation_accepts, activation_cost, activate_row)                              \
    BW_ROWS_KERNEL(multiply_bf16, isa, features, BW_FAMILY_MULTIPLY, BW_BF16, BW_BF16,             \
                   multiply_accepts, light_cost, multiply_row)                                     \
    BW_ROWS_KERNEL(convert_f32_bf16, isa, features, BW_FAMILY_CONVERT, BW_F32, BW_BF16,            \
                   convert_accepts, light_cost, narrow_row)                                        \
    BW_ROWS_KERNEL(convert_bf16_f32, isa, features, BW_FAMILY_CONVERT, BW_BF16, BW_F32,            \
                   convert_accepts, light_cost, widen_row)                                         \
    BW_ROWS_KERNEL(max_pool_bf16, isa, features, BW_FAMILY_MAX_POOL, BW_BF16, BW_BF16,             \
                   max_pool_accepts, max_pool_cost, max_pool_row)                                  \
    BW_ROWS_KERNEL(average_pool_bf16, isa, features, BW_FAMILY_AVERAGE_POOL, BW_BF16, BW_BF16,     \
                   average_pool_accepts, average_pool_cost, average_pool_row)                      \
    BW_ROWS_KERNEL(upsample_bf16, isa, features, BW_FAMILY_UPSAMPLE, BW_BF16, BW_BF16,             \
                   upsample_accepts, light_cost, upsample_row)                                     \
    BW_ROWS_KERNEL(copy_bf16, isa, features, BW_FAMILY_COPY, BW_BF16, BW_BF16, copy_accepts,       \
                   light_cost, copy_row)

#endif
