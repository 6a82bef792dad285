/**
 * Depthwise on bytes with AVX2: each pixel of the input becomes floats once and is multiplied into
 * every sum whose window it is in, eight pixels of 8 channels at a time, in registers. The sums are
 * whole numbers below 2^24, which floats hold exactly in any order: the largest window at the
 * largest weights gives less.
 *
 * Packed weights, 16 channels: multipliers, offsets and starts of BW_LANES floats each, then the
 * window's weights as floats, [position][BW_LANES].
 */
#include "kernels/x86/vector_avx2.h"

#include <string.h>

#include "kernels/quantize.h"
#include "kernels/x86/finish_vector.h"
#include "kernels/x86/rows.h"

enum {
    PIXELS = 8,           /* whose sums are in registers */
    MOST_POSITIONS = 128, /* of a window */
};

/* The start and the products of the largest window; see the head of this file. */
_Static_assert(2 * MOST_POSITIONS * 255 * 128 < 1 << 24, "sums exceed what floats hold exactly");

/** The packed weights of 16 channels. */
typedef struct lane_weights {
    float *multipliers, *offsets, *starts, *positions;
} lane_weights;

static int count_positions(const bw_operation *operation)
{
    return operation->kernel_height * operation->kernel_width;
}

static size_t vector_bytes(const bw_operation *operation)
{
    return (size_t)(3 + count_positions(operation)) * BW_LANES * sizeof(float);
}

/* Vectors of 16 channels in the planes of the output. */
static int count_vectors(const bw_operation *operation)
{
    return bw_layout_planes(&operation->out) * (operation->out.lanes / BW_LANES);
}

static lane_weights weights_of(const bw_operation *operation, const void *packed, int vector)
{
    union {
        const void *given;
        uint8_t *bytes;
    } address = {packed};
    lane_weights made;
    made.multipliers = (float *)(void *)(address.bytes + (size_t)vector * vector_bytes(operation));
    made.offsets = made.multipliers + BW_LANES;
    made.starts = made.offsets + BW_LANES;
    made.positions = made.starts + BW_LANES;
    return made;
}

static bool accepts(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out, *second = &operation->second;
    return operation->family == BW_FAMILY_DEPTHWISE && in->channels == out->channels &&
           in->lanes % BW_LANES == 0 && in->lanes == out->lanes &&
           (!operation->has_second || second->lanes == out->lanes) &&
           count_positions(operation) <= MOST_POSITIONS && bw_border_suffices(operation);
}

static double cost(const bw_operation *operation)
{
    const bw_layout *out = &operation->out;
    int vectors = (out->channels + BW_VECTOR_LANES - 1) / BW_VECTOR_LANES;
    double pixels = (double)out->height * out->width;
    return pixels * vectors * (5.0 + 0.9 * count_positions(operation));
}

static size_t packed_bytes(const bw_operation *operation)
{
    return (size_t)count_vectors(operation) * vector_bytes(operation);
}

static void pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    int positions = count_positions(operation);
    memset(packed, 0, packed_bytes(operation));
    for (int channel = 0; channel < operation->out.channels; channel++) {
        lane_weights to = weights_of(operation, packed, channel / BW_LANES);
        int lane = channel % BW_LANES;
        to.multipliers[lane] = bw_multiplier(operation, filters, channel);
        to.offsets[lane] = bw_offset(operation, filters, channel);
        to.starts[lane] = (float)bw_start(operation, filters, channel);
        for (int position = 0; position < positions; position++)
            to.positions[position * BW_LANES + lane] =
                filters->integers[(ptrdiff_t)channel * positions + position];
    }
}

/** One row of one vector of channels. */
typedef struct line {
    const bw_operation *operation;
    lane_weights by;
    bw_epilogue epilogue;
    const uint8_t *from, *second; /* the first window, and the residual or NULL */
    uint8_t *to;
} line;

/* A byte of each channel, as a number. */
BW_INLINE bw_vector load_bytes(const uint8_t *from)
{
    bw_vector x = bw_vector_from_bytes(from, 0);
    bw_vector_hold(&x);
    return x;
}

/* Sums over windows of a size that is known here, so that all loops but one unroll. */
BW_INLINE void sum_known(const line *row, int x, bw_vector *sums, int pixels, int size, int stride)
{
    const ptrdiff_t lanes = row->operation->in.lanes;
    const uint8_t *from = row->from + x * stride * lanes;
    const float *weights = row->by.positions;
    for (int y = 0; y < size; y++) {
        BW_UNROLL
        for (int column = 0; column < (pixels - 1) * stride + size; column++) {
            bw_vector value = load_bytes(from + column * lanes);
            BW_UNROLL
            for (int pixel = 0; pixel < pixels; pixel++) {
                int tap = column - pixel * stride;
                if (tap >= 0 && tap < size)
                    sums[pixel] =
                        bw_vector_fma(value, bw_vector_load(weights + tap * BW_LANES), sums[pixel]);
            }
        }
        from += row->operation->in.row_stride;
        weights += (ptrdiff_t)size * BW_LANES;
    }
}

