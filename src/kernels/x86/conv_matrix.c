#include "kernels/x86/conv_matrix.h"

#include <string.h>

#include "kernels/quantize.h"
#include "kernels/x86/conv_panels.h"
#include "kernels/x86/conv_units.h"
#include "kernels/x86/weight_cycles.h"

enum {
    PRODUCT_CYCLES = 22, /* of one product of tiles */
    GROUP = 4,           /* bytes along K that stand together in a tile of weights */
};

/* Work is in cycles. */
static const bw_unit_limits limits = {
    .weight_bytes = 512 << 10,
    .input_bytes = 512 << 10,
    .least_work = 40000,
    .most_work = 1000000,
};

/** How pixels are cut into tiles. */
typedef struct cut {
    int lines, length; /* positions of a line, */
    int pitch;         /* from one row to the next */
    int pixels;        /* of a tile */
    int line_tiles, tiles;
} cut;

typedef struct division {
    bw_units units;
    bool flowing;                        /* whether a line is a band of rows, else a row */
    int run, bytes, steps;               /* bytes of a run and of a step; steps of a block */
    size_t list_bytes;                   /* of the places */
    size_t tile_bytes;                   /* of a step's weights for one panel */
    size_t parameter_bytes, group_bytes; /* of a group's parameters; of all that is packed of it */
} division;

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static size_t round_up(size_t size)
{
    return (size + 63) / 64 * 64;
}

static int size_of(const bw_layout *layout)
{
    return (int)bw_type_size(layout->format.type);
}

static cut cut_rows(const bw_operation *operation, bool flowing, int rows)
{
    const bw_layout *in = &operation->in;
    int width = operation->out.width;
    cut made = {.lines = rows, .length = width, .pitch = width};
    made.pixels = bw_divide_up(width, bw_divide_up(width, BW_MATRIX_ROWS));
    if (flowing) {
        made.pitch = (int)in->row_stride / in->lanes;
        made.lines = 1;
        made.length = (rows - 1) * made.pitch + width;
        made.pixels = smaller(made.length, BW_MATRIX_ROWS);
    }
    made.line_tiles = bw_divide_up(made.length, made.pixels);
    made.tiles = made.lines * made.line_tiles;
    return made;
}

/* What a cut costs, in products of whole tiles: half of the products come with new weights, and
 * those take the time of 16 pixels whatever they have. */
static double cut_products(const cut *of)
{
    return of->tiles * (double)(BW_MATRIX_ROWS + of->pixels) / (2 * BW_MATRIX_ROWS);
}

static bool flows(const bw_operation *operation)
{
    const bw_layout *in = &operation->in;
    if (operation->stride != 1 || in->row_stride % (size_t)in->lanes != 0)
        return false;
    cut bands = cut_rows(operation, true, operation->out.height);
    cut rows = cut_rows(operation, false, operation->out.height);
    return cut_products(&bands) < cut_products(&rows);
}

/* Panels that are written: halves leave no lane of a plane as it was. */
static int count_panels(const bw_layout *out)
{
    return out->format.type == BW_BF16 ? bw_layout_planes(out) * (out->lanes / BW_LANES)
                                       : bw_divide_up(out->channels, BW_LANES);
}

static division divide(const bw_operation *operation)
{
    const bw_layout *in = &operation->in;
    int planes = bw_layout_planes(in), panels = count_panels(&operation->out);
    int group_panels = smaller(panels, BW_MATRIX_PANELS);
    division d = {.flowing = flows(operation)};
    d.run = operation->kernel_width * in->lanes * size_of(in);
    d.bytes = smaller(d.run, BW_MATRIX_BYTES);
    d.steps = operation->kernel_height * planes * bw_divide_up(d.run, d.bytes);
    d.list_bytes = round_up((size_t)d.steps * sizeof(int32_t));
    d.tile_bytes = (size_t)d.bytes / GROUP * BW_LANES * GROUP;
    d.parameter_bytes = (size_t)group_panels * BW_LANES * BW_PARAMETER_BYTES;
    d.group_bytes = round_up(d.parameter_bytes + (size_t)(d.steps * group_panels) * d.tile_bytes);

    double row_tiles = (double)operation->out.width / BW_MATRIX_ROWS;
    bw_unit_work work = {
        .panels = panels,
        .group_panels = group_panels,
        .in_planes = planes,
        .group_bytes = d.group_bytes,
        .group_row = row_tiles * PRODUCT_CYCLES * d.steps * group_panels,
    };
    d.units = bw_units_cut(operation, &limits, &work);
    return d;
}

