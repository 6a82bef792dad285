#include "kernels/x86/conv_u8.h"

#include <assert.h>
#include <string.h>

#include "kernels/quantize.h"
#include "kernels/x86/bundles.h"
#include "kernels/x86/conv_panels.h"
#include "kernels/x86/weight_cycles.h"

enum {
    ROW_STEPS = 9,     /* the most for which rows pay, */
    ROW_PIXELS = 40,   /* and the least */
    TILE_CYCLES = 30,  /* of the call for a tile, */
    FLOATS_CYCLES = 3, /* of a pixel's 16 numbers where they leave as floats */
};

typedef struct division {
    bw_units units;
    int steps, segments; /* room of a group's list */
    size_t group_bytes;  /* of its packed weights */
} division;

/** Where the parts of a group's packed weights are. */
typedef struct group_parts {
    float *multipliers, *offsets;
    int32_t *starts;
    int8_t *weights;
    int32_t *places;
    bw_bundles *bundles;
} group_parts;

static size_t group_bytes(const division *d, int group_panels)
{
    size_t lanes = (size_t)group_panels * BW_LANES;
    size_t bytes = lanes * (2 * sizeof(float) + sizeof(int32_t));
    bytes += (size_t)d->steps * ((size_t)group_panels * BW_STEP_BYTES + sizeof(int32_t));
    bytes += (size_t)d->segments * sizeof(bw_bundles);
    return (bytes + 63) / 64 * 64;
}

static division divide(const bw_conv_u8_method *method, const bw_operation *operation)
{
    division d = {.steps = bw_list_steps(operation, method->blocks)};
    d.segments = bw_divide_up(d.steps, BW_SEGMENT_STEPS);
    d.group_bytes = group_bytes(&d, method->blocks);
    d.units = bw_list_units(operation, method->blocks, d.group_bytes, d.steps, method->step_cycles);
    return d;
}

static group_parts parts_of(const division *d, const void *packed, int group)
{
    union {
        const void *given;
        uint8_t *bytes;
    } address = {packed};
    uint8_t *start = address.bytes + (size_t)group * d->group_bytes;
    size_t lanes = (size_t)d->units.group_panels * BW_LANES, steps = (size_t)d->steps;
    group_parts parts;
    parts.multipliers = (float *)(void *)start;
    parts.offsets = parts.multipliers + lanes;
    parts.starts = (int32_t *)(void *)(parts.offsets + lanes);
    parts.weights = (int8_t *)(parts.starts + lanes);
    parts.places =
        (int32_t *)(void *)(parts.weights + steps * (size_t)d->units.group_panels * BW_STEP_BYTES);
    parts.bundles = (bw_bundles *)(void *)(parts.places + steps);
    return parts;
}

/* The steps are of one segment. */
bool bw_conv_row_possible(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    return operation->groups == 1 && bw_list_steps(operation, 1) <= BW_SEGMENT_STEPS &&
           out->format.type == BW_U8 && out->lanes == BW_LANES &&
           operation->stride * in->lanes <= BW_LANES &&
           (!operation->has_second ||
            (operation->second.lanes == BW_LANES && operation->stride * in->lanes == BW_LANES)) &&
           bw_activation_is_simple(operation->activation);
}

bool bw_conv_row_pays(const bw_operation *operation)
{
    return bw_conv_row_possible(operation) && bw_list_steps(operation, 1) <= ROW_STEPS &&
           operation->out.width >= ROW_PIXELS;
}

bool bw_conv_u8_accepts(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    return operation->family == BW_FAMILY_CONV && bw_sum_terms(operation) <= BW_SUM_TERMS &&
           in->lanes % BW_STEP_INPUT == 0 && in->image_stride < INT32_MAX &&
           (out->format.type == BW_U8 || out->lanes == BW_LANES) && bw_panels_fit(operation);
}

bool bw_conv_pool_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_CONV_POOL && !operation->has_second &&
           bw_activation_is_simple(operation->activation) &&
           (operation->activation != BW_LEAKY || operation->slope >= 0.0f);
}

