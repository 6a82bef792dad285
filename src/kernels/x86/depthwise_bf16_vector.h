/**
 * The text of the depthwise kernels on bfloat16: included by depthwise_bf16_avx2.c and
 * depthwise_bf16_avx512.c, after the vectors of that instruction set and never by another file.
 *
 * Some neighbouring pixels of a row are computed at once, their sums in registers, in single
 * precision.
 */
#ifndef BW_KERNELS_X86_DEPTHWISE_BF16_VECTOR_H
#define BW_KERNELS_X86_DEPTHWISE_BF16_VECTOR_H

#include "kernels/x86/conv_direct.h"
#include "kernels/x86/depthwise_bf16.h"
#include "kernels/x86/rows.h"
#include "kernels/x86/unroll.h"

enum { BLOCK = 8 };

/* Some pixels of a row by one vector of channels. */
typedef struct row_part {
    const bw_operation *operation;
    const uint16_t *from, *second; /* second: NULL for no residual */
    const float *weights;
    void *to;
} row_part;

static bool lanes_suit(const bw_operation *operation)
{
    return operation->in.lanes % BW_LANES == 0 && operation->out.lanes == operation->in.lanes &&
           (!operation->has_second || operation->second.lanes == operation->in.lanes);
}

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_DEPTHWISE && lanes_suit(operation) &&
           operation->in.channels == operation->out.channels && bw_conv_border_suffices(operation);
}

static double cost(const bw_operation *operation)
{
    double vectors = bw_rows_pixels(operation) * operation->out.lanes / BW_VECTOR_LANES;
    return vectors * (4.0 + 1.6 * (double)bw_depthwise_bf16_taps(operation));
}

BW_INLINE void sum_windows(const row_part *part, int x, bw_vector *sums, int count)
{
    const bw_operation *operation = part->operation;
    ptrdiff_t lanes = operation->in.lanes, step = operation->stride * lanes;
    const uint16_t *row = part->from + x * step;
    const float *weights = part->weights;
    BW_UNROLL
    for (int index = 0; index < count; index++)
        sums[index] = bw_vector_load(weights);
    for (int y = operation->kernel_height; y > 0; y--, row += operation->in.row_stride) {
        const uint16_t *pixel = row;
        for (int column = operation->kernel_width; column > 0; column--, pixel += lanes) {
            weights += BW_LANES;
            bw_vector weight = bw_vector_load(weights);
            BW_UNROLL
            for (int index = 0; index < count; index++)
                sums[index] =
                    bw_vector_fma(bw_vector_from_halves(pixel + index * step), weight, sums[index]);
        }
    }
}

BW_INLINE void store(const row_part *part, int x, const bw_vector *sums, int count,
                     bw_activation activation)
{
    const bw_operation *operation = part->operation;
    bw_vector slope = bw_vector_set(operation->slope);
    BW_UNROLL
    for (int index = 0; index < count; index++) {
        ptrdiff_t at = (ptrdiff_t)(x + index) * operation->out.lanes;
        bw_vector value = bw_vector_activate(activation, slope, sums[index]);
        if (part->second)
            value = bw_vector_add(value, bw_vector_from_halves(part->second + at));
        if (operation->out.format.type == BW_BF16)
            bw_vector_to_halves((uint16_t *)part->to + at, value);
        else
            bw_vector_store((float *)part->to + at, value);
    }
}

BW_INLINE void run_part(const row_part *part, bw_activation activation)
{
    int x = 0, width = part->operation->out.width;
    for (; x + BLOCK <= width; x += BLOCK) {
        bw_vector sums[BLOCK];
        sum_windows(part, x, sums, BLOCK);
        store(part, x, sums, BLOCK, activation);
    }
    for (; x < width; x++) {
        bw_vector sum;
        sum_windows(part, x, &sum, 1);
        store(part, x, &sum, 1, activation);
    }
}

static void run_activation(const row_part *part)
{
    switch (part->operation->activation) {
    case BW_RELU: run_part(part, BW_RELU); break;
    case BW_LEAKY: run_part(part, BW_LEAKY); break;
    case BW_LOGISTIC: run_part(part, BW_LOGISTIC); break;
    case BW_SWISH: run_part(part, BW_SWISH); break;
    case BW_MISH: run_part(part, BW_MISH); break;
    case BW_CLIPPED: run_part(part, BW_CLIPPED); break;
    case BW_HARD_LOGISTIC: run_part(part, BW_HARD_LOGISTIC); break;
    case BW_HARD_SWISH: run_part(part, BW_HARD_SWISH); break;
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: run_part(part, BW_LINEAR); break;
    }
}

static void run_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_operands *operands = row->operands;
    const bw_layout *in = &operation->in, *second = &operation->second;
    size_t size = bw_type_size(operation->out.format.type);
    const uint16_t *from = bw_row_of(in, operands->in, row->image, row->plane,
                                     row->y * operation->stride - operation->pad_top);
    const uint16_t *addend = NULL;
    if (operation->has_second)
        addend = bw_row_of(second, operands->second, row->image, row->plane, row->y);
    from -= (ptrdiff_t)operation->pad_left * in->lanes;
    for (int lane = 0; lane < in->lanes; lane += BW_VECTOR_LANES) {
        size_t panel = (size_t)(row->plane * in->lanes + lane) / BW_LANES;
        row_part part = {.operation = operation, .from = from + lane};
        part.weights = (const float *)operands->weights +
                       panel * (1 + bw_depthwise_bf16_taps(operation)) * BW_LANES + lane % BW_LANES;
        part.to = (uint8_t *)row->out + (size_t)lane * size;
        part.second = addend ? addend + lane : NULL;
        run_activation(&part);
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_rows_run(operation, operands, first, last, run_row);
}

#define BW_BF16_DEPTHWISE(words, to_type, features)                                                \
    const bw_kernel bw_kernel_##words = {                                                          \
        .name = #words,                                                                            \
        .family = BW_FAMILY_DEPTHWISE,                                                             \
        .in = BW_BF16,                                                                             \
        .out = to_type,                                                                            \
        .needs = features,                                                                         \
        .accepts = accepts,                                                                        \
        .cost = cost,                                                                              \
        .packed_bytes = bw_depthwise_bf16_packed_bytes,                                            \
        .pack = bw_depthwise_bf16_pack,                                                            \
        .units = bw_rows_units,                                                                    \
        .run = run,                                                                                \
    }

#endif