bool bw_conv_matrix_accepts(const bw_operation *operation)
{
    const bw_layout *in = &operation->in;
    bool fits = in->format.type != BW_U8 || bw_sum_terms(operation) <= BW_SUM_TERMS;
    return operation->family == BW_FAMILY_CONV && operation->groups == 1 && fits &&
           in->lanes % BW_IMAGE_LANES == 0 &&
           in->image_stride < (size_t)(INT32_MAX / size_of(in)) && bw_panels_fit(operation);
}

/*
 * In the unit of bw_conv_direct_cost. A processor with AMX multiplies two vectors a cycle where
 * that unit has one, so a cycle of it counts as two.
 */
double bw_conv_matrix_cost(const bw_matrix_method *method, const bw_operation *operation)
{
    const bw_layout *out = &operation->out;
    division d = divide(operation);
    cut whole = cut_rows(operation, d.flowing, out->height);
    double sums = (double)out->width * out->height * d.units.panels;
    double blocks = (double)bw_divide_up(whole.tiles, BW_MATRIX_TILES) * d.units.groups;
    return 2.0 * method->product_cycles * cut_products(&whole) * d.units.panels * d.steps +
           6.0 * sums + 100.0 * blocks + bw_weight_cycles(bw_conv_matrix_packed_bytes(operation));
}

size_t bw_conv_matrix_packed_bytes(const bw_operation *operation)
{
    division d = divide(operation);
    return d.list_bytes + (size_t)d.units.groups * d.group_bytes;
}

/** A step: a part of the run of one row of the window in one plane. */
typedef struct step {
    int row, plane;
    int first, begun; /* bytes of the run: where it starts, and where its own part does */
} step;

static step step_at(const bw_operation *operation, const division *d, int index)
{
    int run_steps = bw_divide_up(d->run, d->bytes), planes = bw_layout_planes(&operation->in);
    step made = {.row = index / run_steps / planes, .plane = index / run_steps % planes};
    made.begun = index % run_steps * d->bytes;
    made.first = smaller(made.begun, d->run - d->bytes);
    return made;
}

static int32_t place_of(const bw_layout *in, const step *at)
{
    size_t numbers = (size_t)at->plane * in->plane_stride + (size_t)at->row * in->row_stride;
    return (int32_t)(numbers * (size_t)size_of(in)) + at->first;
}

/* Writes one weight; `number` counts the numbers of the run. */
static void pack_weight(const bw_operation *operation, const bw_filters *filters, const step *at,
                        int number, int output, uint8_t *to)
{
    const bw_layout *in = &operation->in;
    int input = at->plane * in->lanes + number % in->lanes;
    bool own = number * size_of(in) >= at->begun;
    if (!own || input >= in->channels || output >= operation->out.channels)
        return;
    size_t row =
        ((size_t)output * (size_t)in->channels + (size_t)input) * (size_t)operation->kernel_height +
        (size_t)at->row;
    size_t index = row * (size_t)operation->kernel_width + (size_t)(number / in->lanes);
    bw_filters_store(filters, index, in->format.type, to);
}

static void pack_tile(const bw_operation *operation, const bw_filters *filters, const division *d,
                      const step *at, int panel, uint8_t *to)
{
    int size = size_of(&operation->in);
    for (int byte = 0; byte < d->bytes; byte += GROUP) {
        for (int lane = 0; lane < BW_LANES; lane++) {
            for (int part = 0; part < GROUP; part += size, to += size)
                pack_weight(operation, filters, at, (at->first + byte + part) / size,
                            panel * BW_LANES + lane, to);
        }
    }
}