/* The same for windows of any size. */
BW_INLINE void sum_any(const line *row, int x, bw_vector *sums, int pixels)
{
    const bw_operation *operation = row->operation;
    const ptrdiff_t lanes = operation->in.lanes, stride = operation->stride * lanes;
    const uint8_t *from = row->from + x * stride;
    const float *weights = row->by.positions;
    for (int y = 0; y < operation->kernel_height; y++) {
        for (int column = 0; column < operation->kernel_width; column++, weights += BW_LANES) {
            const uint8_t *bytes = from + column * lanes;
            BW_UNROLL
            for (int pixel = 0; pixel < pixels; pixel++)
                sums[pixel] = bw_vector_fma(load_bytes(bytes + pixel * stride),
                                            bw_vector_load(weights), sums[pixel]);
        }
        from += operation->in.row_stride;
    }
}

/* Four pixels, whose bytes lie apart. */
BW_INLINE void store_quad(uint8_t *to, size_t pixel, const bw_vector *x, int32_t zero_point)
{
    uint8_t bytes[4 * BW_VECTOR_LANES];
    bw_vectors_to_bytes(bytes, x, zero_point);
    for (int index = 0; index < 4; index++, to += pixel)
        memcpy(to, bytes + (ptrdiff_t)index * BW_VECTOR_LANES, BW_VECTOR_LANES);
}

BW_INLINE void store_floats(float *to, size_t pixel, const bw_vector *x, int pixels)
{
    BW_UNROLL
    for (int index = 0; index < pixels; index++)
        bw_vector_store(to + (size_t)index * pixel, x[index]);
}

/* Floats or bytes, from element `at` on. */
BW_INLINE void store_numbers(const line *row, size_t at, const bw_vector *x, int pixels)
{
    const bw_epilogue *e = &row->epilogue;
    const int together = pixels % 4 ? 1 : 4;
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel += together) {
        size_t first = at + (size_t)pixel * e->out_pixel;
        if (!e->bytes)
            store_floats((float *)(void *)row->to + first, e->out_pixel, x + pixel, together);
        else if (together == 4)
            store_quad(row->to + first, e->out_pixel, x + pixel, e->out_zero);
        else
            bw_vector_to_bytes(row->to + first, x[pixel], e->out_zero);
    }
}

BW_INLINE void store_as(const line *row, int x, bw_vector *sums, int pixels,
                        bw_activation activation)
{
    const bw_epilogue *e = &row->epilogue;
    const vector_epilogue lanes = vector_epilogue_of(e, 0);
    const uint8_t *second = row->second ? row->second + (size_t)x * e->second_pixel : NULL;
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        sums[pixel] = finish_vector(&lanes, activation, sums[pixel], second);
        second = second ? second + e->second_pixel : NULL;
    }
    store_numbers(row, (size_t)x * e->out_pixel, sums, pixels);
}

/* The activations that take an exponential, apart from the loop that keeps its sums in registers.
 */
static __attribute__((noinline)) void store_smooth(const line *row, int x, bw_vector *sums,
                                                   int pixels)
{
    for (int pixel = 0; pixel < pixels; pixel++) {
        bw_activation activation = row->epilogue.activation;
        if (activation == BW_LOGISTIC)
            store_as(row, x + pixel, sums + pixel, 1, BW_LOGISTIC);
        else if (activation == BW_SWISH)
            store_as(row, x + pixel, sums + pixel, 1, BW_SWISH);
        else
            store_as(row, x + pixel, sums + pixel, 1, BW_MISH);
    }
}

BW_INLINE void store(const line *row, int x, bw_vector *sums, int pixels)
{
    bw_vector copy[PIXELS];
    switch (row->epilogue.activation) {
    case BW_LINEAR: store_as(row, x, sums, pixels, BW_LINEAR); return;
    case BW_RELU: store_as(row, x, sums, pixels, BW_RELU); return;
    case BW_LEAKY: store_as(row, x, sums, pixels, BW_LEAKY); return;
    case BW_CLIPPED: store_as(row, x, sums, pixels, BW_CLIPPED); return;
    case BW_HARD_LOGISTIC: store_as(row, x, sums, pixels, BW_HARD_LOGISTIC); return;
    case BW_HARD_SWISH: store_as(row, x, sums, pixels, BW_HARD_SWISH); return;
    case BW_LOGISTIC:
    case BW_SWISH:
    case BW_MISH:
    case BW_ACTIVATION_COUNT: break;
    }
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++)
        copy[pixel] = sums[pixel];
    store_smooth(row, x, copy, pixels);
}

