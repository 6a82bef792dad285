/**
 * The text of the depthwise kernels of floats and of bfloat16: included by depthwise_<isa>.c and
 * depthwise_bf16_<isa>.c, after the vectors of that instruction set and never by another file.
 *
 * Eight neighbouring pixels of a row are computed at once, their sums in registers: each pixel of
 * the input is loaded once a row of the window and multiplied into every sum that wants it. The
 * sum of a pixel is always formed in the same order, bias first, wherever in a block it lies.
 */
#ifndef BW_KERNELS_X86_DEPTHWISE_VECTOR_H
#define BW_KERNELS_X86_DEPTHWISE_VECTOR_H

#include "kernels/x86/depthwise.h"
#include "kernels/x86/numbers_vector.h"

enum {
    BLOCK = 8,
    STRIP_PIXELS = 384, /* of all rows of a window: 24 KiB of the L1 cache as floats */
};

/* What pixels are in memory, constant where loops unroll: `lanes` numbers, those of the input and
 * of a residual bfloat16 or not, and those of the output. */
typedef struct pixel_form {
    bool halves, to_halves;
    int lanes;
} pixel_form;

/* One vector of every pixel of a part of a row: where it comes from and goes to. */
typedef struct row_part {
    const bw_operation *operation;
    const uint8_t *from, *second; /* second: NULL for no residual */
    const float *weights;
    uint8_t *to;
    int width;
} row_part;

/* Some columns of a band. */
typedef struct column_strip {
    const bw_band *band;
    int x, width;
} column_strip;

/* Vectors without a channel in them are only cleared: of half a plane AVX2 moves half the bytes. */
static double estimate(const bw_operation *operation, double tap_cycles)
{
    const bw_layout *out = &operation->out;
    int vectors = (out->channels + BW_VECTOR_LANES - 1) / BW_VECTOR_LANES;
    double moved = 2.0 * BW_VECTOR_LANES / BW_LANES;
    double taps = (double)operation->kernel_height * operation->kernel_width;
    return (double)out->height * out->width * vectors * (moved + tap_cycles * taps);
}

BW_INLINE bw_vector load_pixel(const uint8_t *from, ptrdiff_t pixels, pixel_form form)
{
    return load_numbers(from + bytes_of(pixels * form.lanes, form.halves), form.halves);
}

/* Sums over windows of a size that is known here, so that all loops unroll. */
BW_INLINE void sum_known(row_part line, int x, bw_vector *sum, int count, int kernel, int stride,
                         pixel_form form)
{
    ptrdiff_t row_bytes = bytes_of((ptrdiff_t)line.operation->in.row_stride, form.halves);
    const uint8_t *from = line.from + bytes_of((ptrdiff_t)x * stride * form.lanes, form.halves);
    BW_UNROLL
    for (int index = 0; index < count; index++)
        sum[index] = bw_vector_load(line.weights);
    BW_UNROLL
    for (int row = 0; row < kernel; row++) {
        const float *weights = line.weights + (1 + row * kernel) * BW_LANES;
        const uint8_t *pixel = from + row * row_bytes;
#pragma GCC unroll 32
        for (int column = 0; column < (count - 1) * stride + kernel; column++) {
            bw_vector value = load_pixel(pixel, column, form);
            __asm__("" : "+v"(value)); /* else it is loaded again for every product */
            BW_UNROLL
            for (int index = 0; index < count; index++) {
                int tap = column - index * stride;
                if (tap >= 0 && tap < kernel)
                    sum[index] =
                        bw_vector_fma(value, bw_vector_load(weights + tap * BW_LANES), sum[index]);
            }
        }
    }
}

/* The same for windows of any size. */
BW_INLINE void sum_any(row_part line, int x, bw_vector *sum, int count, pixel_form form)
{
    const bw_operation *operation = line.operation;
    ptrdiff_t stride = operation->stride;
    ptrdiff_t row_bytes = bytes_of((ptrdiff_t)operation->in.row_stride, form.halves);
    const uint8_t *from = line.from + bytes_of(x * stride * form.lanes, form.halves);
    const float *weights = line.weights;
    BW_UNROLL
    for (int index = 0; index < count; index++)
        sum[index] = bw_vector_load(weights);
    for (int row = 0; row < operation->kernel_height; row++) {
        const uint8_t *pixel = from + row * row_bytes;
        for (int column = 0; column < operation->kernel_width; column++) {
            weights += BW_LANES;
            bw_vector weight = bw_vector_load(weights);
            BW_UNROLL
            for (int index = 0; index < count; index++)
                sum[index] =
                    bw_vector_fma(load_pixel(pixel, index * stride, form), weight, sum[index]);
            pixel += bytes_of(form.lanes, form.halves);
        }
    }
}