/* Sums of halves start with the bias and need nothing else. */
static void pack_parameters(const bw_operation *operation, const bw_filters *filters, int first,
                            int channels, uint8_t *to)
{
    if (operation->in.format.type == BW_U8) {
        bw_parameters_pack(operation, filters, first, channels, to);
        return;
    }
    float *starts = (float *)(void *)to + 2 * (ptrdiff_t)channels;
    for (int index = 0; index < channels && first + index < operation->out.channels; index++)
        starts[index] = bw_filters_bias(filters, first + index);
}

static void pack_group(const bw_operation *operation, const bw_filters *filters, const division *d,
                       int group, uint8_t *to)
{
    int panel = group * d->units.group_panels, panels = bw_units_panels(&d->units, group);
    pack_parameters(operation, filters, panel * BW_LANES, d->units.group_panels * BW_LANES, to);
    to += d->parameter_bytes;
    for (int index = 0; index < d->steps; index++) {
        step at = step_at(operation, d, index);
        for (int block = 0; block < panels; block++, to += d->tile_bytes)
            pack_tile(operation, filters, d, &at, panel + block, to);
    }
}

void bw_conv_matrix_pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    division d = divide(operation);
    memset(packed, 0, bw_conv_matrix_packed_bytes(operation));
    int32_t *places = packed;
    for (int index = 0; index < d.steps; index++) {
        step at = step_at(operation, &d, index);
        places[index] = place_of(&operation->in, &at);
    }
    uint8_t *to = (uint8_t *)packed + d.list_bytes;
    for (int group = 0; group < d.units.groups; group++, to += d.group_bytes)
        pack_group(operation, filters, &d, group, to);
}

bool bw_conv_matrix_sound(const bw_operation *operation, const void *packed)
{
    division d = divide(operation);
    const int32_t *places = packed;
    for (int index = 0; index < d.steps; index++) {
        step at = step_at(operation, &d, index);
        if (places[index] != place_of(&operation->in, &at))
            return false;
    }
    return true;
}

int bw_conv_matrix_units(const bw_operation *operation, int images)
{
    division d = divide(operation);
    return bw_units_count(&d.units, images);
}

/** The state of a call: one image, one band and one group at a time. */
typedef struct work {
    _Alignas(64) int32_t sums[2][BW_MATRIX_TILES * BW_MATRIX_PANELS * BW_MATRIX_SUMS];
    bw_finishing finishing[2]; /* of the block before and of the next one, by turns */
    int turn;
    const bw_matrix_method *method;
    const bw_operation *operation;
    const bw_operands *operands;
    bw_matrix_block block;
    bw_epilogue epilogue;
    bw_conv_image image;
    int panel, panels;
    int first; /* row of the output */
    cut cut;
    const uint8_t *window; /* of the band's first pixel */
} work;

static ptrdiff_t panel_distance(const bw_layout *layout, int panel)
{
    return bw_panel_at(layout, panel + 1) - bw_panel_at(layout, panel);
}

/* Readies the record of a block without pixels. */
static bw_finishing *begin_finishing(work *w)
{
    const bw_layout *out = &w->operation->out, *second = &w->operation->second;
    bw_finishing *made = &w->finishing[w->turn];
    made->epilogue = w->epilogue;
    made->out = out->format.type;
    made->panels = w->panels;
    made->out_pixel = bw_pixel_at(out, 0, 1);
    made->out_panel = panel_distance(out, w->panel);
    if (w->operation->has_second) {
        made->second_pixel = bw_pixel_at(second, 0, 1);
        made->second_panel = panel_distance(second, w->panel);
    }
    made->count = made->next = made->pixels = 0;
    return made;
}

/* The pixels among the positions [from, to) of a line. */
static void add_runs(const work *w, bw_finishing *to_finish, int line, int from, int to,
                     const int32_t *sums)
{
    const bw_layout *out = &w->operation->out, *second = &w->operation->second;
    while (from < to) {
        int y = w->first + line + from / w->cut.pitch, x = from % w->cut.pitch;
        bool inside = x < out->width;
        int count = smaller(to - from, (inside ? out->width : w->cut.pitch) - x);
        if (inside) {
            bw_pixel_run *run = &to_finish->runs[to_finish->count++];
            run->sums = sums;
            run->pixels = count;
            run->out = w->image.out + bw_panel_at(out, w->panel) + bw_pixel_at(out, y, x);
            run->second = NULL;
            if (w->operation->has_second)
                run->second =
                    w->image.second + bw_panel_at(second, w->panel) + bw_pixel_at(second, y, x);
            to_finish->pixels += count;
        }
        from += count;
        sums += count * BW_LANES;
    }
}