/* In the unit of bw_conv_direct_cost. */
double bw_conv_u8_cost(const bw_conv_u8_method *method, const bw_operation *operation)
{
    const bw_layout *out = &operation->out;
    const int pool = bw_pool_side(operation);
    const int width = pool * out->width, height = pool * out->height;
    division d = divide(method, operation);
    double sums = (double)width * height * d.units.panels;
    int panels = bw_units_panels(&d.units, 0);
    double tiles =
        (double)bw_divide_up(out->width, method->pixels[panels - 1]) * out->height * d.units.groups;
    double finish = method->finish_cycles + (out->format.type == BW_F32 ? FLOATS_CYCLES : 0);
    return (method->step_cycles * d.steps + finish) * sums + TILE_CYCLES * tiles +
           bw_weight_cycles(bw_conv_u8_packed_bytes(method, operation));
}

size_t bw_conv_u8_packed_bytes(const bw_conv_u8_method *method, const bw_operation *operation)
{
    division d = divide(method, operation);
    return (size_t)d.units.groups * d.group_bytes;
}

static void pack_parameters(const bw_operation *operation, const bw_filters *filters, int channel,
                            int lane, const group_parts *parts)
{
    bool real = channel < operation->out.channels;
    parts->multipliers[lane] = real ? bw_multiplier(operation, filters, channel) : 0.0f;
    parts->offsets[lane] = real ? bw_offset(operation, filters, channel) : 0.0f;
    parts->starts[lane] = real ? bw_start(operation, filters, channel) : 0;
}

static void pack_bundles(bool bundled, int count, const group_parts *parts)
{
    for (int first = 0, segment = 0; first < count; first += BW_SEGMENT_STEPS, segment++) {
        int left = count - first, steps = left < BW_SEGMENT_STEPS ? left : BW_SEGMENT_STEPS;
        parts->bundles[segment] =
            bundled ? bw_bundles_sort(parts->places + first,
                                      parts->weights + (size_t)first * BW_STEP_BYTES, steps)
                    : (bw_bundles){.ones = steps};
    }
}

void bw_conv_u8_pack(const bw_conv_u8_method *method, const bw_operation *operation,
                     const bw_filters *filters, void *packed)
{
    division d = divide(method, operation);
    memset(packed, 0, bw_conv_u8_packed_bytes(method, operation));
    for (int group = 0; group < d.units.groups; group++) {
        group_parts parts = parts_of(&d, packed, group);
        int panel = group * d.units.group_panels, panels = bw_units_panels(&d.units, group);
        for (int lane = 0; lane < panels * BW_LANES; lane++)
            pack_parameters(operation, filters, panel * BW_LANES + lane, lane, &parts);
        int count = bw_list_places(operation, panel, panels, parts.places);
        bw_list_pack(operation, filters, panel, panels, parts.weights);
        pack_bundles(method->bundled, count, &parts);
    }
}

/* Whether four bytes at the place are of the window: what bw_list_places may give. */
static bool place_sound(const bw_operation *operation, int32_t place)
{
    const bw_layout *in = &operation->in;
    if (place < 0)
        return false;
    size_t plane = (size_t)place / in->plane_stride, rest = (size_t)place % in->plane_stride;
    size_t row = rest / in->row_stride, column = rest % in->row_stride / (size_t)in->lanes;
    return plane < (size_t)bw_layout_planes(in) && row < (size_t)operation->kernel_height &&
           column < (size_t)operation->kernel_width && rest % BW_STEP_INPUT == 0;
}

/* The steps that a segment's bundles take, or -1 where they are impossible. */
static int count_bundled(const bw_bundles *bundles)
{
    const int32_t counts[] = {bundles->fours, bundles->twos, bundles->ones, bundles->wides};
    for (int index = 0; index < 4; index++)
        if (counts[index] < 0 || counts[index] > BW_SEGMENT_STEPS)
            return -1;
    return 4 * bundles->fours + 2 * bundles->twos + bundles->ones + bundles->wides;
}

