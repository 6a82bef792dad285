#include "kernels/x86/conv_direct.h"

#include "kernels/border.h"
#include "kernels/x86/conv_units.h"
#include "kernels/x86/weight_cycles.h"

enum { AHEAD_STEPS = 32 }; /* tiles shorter than this have no time to prefetch */

/* Work is in vector multiplications. */
static const bw_unit_limits limits = {
    .weight_bytes = 384 << 10, /* also of a round of one group */
    .input_bytes = 256 << 10,
    .least_work = 20000,
    .most_work = 500000,
};

typedef struct division {
    bw_units units;
    int rounds, round_planes; /* of input planes */
    size_t window, steps;     /* positions of the window; steps of a tile */
} division;

static division divide(const bw_conv_tiles *tiles, const bw_operation *operation)
{
    const bw_layout *in = &operation->in;
    int planes = bw_layout_planes(in);
    division d = {.window = (size_t)operation->kernel_height * (size_t)operation->kernel_width};
    d.steps = d.window * (size_t)in->channels;
    bw_unit_work work = {.panels = bw_layout_planes(&operation->out)};
    work.group_panels = tiles->blocks;
    work.group_bytes = d.steps * (size_t)work.group_panels * BW_LANES * sizeof(float);
    work.group_row = (double)d.steps * work.group_panels * operation->out.width;

    size_t rounds = work.group_bytes / (size_t)limits.weight_bytes + 1;
    d.rounds = rounds < (size_t)planes ? (int)rounds : planes;
    d.round_planes = bw_divide_up(planes, d.rounds);
    d.rounds = bw_divide_up(planes, d.round_planes);
    work.in_planes = d.round_planes;
    d.units = bw_units_cut(operation, &limits, &work);
    return d;
}

bool bw_conv_direct_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_CONV && operation->groups == 1 &&
           operation->out.lanes == BW_LANES &&
           (!operation->has_second || operation->second.lanes == BW_LANES) &&
           bw_border_suffices(operation);
}

/* In cycles of a core that multiplies one vector of 16 a cycle; see bw_winograd_cost. */
double bw_conv_direct_cost(const bw_conv_tiles *tiles, const bw_operation *operation)
{
    const bw_layout *out = &operation->out;
    division d = divide(tiles, operation);
    int planes = bw_layout_planes(out), row_tiles = bw_divide_up(out->width, tiles->pixels);
    double sums = (double)out->width * out->height * planes;
    double tile_count = (double)row_tiles * out->height * d.units.groups;
    double products = sums * (double)d.steps, least = 4.0 * tile_count * (double)d.steps;
    return 1.05 * tiles->product_cycles * (products > least ? products : least) + 4.0 * sums +
           40.0 * tile_count + bw_weight_cycles(bw_conv_direct_packed_bytes(operation));
}

size_t bw_conv_direct_packed_bytes(const bw_operation *operation)
{
    size_t steps = (size_t)operation->kernel_height * (size_t)operation->kernel_width *
                   (size_t)operation->in.channels;
    return (steps + 1) * (size_t)bw_layout_planes(&operation->out) * BW_LANES * sizeof(float);
}

/* The weights of one plane of a group, the `block`-th of `blocks`; channels past the last are 0. */
static void pack_plane(const bw_operation *operation, const float *weights, int plane, int block,
                       int blocks, float *packed)
{
    int inputs = operation->in.channels, lanes = operation->in.lanes;
    int window = operation->kernel_height * operation->kernel_width;
    float *to = packed + block * BW_LANES;
    for (int start = 0; start < inputs; start += lanes) {
        int end = start + lanes < inputs ? start + lanes : inputs;
        for (int position = 0; position < window; position++) {
            for (int input = start; input < end; input++, to += blocks * BW_LANES) {
                for (int lane = 0; lane < BW_LANES; lane++) {
                    int channel = plane * BW_LANES + lane;
                    size_t from =
                        ((size_t)channel * (size_t)inputs + (size_t)input) * (size_t)window +
                        (size_t)position;
                    to[lane] = channel < operation->out.channels ? weights[from] : 0.0f;
                }
            }
        }
    }
}

