#include "kernels/x86/conv_u8.h"

#include <assert.h>

#include "kernels/quantize.h"
#include "kernels/x86/conv_panels.h"
#include "kernels/x86/conv_u8_packed.h"
#include "kernels/x86/weight_cycles.h"

enum {
    ROW_STEPS = 9,     /* the most for which rows pay, */
    ROW_PIXELS = 40,   /* and the least */
    TILE_CYCLES = 30,  /* of the call for a tile, */
    FLOATS_CYCLES = 3, /* of a pixel's 16 numbers where they leave as floats */
};

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
    bw_conv_u8_packing packing = bw_conv_u8_packing_of(method, operation);
    const bw_units *units = &packing.units;
    double sums = (double)width * height * units->panels;
    int row_tiles = bw_divide_up(out->width, method->pixels[bw_units_panels(units, 0) - 1]);
    double tiles = (double)row_tiles * out->height * units->groups;
    double finish = method->finish_cycles + (out->format.type == BW_F32 ? FLOATS_CYCLES : 0);
    return (method->step_cycles * packing.steps + finish) * sums + TILE_CYCLES * tiles +
           bw_weight_cycles(bw_conv_u8_packed_bytes(method, operation));
}

int bw_conv_u8_units(const bw_conv_u8_method *method, const bw_operation *operation, int images)
{
    bw_conv_u8_packing packing = bw_conv_u8_packing_of(method, operation);
    return bw_units_count(&packing.units, images);
}

/** One group and one image. */
typedef struct work {
    const bw_conv_u8_method *method;
    const bw_operation *operation;
    bw_conv_image image;
    bw_conv_steps_function *const *tiles; /* [pixels - 1] */
    int tile_pixels;
    bw_epilogue epilogues[BW_U8_BLOCKS];
    bw_conv_steps steps;
    int32_t *sums;
    int rows, panel, panels;
    size_t tile_later; /* bytes of the next group that a tile asks for */
} work;

static uint8_t *output_at(const work *w, int panel, int y, int x)
{
    const bw_layout *out = &w->operation->out;
    return w->image.out + bw_panel_at(out, panel) + bw_pixel_at(out, y, x);
}

/* NULL where there is no residual. */
static const uint8_t *second_at(const work *w, int panel, int y, int x)
{
    const bw_layout *second = &w->operation->second;
    return w->image.second
               ? w->image.second + bw_panel_at(second, panel) + bw_pixel_at(second, y, x)
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
    for (int block = 0; block < w->panels; block++) {
        int panel = w->panel + block;
        w->method->finish(&w->epilogues[block], w->sums + (ptrdiff_t)block * BW_U8_SUMS,
                          second_at(w, panel, y, x), output_at(w, panel, y, x), pixels);
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
        row.second = second_at(w, panel, y, 0);
        row.out = output_at(w, panel, y, 0);
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
static void take_group(work *w, const bw_conv_u8_packing *packing, const void *packed, int group)
{
    const bw_operation *operation = w->operation;
    const uint8_t *start = (const uint8_t *)packed + (size_t)group * packing->group_bytes;
    bw_parameters parameters =
        bw_parameters_at(start, (size_t)packing->units.group_panels * BW_LANES);
    w->panel = group * packing->units.group_panels;
    w->panels = bw_units_panels(&packing->units, group);
    choose_tiles(w);
    w->steps = (bw_conv_steps){
        .in_pixel = (size_t)(operation->stride * operation->in.lanes),
        .in_row = (size_t)operation->stride * operation->in.row_stride,
        .segments = packing->segments,
        .bundles = bw_conv_u8_bundles(packing, start),
        .places = bw_conv_u8_places(packing, start),
        .weights = (const int8_t *)(start + packing->weights),
        .starts = parameters.starts,
        .later = start + packing->weights + packing->group_bytes,
    };
    assert(packing->steps > 0);
    w->tile_later = packing->group_bytes /
                    (size_t)(w->rows * bw_divide_up(operation->out.width, w->tile_pixels));
    w->steps.later_step = w->tile_later / (size_t)packing->steps;
    for (int block = 0; block < w->panels; block++) {
        w->epilogues[block] = bw_epilogue_of(operation);
        w->epilogues[block].multipliers = parameters.multipliers + (ptrdiff_t)block * BW_LANES;
        w->epilogues[block].offsets = parameters.offsets + (ptrdiff_t)block * BW_LANES;
    }
}

static void run_unit(const bw_conv_u8_method *method, const bw_operation *operation,
                     const bw_operands *operands, const bw_conv_u8_packing *packing, int unit)
{
    _Alignas(64) int32_t sums[BW_U8_BLOCKS * BW_U8_SUMS];
    bw_unit_part part = bw_units_part(&packing->units, operation, operands->images, unit);
    work w = {.method = method, .operation = operation, .sums = sums};
    w.image = bw_conv_image_of(operation, operands, part.image);
    w.rows = part.last - part.first;
    bool by_rows = method->row && method->row_pays(operation);
    for (int group = part.first_group; group < part.last_group; group++) {
        take_group(&w, packing, operands->weights, group);
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
    bw_conv_u8_packing packing = bw_conv_u8_packing_of(method, operation);
    for (int unit = first; unit < last; unit++)
        run_unit(method, operation, operands, &packing, unit);
}