/* `size` 0 stands for any window and stride. */
BW_INLINE void run_block(const line *row, int x, int pixels, int size, int stride)
{
    bw_vector sums[PIXELS];
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++)
        sums[pixel] = bw_vector_load(row->by.starts);
    if (size)
        sum_known(row, x, sums, pixels, size, stride);
    else
        sum_any(row, x, sums, pixels);
    store(row, x, sums, pixels);
}

BW_INLINE void run_line(const line *row, int size, int stride)
{
    int x = 0, width = row->operation->out.width;
    for (; x + PIXELS <= width; x += PIXELS)
        run_block(row, x, PIXELS, size, stride);
    if (width - x >= 4) {
        run_block(row, x, 4, size, stride);
        x += 4;
    }
    for (; x < width; x++)
        run_block(row, x, 1, size, stride);
}

#define LINE(size, stride)                                                                         \
    static void run_line_##size##_##stride(const line *row)                                        \
    {                                                                                              \
        run_line(row, size, stride);                                                               \
    }

LINE(3, 1)
LINE(3, 2)
LINE(5, 1)
LINE(5, 2)
LINE(0, 0)

typedef void line_function(const line *row);

static line_function *line_function_of(const bw_operation *operation)
{
    int size = operation->kernel_height, stride = operation->stride;
    if (size != operation->kernel_width || stride > 2)
        return run_line_0_0;
    if (size == 3)
        return stride == 1 ? run_line_3_1 : run_line_3_2;
    if (size == 5)
        return stride == 1 ? run_line_5_1 : run_line_5_2;
    return run_line_0_0;
}

/* The vector at `lane` of a plane, in the first row of a band. */
static line first_line(const bw_band *band, int lane)
{
    const bw_operation *operation = band->operation;
    const bw_operands *operands = band->operands;
    const bw_layout *in = &operation->in, *out = &operation->out;
    int top = band->first * operation->stride - operation->pad_top, rest = lane % BW_LANES;
    int vector = band->plane * (out->lanes / BW_LANES) + lane / BW_LANES;
    line row = {.operation = operation, .epilogue = bw_epilogue_of(operation)};
    row.by = weights_of(operation, operands->weights, vector);
    row.by.starts += rest;
    row.by.positions += rest;
    row.epilogue.multipliers = row.by.multipliers + rest;
    row.epilogue.offsets = row.by.offsets + rest;
    row.from = bw_row_of(in, operands->in, band->image, band->plane, top);
    row.from += lane - (ptrdiff_t)operation->pad_left * in->lanes;
    if (operation->has_second) {
        row.second =
            bw_row_of(&operation->second, operands->second, band->image, band->plane, band->first);
        row.second += lane;
    }
    row.to = (uint8_t *)band->out + ((size_t)band->first * out->row_stride + (size_t)lane) *
                                        bw_type_size(out->format.type);
    return row;
}

/* Of lanes without a channel. */
static void clear_line(const line *row)
{
    const bw_layout *out = &row->operation->out;
    size_t size = bw_type_size(out->format.type), pixel = (size_t)out->lanes * size;
    for (int x = 0; x < out->width; x++)
        memset(row->to + (size_t)x * pixel, 0, BW_VECTOR_LANES * size);
}

static void run_band(const bw_band *band, void *context)
{
    const bw_operation *operation = band->operation;
    const bw_layout *out = &operation->out;
    line_function *function = line_function_of(operation);
    int channels = out->channels - band->plane * out->lanes;
    (void)context;
    for (int lane = 0; lane < out->lanes; lane += BW_VECTOR_LANES) {
        line row = first_line(band, lane);
        for (int y = band->first; y < band->last; y++) {
            if (lane < channels)
                function(&row);
            else
                clear_line(&row);
            row.from += (size_t)operation->stride * operation->in.row_stride;
            row.to += out->row_stride * bw_type_size(out->format.type);
            if (row.second)
                row.second += operation->second.row_stride;
        }
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_bands_run(operation, operands, first, last, run_band, NULL);
}

#define DEPTHWISE(words, to)                                                                       \
    const bw_kernel bw_kernel_##words##_avx2 = {                                                   \
        .name = #words "_avx2",                                                                    \
        .family = BW_FAMILY_DEPTHWISE,                                                             \
        .in = BW_U8,                                                                               \
        .out = to,                                                                                 \
        .needs = BW_CPU_AVX2,                                                                      \
        .accepts = accepts,                                                                        \
        .cost = cost,                                                                              \
        .packed_bytes = packed_bytes,                                                              \
        .pack = pack,                                                                              \
        .units = bw_rows_units,                                                                    \
        .run = run,                                                                                \
    }

DEPTHWISE(depthwise_u8, BW_U8);
DEPTHWISE(depthwise_u8_f32, BW_F32);