void bw_conv_direct_pack(const bw_conv_tiles *tiles, const bw_operation *operation,
                         const bw_filters *filters, void *packed)
{
    division d = divide(tiles, operation);
    int planes = d.units.panels;
    float *to = packed;
    for (int channel = 0; channel < planes * BW_LANES; channel++)
        *to++ = channel < operation->out.channels ? bw_filters_bias(filters, channel) : 0.0f;
    for (int group = 0; group < d.units.groups; group++) {
        int plane = group * d.units.group_panels, blocks = bw_units_panels(&d.units, group);
        for (int block = 0; block < blocks; block++)
            pack_plane(operation, filters->weights, plane + block, block, blocks, to);
        to += d.steps * (size_t)blocks * BW_LANES;
    }
}

size_t bw_conv_direct_scratch_bytes(const bw_conv_tiles *tiles, const bw_operation *operation)
{
    division d = divide(tiles, operation);
    if (d.rounds == 1)
        return 0;
    size_t pixels = (size_t)d.units.band_rows * (size_t)operation->out.width;
    return pixels * (size_t)d.units.group_panels * BW_LANES * sizeof(float);
}

int bw_conv_direct_units(const bw_conv_tiles *tiles, const bw_operation *operation, int images)
{
    division d = divide(tiles, operation);
    return bw_units_count(&d.units, images);
}

/** What the tiles of one group and one band have in common. */
typedef struct work {
    const bw_conv_tiles *tiles;
    const bw_operation *operation;
    const division *d;
    const float *in, *weights, *bias, *second; /* of the image; of the group */
    float *out, *sums;
    int blocks, first_row, last_row;
} work;

static bool in_registers(bw_activation activation)
{
    return activation == BW_LINEAR || activation == BW_RELU || activation == BW_LEAKY ||
           activation == BW_CLIPPED || activation == BW_HARD_SWISH;
}

/* What all tiles of a round of input planes have in common. */
static bw_conv_tile tile_of_round(const work *w, int round)
{
    const bw_operation *operation = w->operation;
    const bw_layout *in = &operation->in;
    int first = round * w->d->round_planes, planes = bw_layout_planes(in);
    int left = planes - first, last = round + 1 == w->d->rounds;
    size_t sum_block = (size_t)w->d->units.band_rows * (size_t)operation->out.width * BW_LANES;
    bw_conv_tile tile = {
        .in_plane = in->plane_stride,
        .in_row = in->row_stride,
        .in_column = (size_t)in->lanes,
        .in_pixel = (size_t)operation->stride * (size_t)in->lanes,
        .planes = last ? left : w->d->round_planes,
        .kernel_height = operation->kernel_height,
        .kernel_width = operation->kernel_width,
        .channels = in->lanes,
        .last_channels = last ? in->channels - (planes - 1) * in->lanes : in->lanes,
        .weights = w->weights +
                   (size_t)first * (size_t)in->lanes * w->d->window * (size_t)w->blocks * BW_LANES,
        .start_pixel = round ? BW_LANES : 0,
        .start_block = round ? sum_block : BW_LANES,
        .second_block = operation->second.plane_stride,
        .out_block = last ? operation->out.plane_stride : sum_block,
    };
    if (w->d->steps >= AHEAD_STEPS && in->lanes == BW_LANES)
        tile.ahead_columns = operation->stride;
    if (last && in_registers(operation->activation)) {
        tile.activation = operation->activation;
        tile.slope = operation->slope;
    }
    return tile;
}

/*
 * Runs a tile whose activation wants more registers than its sums leave: they go by way of a
 * buffer. It is not the output, which may be where the residual is.
 */
static void run_and_finish(const work *w, const bw_conv_tile *tile, int pixels)
{
    _Alignas(64) float sums[BW_TILE_BLOCKS * BW_TILE_PIXELS * BW_LANES];
    bw_conv_tile raw = *tile;
    raw.out = sums;
    raw.out_block = BW_TILE_PIXELS * BW_LANES;
    raw.second = NULL;
    w->tiles->run[w->blocks - 1][pixels - 1](&raw);
    for (int block = 0; block < w->blocks; block++) {
        const float *second = tile->second;
        if (second)
            second += (size_t)block * tile->second_block;
        w->tiles->finish(w->operation->activation, w->operation->slope,
                         sums + (size_t)block * raw.out_block, second,
                         tile->out + (size_t)block * tile->out_block, pixels);
    }
}

