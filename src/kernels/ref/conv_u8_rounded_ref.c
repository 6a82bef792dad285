/**
 * The convolution of bytes that are rounded twice in plain C: kernels/rounded.h literally.
 * Filters are packed as they come in; multipliers of positions follow from those.
 */
#include <math.h>

#include "kernels/ref/conv_u8_ref.h"
#include "kernels/rounded.h"

enum {
    OUTPUTS = BW_ROUNDED_OUTPUTS,
    INPUTS = BW_ROUNDED_INPUTS,
    POINTS = BW_ROUNDED_POINTS,
    POSITIONS = BW_ROUNDED_POSITIONS,
    TAPS = BW_ROUNDED_TAPS,
    WINDOW = TAPS * TAPS,
};

/** One image and output channel at work. */
typedef struct channel_work {
    const bw_operation *operation;
    const bw_operands *operands;
    int image, channel;
    const uint8_t *in;      /* the image */
    const int8_t *integers; /* of the channel */
    int16_t multipliers[POSITIONS];
} channel_work;

static bool accepts(const bw_operation *operation)
{
    return bw_rounded_possible(operation);
}

static bool accepts_pooled(const bw_operation *operation)
{
    return accepts(operation) && !operation->has_second;
}

static double cost(const bw_operation *operation)
{
    return 4.0 * bw_conv_u8_ref_cost(operation);
}

/* A byte of the input; beyond the picture it is the zero point. */
static int32_t byte_at(const channel_work *w, int input, int y, int x)
{
    const bw_layout *in = &w->operation->in;
    bool inside = y >= 0 && y < in->height && x >= 0 && x < in->width;
    return inside ? w->in[bw_ref_at(in, input, y, x)] : in->format.zero_point;
}

/* A tile at the outputs from `y`, `x` on. */
typedef struct tile {
    int y, x;
    bw_rounded_tile size;
} tile;

/* Its inputs of a channel, transformed. */
static void transform_tile(const channel_work *w, int input, const tile *of,
                           int32_t to[POINTS][POINTS])
{
    int32_t half[INPUTS][POINTS] = {{0}};
    const int stride = of->size.stride;
    int y = of->y * stride - w->operation->pad_top, x = of->x * stride - w->operation->pad_left;
    for (int column = 0; column < bw_rounded_inputs(stride, of->size.columns); column++) {
        int32_t line[INPUTS] = {0};
        for (int row = 0; row < bw_rounded_inputs(stride, of->size.rows); row++)
            line[row] = byte_at(w, input, y + row, x + column);
        bw_rounded_input_line(stride, of->size.rows, line, half[column]);
    }
    for (int row = 0; row < POINTS; row++) {
        int32_t line[INPUTS] = {0};
        for (int column = 0; column < INPUTS; column++)
            line[column] = half[column][row];
        bw_rounded_input_line(stride, of->size.columns, line, to[row]);
    }
}

/* A transformed input, rounded, without what its byte has added. */
static int32_t steps_of(const channel_work *w, bw_rounded_tile size, int32_t transformed, int row,
                        int column)
{
    bool is_sum = bw_rounded_is_sum(size, row, column);
    int shift = bw_rounded_shift(size, row, column);
    return bw_rounded_input(transformed, shift, is_sum) -
           bw_rounded_added(is_sum, w->operation->in.format.zero_point);
}

static void add_input(const channel_work *w, int input, const tile *of,
                      int32_t sums[POINTS][POINTS])
{
    int32_t inputs[POINTS][POINTS], filter[POSITIONS];
    transform_tile(w, input, of, inputs);
    bw_rounded_filter_positions(of->size.stride, w->integers + (size_t)input * WINDOW, filter);
    for (int row = 0; row < POINTS; row++) {
        for (int column = 0; column < POINTS; column++) {
            if (bw_rounded_uses(of->size, row, column))
                sums[row][column] += steps_of(w, of->size, inputs[row][column], row, column) *
                                     bw_rounded_filter(filter[row * POINTS + column],
                                                       w->multipliers[row * POINTS + column]);
        }
    }
}

static float scale_at(const channel_work *w, bw_rounded_tile size, int row, int column)
{
    int16_t multiplier = w->multipliers[row * POINTS + column];
    return bw_rounded_scale(size.stride, row, column, multiplier) *
           bw_rounded_rescale(size, row, column);
}

/* The sums of a tile's outputs. */
static void compute_tile(const channel_work *w, const tile *of, int32_t outputs[OUTPUTS][OUTPUTS])
{
    static const float ones[POINTS] = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
    int32_t sums[POINTS][POINTS] = {{0}};
    float half[OUTPUTS][POINTS] = {{0.0f}};
    for (int input = 0; input < w->operation->in.channels; input++)
        add_input(w, input, of, sums);
    for (int column = 0; column < POINTS; column++) {
        float line[POINTS], scales[POINTS], made[OUTPUTS];
        for (int row = 0; row < POINTS; row++) {
            line[row] = (float)sums[row][column];
            scales[row] =
                bw_rounded_uses(of->size, row, column) ? scale_at(w, of->size, row, column) : 0.0f;
        }
        bw_rounded_output_line(of->size.stride, of->size.rows, line, scales, made);
        for (int row = 0; row < of->size.rows; row++)
            half[row][column] = made[row];
    }
    for (int row = 0; row < of->size.rows; row++) {
        float made[OUTPUTS];
        bw_rounded_output_line(of->size.stride, of->size.columns, half[row], ones, made);
        for (int column = 0; column < of->size.columns; column++)
            outputs[row][column] = (int32_t)lrintf(made[column]);
    }
}