static bool group_sound(const bw_operation *operation, const division *d, const void *packed,
                        int group)
{
    group_parts parts = parts_of(d, packed, group);
    int total = 0;
    for (int segment = 0; segment < d->segments; segment++) {
        int steps = count_bundled(&parts.bundles[segment]);
        if (steps < 0 || steps > d->steps - total)
            return false;
        total += steps;
    }
    for (int step = 0; step < total; step++)
        if (!place_sound(operation, parts.places[step]))
            return false;
    return true;
}

bool bw_conv_u8_sound(const bw_conv_u8_method *method, const bw_operation *operation,
                      const void *packed)
{
    division d = divide(method, operation);
    for (int group = 0; group < d.units.groups; group++)
        if (!group_sound(operation, &d, packed, group))
            return false;
    return true;
}

int bw_conv_u8_units(const bw_conv_u8_method *method, const bw_operation *operation, int images)
{
    division d = divide(method, operation);
    return bw_units_count(&d.units, images);
}

bw_epilogue bw_epilogue_of(const bw_operation *operation)
{
    return (bw_epilogue){
        .activation = operation->activation,
        .slope = operation->slope,
        .second_factor = bw_addend(operation, operation->second.format),
        .finish = bw_finish(operation),
        .second_zero = operation->second.format.zero_point,
        .out_zero = operation->out.format.zero_point,
        .bytes = operation->out.format.type == BW_U8,
        .second_pixel = (size_t)operation->second.lanes,
        .out_pixel = (size_t)operation->out.lanes,
    };
}

/** One group and one image. */
typedef struct work {
    const bw_conv_u8_method *method;
    const bw_operation *operation;
    const void *weights;
    bw_conv_image image;
    bw_conv_steps_function *const *tiles; /* [pixels - 1] */
    int tile_pixels;
    bw_epilogue epilogues[BW_U8_BLOCKS];
    bw_conv_steps steps;
    int32_t *sums;
    int rows, panel, panels;
    size_t tile_later; /* bytes of the next group that a tile asks for */
} work;

static uint8_t *output_row(const work *w, int panel, int y)
{
    const bw_layout *out = &w->operation->out;
    return w->image.out + bw_panel_at(out, panel) + bw_pixel_at(out, y, 0);
}

/* NULL where there is no residual. */
static const uint8_t *second_row(const work *w, int panel, int y)
{
    const bw_layout *second = &w->operation->second;
    return w->image.second
               ? w->image.second + bw_panel_at(second, panel) + bw_pixel_at(second, y, 0)
               : NULL;
}

/* The window of a row's first pixel. */
static const uint8_t *input_row(const work *w, int y)
{
    return w->image.in + bw_window_at(w->operation, y * bw_pool_side(w->operation));
}

/* Neighbouring pixels of a row whose sums are complete. */
static void finish_pixels(const work *w, int y, int x, int pixels)
{
    const bw_operation *operation = w->operation;
    const bw_layout *out = &operation->out;
    for (int block = 0; block < w->panels; block++) {
        int panel = w->panel + block;
        uint8_t *to = output_row(w, panel, y);
        const uint8_t *addend = second_row(w, panel, y);
        if (addend)
            addend += bw_pixel_at(&operation->second, 0, x);
        w->method->finish(&w->epilogues[block], w->sums + (ptrdiff_t)block * BW_U8_SUMS, addend,
                          to + bw_pixel_at(out, 0, x), pixels);
    }
}

/* Whether the second half of a panel has no channel. */
static bool is_half(const bw_operation *operation, int panel)
{
    return operation->out.channels - panel * BW_LANES <= BW_LANES / 2;
}

/* Whole, panel by panel. */
static void run_row(const work *w, int y)
{
    bw_conv_row row = {
        .in = input_row(w, y),
        .in_pixel = w->steps.in_pixel,
        .in_row = w->steps.in_row,
        .steps = w->steps.bundles->ones,
        .pixels = w->operation->out.width,
        .places = w->steps.places,
        .weights_step = (size_t)w->panels * BW_STEP_BYTES,
    };
    for (int block = 0; block < w->panels; block++) {
        int panel = w->panel + block;
        row.weights = w->steps.weights + block * BW_STEP_BYTES;
        row.starts = w->steps.starts + block * BW_LANES;
        row.epilogue = &w->epilogues[block];
        row.second = second_row(w, panel, y);
        row.out = output_row(w, panel, y);
        row.narrow = is_half(w->operation, panel);
        w->method->row(&row);
    }
}