static void run_row(const work *w, int round, int y, bw_conv_tile *tile)
{
    const bw_operation *operation = w->operation;
    const bw_layout *in = &operation->in, *out = &operation->out;
    bool last = round + 1 == w->d->rounds, finish = last && !in_registers(operation->activation);
    ptrdiff_t top = (ptrdiff_t)y * operation->stride - operation->pad_top;
    const float *row = w->in + (size_t)(round * w->d->round_planes) * in->plane_stride +
                       top * (ptrdiff_t)in->row_stride - (ptrdiff_t)operation->pad_left * in->lanes;
    float *sums = w->sums;
    if (sums)
        sums += (size_t)(y - w->first_row) * (size_t)out->width * BW_LANES;
    float *to = last ? w->out + (size_t)y * out->row_stride : sums;
    const float *second = NULL;
    if (last && operation->has_second)
        second = w->second + (size_t)y * operation->second.row_stride;
    int count = bw_divide_up(out->width, w->tiles->pixels);
    for (int index = 0, x = 0; index < count; index++) {
        int end = (index + 1) * out->width / count;
        size_t at = (size_t)x * BW_LANES;
        tile->in = row + (size_t)x * tile->in_pixel;
        tile->ahead = (ptrdiff_t)((size_t)(end - x) * tile->in_pixel);
        if (index + 1 == count)
            tile->ahead = (ptrdiff_t)((size_t)operation->stride * in->row_stride) -
                          (ptrdiff_t)((size_t)x * tile->in_pixel);
        tile->start = round ? sums + at : w->bias;
        tile->out = to + at;
        tile->second = second ? second + at : NULL;
        if (finish)
            run_and_finish(w, tile, end - x);
        else
            w->tiles->run[w->blocks - 1][end - x - 1](tile);
        x = end;
    }
}

static void run_group(const work *w)
{
    for (int round = 0; round < w->d->rounds; round++) {
        bw_conv_tile tile = tile_of_round(w, round);
        for (int y = w->first_row; y < w->last_row; y++)
            run_row(w, round, y, &tile);
    }
    for (int block = 0; block < w->blocks; block++)
        bw_fill_border(&w->operation->out, w->out + (size_t)block * w->operation->out.plane_stride,
                       w->first_row, w->last_row);
}

static void run_unit(const bw_conv_tiles *tiles, const bw_operation *operation,
                     const bw_operands *operands, const division *d, int unit, float *scratch)
{
    const bw_layout *out = &operation->out;
    bw_unit_part part = bw_units_part(&d->units, operation, operands->images, unit);
    size_t image = (size_t)part.image, planes = (size_t)d->units.panels;
    work w = {.tiles = tiles, .operation = operation, .d = d, .sums = scratch};
    w.in = (const float *)operands->in + image * operation->in.image_stride;
    w.first_row = part.first;
    w.last_row = part.last;
    for (int group = part.first_group; group < part.last_group; group++) {
        size_t plane = (size_t)group * (size_t)d->units.group_panels;
        w.blocks = bw_units_panels(&d->units, group);
        w.bias = (const float *)operands->weights + plane * BW_LANES;
        w.weights = (const float *)operands->weights + (planes + plane * d->steps) * BW_LANES;
        w.out = (float *)operands->out + image * out->image_stride + plane * out->plane_stride;
        if (operation->has_second)
            w.second = (const float *)operands->second + image * operation->second.image_stride +
                       plane * operation->second.plane_stride;
        run_group(&w);
    }
}

void bw_conv_direct_run(const bw_conv_tiles *tiles, const bw_operation *operation,
                        const bw_operands *operands, int first, int last, void *scratch)
{
    division d = divide(tiles, operation);
    for (int unit = first; unit < last; unit++)
        run_unit(tiles, operation, operands, &d, unit, d.rounds > 1 ? scratch : NULL);
}