BW_INLINE void store_pixel(const row_part *line, int x, bw_vector value, pixel_form form)
{
    ptrdiff_t at = (ptrdiff_t)x * form.lanes;
    if (line->second)
        value = bw_vector_add(value, load_pixel(line->second, x, form));
    store_numbers(line->to + bytes_of(at, form.to_halves), value, form.to_halves);
}

/* The activations that take an exponential, apart from the loop that keeps its sums in registers.
 */
static __attribute__((noinline)) void store_smooth(const row_part *line, int x,
                                                   const bw_vector *sum, int count, pixel_form form)
{
    bw_activation activation = line->operation->activation;
    for (int index = 0; index < count; index++)
        store_pixel(line, x + index, bw_vector_activate(activation, bw_vector_zero(), sum[index]),
                    form);
}

BW_INLINE void store_piecewise(row_part line, int x, const bw_vector *sum, int count,
                               bw_activation activation, pixel_form form)
{
    bw_vector slope = bw_vector_set(line.operation->slope);
    BW_UNROLL
    for (int index = 0; index < count; index++)
        store_pixel(&line, x + index, bw_vector_activate(activation, slope, sum[index]), form);
}

BW_INLINE void store(row_part line, int x, const bw_vector *sum, int count, pixel_form form)
{
    bw_vector copy[BLOCK];
    row_part copy_of_line = line;
    switch (line.operation->activation) {
    case BW_LINEAR: store_piecewise(line, x, sum, count, BW_LINEAR, form); return;
    case BW_RELU: store_piecewise(line, x, sum, count, BW_RELU, form); return;
    case BW_LEAKY: store_piecewise(line, x, sum, count, BW_LEAKY, form); return;
    case BW_CLIPPED: store_piecewise(line, x, sum, count, BW_CLIPPED, form); return;
    case BW_HARD_LOGISTIC: store_piecewise(line, x, sum, count, BW_HARD_LOGISTIC, form); return;
    case BW_HARD_SWISH: store_piecewise(line, x, sum, count, BW_HARD_SWISH, form); return;
    case BW_LOGISTIC:
    case BW_SWISH:
    case BW_MISH:
    case BW_ACTIVATION_COUNT: break;
    }
    BW_UNROLL
    for (int index = 0; index < count; index++)
        copy[index] = sum[index];
    store_smooth(&copy_of_line, x, copy, count, form);
}

/* `kernel` 0 stands for any size and stride. */
BW_INLINE void run_block(row_part line, int x, int count, int kernel, int stride, pixel_form form)
{
    bw_vector sum[BLOCK];
    if (kernel)
        sum_known(line, x, sum, count, kernel, stride, form);
    else
        sum_any(line, x, sum, count, form);
    store(line, x, sum, count, form);
}

BW_INLINE void run_line(row_part line, int kernel, int stride, pixel_form form)
{
    int x = 0, width = line.width;
    for (; x + BLOCK <= width; x += BLOCK)
        run_block(line, x, BLOCK, kernel, stride, form);
    if (width - x >= 4) {
        run_block(line, x, 4, kernel, stride, form);
        x += 4;
    }
    if (width - x >= 2) {
        run_block(line, x, 2, kernel, stride, form);
        x += 2;
    }
    if (x < width)
        run_block(line, x, 1, kernel, stride, form);
}

static row_part part_of(const column_strip *strip, pixel_form form)
{
    const bw_band *band = strip->band;
    const bw_operation *operation = band->operation;
    const bw_operands *operands = band->operands;
    int top = band->first * operation->stride - operation->pad_top;
    ptrdiff_t left = (ptrdiff_t)strip->x * operation->stride - operation->pad_left;
    ptrdiff_t x = (ptrdiff_t)strip->x * form.lanes;
    ptrdiff_t row = (ptrdiff_t)((size_t)band->first * operation->out.row_stride);
    row_part part = {.operation = operation, .width = strip->width};
    part.from = bw_row_of(&operation->in, operands->in, band->image, band->plane, top);
    part.from += bytes_of(left * form.lanes, form.halves);
    part.weights =
        bw_depthwise_weights(operation, operands->weights, band->plane * form.lanes / BW_LANES);
    part.to = (uint8_t *)band->out + bytes_of(row + x, form.to_halves);
    if (operation->has_second) {
        part.second =
            bw_row_of(&operation->second, operands->second, band->image, band->plane, band->first);
        part.second += bytes_of(x, form.halves);
    }
    return part;
}

BW_INLINE void clear_lanes(const row_part *line, pixel_form form)
{
    for (int x = 0; x < line->width; x++)
        store_numbers(line->to + bytes_of((ptrdiff_t)x * form.lanes, form.to_halves),
                      bw_vector_zero(), form.to_halves);
}