static void run_block(work *w, int first, int tiles)
{
    const bw_layout *in = &w->operation->in;
    bw_finishing *before = &w->finishing[!w->turn], *next = begin_finishing(w);
    w->block.sums = w->sums[w->turn];
    for (int tile = 0; tile < tiles; tile++) {
        int line = (first + tile) / w->cut.line_tiles, index = (first + tile) % w->cut.line_tiles;
        int wanted = index * w->cut.pixels;
        int start = smaller(wanted, w->cut.length - w->cut.pixels);
        w->block.in[tile] = w->window + bw_pixel_at(in, line * w->operation->stride, 0) +
                            (size_t)start * w->block.in_pixel;
        const int32_t *sums = w->block.sums + (ptrdiff_t)tile * BW_MATRIX_PANELS * BW_MATRIX_SUMS +
                              (ptrdiff_t)(wanted - start) * BW_LANES;
        add_runs(w, next, line, wanted, start + w->cut.pixels, sums);
    }
    w->block.finish_pixels = bw_divide_up(before->pixels, w->block.steps);
    w->method->multiply[tiles - 1][w->panels - 1](&w->block, before);
    w->turn = !w->turn;
}

static void run_group(work *w, const division *d, int group)
{
    const uint8_t *packed = (const uint8_t *)w->operands->weights + d->list_bytes;
    packed += (size_t)group * d->group_bytes;
    bw_parameters parameters = bw_parameters_at(packed, (size_t)d->units.group_panels * BW_LANES);
    w->epilogue.multipliers = parameters.multipliers;
    w->epilogue.offsets = parameters.offsets;
    w->block.starts = parameters.starts;
    w->block.weights = packed + d->parameter_bytes;
    w->panel = group * d->units.group_panels;
    w->panels = bw_units_panels(&d->units, group);
    for (int tile = 0; tile < w->cut.tiles; tile += BW_MATRIX_TILES)
        run_block(w, tile, smaller(w->cut.tiles - tile, BW_MATRIX_TILES));
}

static void run_unit(work *w, const division *d, int unit)
{
    const bw_operation *operation = w->operation;
    bw_unit_part part = bw_units_part(&d->units, operation, w->operands->images, unit);
    int rows = part.last - part.first, pixels = w->cut.pixels;
    w->image = bw_conv_image_of(operation, w->operands, part.image);
    w->first = part.first;
    w->cut = cut_rows(operation, d->flowing, rows);
    if (w->cut.pixels != pixels)
        w->method->configure(w->cut.pixels, d->bytes);
    w->window = w->image.in + bw_window_at(operation, w->first);
    for (int group = part.first_group; group < part.last_group; group++) {
        run_group(w, d, group);
        bw_panels_fill_border(&operation->out, w->image.out, w->panel, w->panels, part.first,
                              part.last);
    }
    bw_finishing *left = &w->finishing[!w->turn];
    w->method->finish(left, left->pixels);
}

void bw_conv_matrix_run(const bw_matrix_method *method, const bw_operation *operation,
                        const bw_operands *operands, int first, int last)
{
    division d = divide(operation);
    work w;
    w.finishing[0].pixels = w.finishing[1].pixels = 0;
    w.turn = 0;
    w.method = method;
    w.operation = operation;
    w.operands = operands;
    w.epilogue = bw_epilogue_of(operation);
    w.cut.pixels = 0;
    w.block = (bw_matrix_block){
        .in_pixel = (size_t)(operation->stride * operation->in.lanes * size_of(&operation->in)),
        .steps = d.steps,
        .bytes = d.bytes,
        .places = operands->weights,
    };
    for (int unit = first; unit < last; unit++)
        run_unit(&w, &d, unit);
    method->release();
}