/* Tiles of nearly equal width; the epilogue takes the sums of several at once. */
static void run_tiles(work *w, int y)
{
    int width = w->operation->out.width, tiles = bw_divide_up(width, w->tile_pixels);
    int pool = bw_pool_side(w->operation);
    int least = width / tiles, wider = width % tiles, finished = 0;
    w->steps.in = input_row(w, y);
    w->steps.sums = w->sums;
    for (int tile = 0, x = 0; tile < tiles; tile++) {
        int pixels = least + (tile < wider);
        if (x + pixels - finished > BW_U8_STRETCH) {
            finish_pixels(w, y, finished, x - finished);
            finished = x;
            w->steps.sums = w->sums;
        }
        w->tiles[pixels - 1](&w->steps);
        w->steps.later += w->tile_later;
        w->steps.in += (size_t)(pixels * pool) * w->steps.in_pixel;
        w->steps.sums += (ptrdiff_t)pixels * BW_LANES;
        x += pixels;
    }
    finish_pixels(w, y, finished, width - finished);
}

static void choose_tiles(work *w)
{
    bool narrow = w->method->narrow_pixels && is_half(w->operation, w->panel);
    w->tiles = narrow ? w->method->narrow : w->method->run[w->panels - 1];
    w->tile_pixels = narrow ? w->method->narrow_pixels : w->method->pixels[w->panels - 1];
}

/* Turns to a group of panels. */
static void take_group(work *w, const division *d, int group)
{
    group_parts parts = parts_of(d, w->weights, group);
    w->panel = group * d->units.group_panels;
    w->panels = bw_units_panels(&d->units, group);
    choose_tiles(w);
    w->steps = (bw_conv_steps){
        .in_pixel = (size_t)(w->operation->stride * w->operation->in.lanes),
        .in_row = (size_t)w->operation->stride * w->operation->in.row_stride,
        .segments = d->segments,
        .bundles = parts.bundles,
        .places = parts.places,
        .weights = parts.weights,
        .starts = parts.starts,
    };
    assert(d->steps > 0);
    w->tile_later =
        d->group_bytes / (size_t)(w->rows * bw_divide_up(w->operation->out.width, w->tile_pixels));
    w->steps.later = (const uint8_t *)parts.weights + d->group_bytes;
    w->steps.later_step = w->tile_later / (size_t)d->steps;
    for (int block = 0; block < w->panels; block++) {
        w->epilogues[block] = bw_epilogue_of(w->operation);
        w->epilogues[block].multipliers = parts.multipliers + (ptrdiff_t)block * BW_LANES;
        w->epilogues[block].offsets = parts.offsets + (ptrdiff_t)block * BW_LANES;
    }
}

static void run_unit(const bw_conv_u8_method *method, const bw_operation *operation,
                     const bw_operands *operands, const division *d, int unit)
{
    _Alignas(64) int32_t sums[BW_U8_BLOCKS * BW_U8_SUMS];
    bw_unit_part part = bw_units_part(&d->units, operation, operands->images, unit);
    work w = {.method = method, .operation = operation, .weights = operands->weights, .sums = sums};
    w.image = bw_conv_image_of(operation, operands, part.image);
    w.rows = part.last - part.first;
    bool by_rows = method->row && method->row_pays(operation);
    for (int group = part.first_group; group < part.last_group; group++) {
        take_group(&w, d, group);
        for (int y = part.first; y < part.last; y++) {
            if (by_rows)
                run_row(&w, y);
            else
                run_tiles(&w, y);
        }
        bw_panels_fill_border(&operation->out, w.image.out, w.panel, w.panels, part.first,
                              part.last);
    }
}

void bw_conv_u8_run(const bw_conv_u8_method *method, const bw_operation *operation,
                    const bw_operands *operands, int first, int last)
{
    division d = divide(method, operation);
    for (int unit = first; unit < last; unit++)
        run_unit(method, operation, operands, &d, unit);
}