/* The sum, after its activation. */
static float finish_sum(const channel_work *w, int32_t sum)
{
    const float *multipliers = w->operands->weights,
                *offsets = multipliers + w->operation->out.channels;
    float value = fmaf((float)sum, multipliers[w->channel], offsets[w->channel]);
    return bw_exact_activate(w->operation->activation, w->operation->slope, value);
}

static void store_sum(const channel_work *w, int y, int x, int32_t sum)
{
    const bw_operation *operation = w->operation;
    const bw_layout *second = &operation->second;
    float value = finish_sum(w, sum);
    if (operation->has_second)
        value = fmaf(bw_ref_steps(second, w->operands->second, w->image, w->channel, y, x),
                     bw_addend(operation, second->format), value);
    bw_ref_store(operation, w->operands, w->image, bw_ref_at(&operation->out, w->channel, y, x),
                 value);
}

/* The larger of what is there and what the sum comes to; `first` where nothing is there yet. */
static void store_larger(const channel_work *w, int y, int x, int32_t sum, bool first)
{
    const bw_layout *out = &w->operation->out;
    size_t at = (size_t)w->image * out->image_stride + bw_ref_at(out, w->channel, y, x);
    uint8_t *to = (uint8_t *)w->operands->out + at;
    uint8_t byte = bw_to_u8(finish_sum(w, sum) * bw_finish(w->operation), out->format.zero_point);
    if (first || byte > *to)
        *to = byte;
}

static void finish_output(const channel_work *w, int y, int x, int32_t sum)
{
    if (bw_pool_side(w->operation) == 1)
        store_sum(w, y, x, sum);
    else
        store_larger(w, y / 2, x / 2, sum, y % 2 == 0 && x % 2 == 0);
}

static void run_tile(const channel_work *w, const tile *of)
{
    int32_t outputs[OUTPUTS][OUTPUTS];
    const bw_layout *out = &w->operation->out;
    int side = bw_pool_side(w->operation);
    compute_tile(w, of, outputs);
    for (int row = 0; row < of->size.rows && of->y + row < side * out->height; row++)
        for (int column = 0; column < of->size.columns && of->x + column < side * out->width;
             column++)
            finish_output(w, of->y + row, of->x + column, outputs[row][column]);
}

static void run_channel(channel_work *w)
{
    int side = bw_pool_side(w->operation);
    int height = side * w->operation->out.height, width = side * w->operation->out.width;
    bw_rounded_multipliers(w->operation, w->integers, w->multipliers);
    const int stride = w->operation->stride, outputs = bw_rounded_outputs(stride);
    for (int y = 0; y < height; y += outputs) {
        for (int x = 0; x < width; x += outputs) {
            bw_rounded_tile size = {stride, bw_rounded_last_outputs(stride, height - y),
                                    bw_rounded_last_outputs(stride, width - x)};
            tile of = {y, x, size};
            run_tile(w, &of);
        }
    }
}

static void run_unit(const bw_operation *operation, const bw_operands *operands, int unit)
{
    const bw_layout *out = &operation->out;
    int planes = bw_layout_planes(out), image = unit / planes, plane = unit % planes;
    const int8_t *integers = (const int8_t *)((const float *)operands->weights + 2 * out->channels);
    int end = (plane + 1) * out->lanes;
    for (int channel = plane * out->lanes; channel < end && channel < out->channels; channel++) {
        channel_work w = {
            .operation = operation,
            .operands = operands,
            .image = image,
            .channel = channel,
            .in = (const uint8_t *)operands->in + (size_t)image * operation->in.image_stride,
            .integers = integers + (size_t)channel * (size_t)bw_sum_terms(operation),
        };
        run_channel(&w);
    }
    bw_ref_clear_rest(out, operands->out, image, plane);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    for (int unit = first; unit < last; unit++)
        run_unit(operation, operands, unit);
}

#define ROUNDED(words, of, to, acceptance)                                                         \
    const bw_kernel bw_kernel_##words##_rounded_ref = {                                            \
        .name = #words "_rounded_ref",                                                             \
        .family = of,                                                                              \
        .in = BW_U8,                                                                               \
        .out = to,                                                                                 \
        .rounds = true,                                                                            \
        .accepts = acceptance,                                                                     \
        .cost = cost,                                                                              \
        .packed_bytes = bw_conv_u8_ref_packed_bytes,                                               \
        .pack = bw_conv_u8_ref_pack,                                                               \
        .units = bw_ref_plane_units,                                                               \
        .run = run,                                                                                \
    }

ROUNDED(conv_u8, BW_FAMILY_CONV, BW_U8, accepts);
ROUNDED(conv_u8_f32, BW_FAMILY_CONV, BW_F32, accepts);
ROUNDED(conv_pool_u8, BW_FAMILY_CONV_POOL, BW_U8, accepts_pooled);