/* The lanes of a vector, `lane` the first. */
static inline row_part lanes_of(row_part part, int lane, pixel_form form)
{
    size_t panel = (size_t)(lane / BW_LANES) * bw_depthwise_panel(part.operation);
    part.from += bytes_of(lane, form.halves);
    part.weights += panel + (size_t)(lane % BW_LANES);
    part.to += bytes_of(lane, form.to_halves);
    if (part.second)
        part.second += bytes_of(lane, form.halves);
    return part;
}

BW_INLINE void run_strip(const column_strip *strip, int kernel, int stride, pixel_form form)
{
    const bw_operation *operation = strip->band->operation;
    row_part part = part_of(strip, form);
    int channels = operation->out.channels - strip->band->plane * form.lanes;
    ptrdiff_t step = (ptrdiff_t)((size_t)operation->stride * operation->in.row_stride);
    for (int y = strip->band->first; y < strip->band->last; y++) {
        for (int lane = 0; lane < form.lanes; lane += BW_VECTOR_LANES) {
            row_part line = lanes_of(part, lane, form);
            if (lane < channels)
                run_line(line, kernel, stride, form);
            else
                clear_lanes(&line, form);
        }
        part.from += bytes_of(step, form.halves);
        part.to += bytes_of((ptrdiff_t)operation->out.row_stride, form.to_halves);
        if (part.second)
            part.second += bytes_of((ptrdiff_t)operation->second.row_stride, form.halves);
    }
}

typedef void strip_function(const column_strip *strip);

/** The functions for one form of pixels: windows of 3 and 5 at stride 1 and 2, and all others. */
typedef struct strip_functions {
    strip_function *known[2][2]; /* [3 or 5][stride - 1]; NULL where the others are to serve */
    strip_function *any;
} strip_functions;

#define STRIP_FUNCTION(name, kernel, stride, ...)                                                  \
    static void name(const column_strip *strip)                                                    \
    {                                                                                              \
        run_strip(strip, kernel, stride, (pixel_form){__VA_ARGS__});                               \
    }

/** Defines the functions `name` of a form, whose members follow. */
#define STRIP_FUNCTIONS(name, ...)                                                                 \
    STRIP_FUNCTION(name##_3_1, 3, 1, __VA_ARGS__)                                                  \
    STRIP_FUNCTION(name##_3_2, 3, 2, __VA_ARGS__)                                                  \
    STRIP_FUNCTION(name##_5_1, 5, 1, __VA_ARGS__)                                                  \
    STRIP_FUNCTION(name##_5_2, 5, 2, __VA_ARGS__)                                                  \
    STRIP_FUNCTION(name##_any, 0, 0, __VA_ARGS__)                                                  \
    static const strip_functions name = {                                                          \
        .known = {{name##_3_1, name##_3_2}, {name##_5_1, name##_5_2}},                             \
        .any = name##_any,                                                                         \
    };

static strip_function *choose_strip(const strip_functions *functions, const bw_operation *operation)
{
    int kernel = operation->kernel_height, stride = operation->stride;
    bool known = kernel == operation->kernel_width && stride <= 2 && (kernel == 3 || kernel == 5);
    strip_function *found = known ? functions->known[kernel / 5][stride - 1] : NULL;
    return found ? found : functions->any;
}

/* How many columns are computed at once, all rows of a band, so that the input stays in L1. */
static int strip_width(const bw_operation *operation)
{
    int window = operation->kernel_height * operation->stride;
    int pixels = window < STRIP_PIXELS ? STRIP_PIXELS / window : 1;
    int strips = (operation->out.width + pixels - 1) / pixels;
    int width = (operation->out.width + strips - 1) / strips;
    return (width + BLOCK - 1) / BLOCK * BLOCK;
}

/** What bands are computed by. */
typedef struct by_strips {
    const strip_functions *functions;
} by_strips;

static void run_band(const bw_band *band, void *context)
{
    const by_strips *strips = context;
    int total = band->operation->out.width, width = strip_width(band->operation);
    strip_function *function = choose_strip(strips->functions, band->operation);
    for (int x = 0; x < total; x += width) {
        column_strip strip = {band, x, total - x < width ? total - x : width};
        function(&strip);
    }
}

/** A kernel of the includer's `cost` and `run`. */
#define BW_DEPTHWISE_KERNEL(words, from, to, features, accept)                                     \
    const bw_kernel bw_kernel_##words = {                                                          \
        .name = #words,                                                                            \
        .family = BW_FAMILY_DEPTHWISE,                                                             \
        .in = from,                                                                                \
        .out = to,                                                                                 \
        .needs = features,                                                                         \
        .accepts = accept,                                                                         \
        .cost = cost,                                                                              \
        .packed_bytes = bw_depthwise_packed_bytes,                                                 \
        .pack = bw_depthwise_pack,                                                                 \
        .units = bw_rows_units,                                                                    \
        .run = run,                                                                                \
    }

#endif
