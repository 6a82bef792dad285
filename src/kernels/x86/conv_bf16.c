#include "kernels/x86/conv_bf16.h"

#include <string.h>

#include "kernels/x86/conv_panels.h"
#include "kernels/x86/weight_cycles.h"

typedef struct division {
    bw_units units;
    int steps;                      /* room of a group's list */
    size_t bias_bytes, group_bytes; /* of a group's bias, and of all its packed weights */
} division;

static division divide(const bw_bf16_method *method, const bw_operation *operation)
{
    division d = {.steps = bw_list_steps(operation, method->blocks)};
    size_t panels = (size_t)method->blocks;
    d.bias_bytes = panels * BW_LANES * sizeof(float);
    d.group_bytes = d.bias_bytes + panels * (size_t)d.steps * BW_STEP_BYTES;
    d.units = bw_list_units(operation, method->blocks, d.group_bytes, d.steps, method->step_cycles);
    return d;
}

bool bw_conv_bf16_accepts(const bw_operation *operation)
{
    const bw_layout *in = &operation->in;
    return operation->family == BW_FAMILY_CONV && in->lanes % bw_list_channels(operation) == 0 &&
           in->image_stride < INT32_MAX / sizeof(float) && bw_panels_fit(operation);
}

/* In the unit of bw_conv_direct_cost. */
double bw_conv_bf16_cost(const bw_bf16_method *method, const bw_operation *operation)
{
    const bw_layout *out = &operation->out;
    division d = divide(method, operation);
    double sums = (double)out->width * out->height * d.units.panels;
    double tiles = (double)bw_divide_up(out->width, method->pixels) * out->height * d.units.groups;
    return method->step_cycles * sums * d.steps + 8.0 * sums + 60.0 * tiles +
           bw_weight_cycles(bw_conv_bf16_packed_bytes(method, operation));
}

size_t bw_conv_bf16_packed_bytes(const bw_bf16_method *method, const bw_operation *operation)
{
    division d = divide(method, operation);
    return (size_t)d.units.groups * d.group_bytes;
}

void bw_conv_bf16_pack(const bw_bf16_method *method, const bw_operation *operation,
                       const bw_filters *filters, void *packed)
{
    division d = divide(method, operation);
    uint8_t *to = packed;
    memset(packed, 0, bw_conv_bf16_packed_bytes(method, operation));
    for (int group = 0; group < d.units.groups; group++, to += d.group_bytes) {
        float *bias = (float *)(void *)to;
        int panel = group * d.units.group_panels, panels = bw_units_panels(&d.units, group);
        for (int lane = 0; lane < panels * BW_LANES; lane++) {
            int channel = panel * BW_LANES + lane;
            if (channel < operation->out.channels)
                bias[lane] = bw_filters_bias(filters, channel);
        }
        bw_list_pack(operation, filters, panel, panels, to + d.bias_bytes);
    }
}

size_t bw_conv_bf16_scratch_bytes(const bw_bf16_method *method, const bw_operation *operation)
{
    return (size_t)divide(method, operation).steps * sizeof(int32_t);
}

int bw_conv_bf16_units(const bw_bf16_method *method, const bw_operation *operation, int images)
{
    division d = divide(method, operation);
    return bw_units_count(&d.units, images);
}

/** One group and one image. */
typedef struct work {
    const bw_bf16_method *method;
    const bw_operation *operation;
    bw_conv_image image;
    bw_bf16_steps steps;
    int panel, panels;
} work;

static void finish_tile(const work *w, int y, int x, int pixels)
{
    const bw_operation *operation = w->operation;
    const bw_layout *out = &operation->out, *second = &operation->second;
    bw_bf16_finish finish = {
        .activation = operation->activation,
        .slope = operation->slope,
        .second_pixel = (size_t)second->lanes,
        .out_pixel = (size_t)out->lanes,
        .second_type = second->format.type,
        .out_type = out->format.type,
        .pixels = pixels,
    };
    for (int block = 0; block < w->panels; block++) {
        int panel = w->panel + block;
        finish.sums = w->steps.sums + (ptrdiff_t)block * BW_BF16_PIXELS * BW_LANES;
        finish.out = w->image.out + bw_panel_at(out, panel) + bw_pixel_at(out, y, x);
        if (operation->has_second)
            finish.second =
                w->image.second + bw_panel_at(second, panel) + bw_pixel_at(second, y, x);
        w->method->finish(&finish);
    }
}

static void run_row(work *w, int y)
{
    int width = w->operation->out.width, count = bw_divide_up(width, w->method->pixels);
    const uint8_t *row = w->image.in + bw_window_at(w->operation, y);
    for (int index = 0, x = 0; index < count; index++) {
        int end = (index + 1) * width / count;
        w->steps.in = row + (size_t)x * w->steps.in_pixel;
        w->method->run[w->panels - 1][end - x - 1](&w->steps);
        finish_tile(w, y, x, end - x);
        x = end;
    }
}

/* Panels of the last plane that hold no channel must not hold what is not a number. */
static void clear_rest(const work *w, int first, int last)
{
    const bw_layout *out = &w->operation->out;
    int end = bw_layout_planes(out) * (out->lanes / BW_LANES);
    for (int panel = bw_divide_up(out->channels, BW_LANES); panel < end; panel++) {
        uint8_t *to = w->image.out + bw_panel_at(out, panel);
        for (int y = first; y < last; y++) {
            for (int x = 0; x < out->width; x++)
                memset(to + bw_pixel_at(out, y, x), 0, BW_LANES * bw_type_size(out->format.type));
        }
    }
}

/* `places` are those of all groups where they read the same channels, else room for a group's. */
static void run_unit(const bw_bf16_method *method, const bw_operation *operation,
                     const bw_operands *operands, const division *d, int unit, int32_t *places)
{
    _Alignas(64) float sums[BW_BF16_BLOCKS * BW_BF16_PIXELS * BW_LANES];
    size_t in_pixel = (size_t)operation->stride * (size_t)operation->in.lanes;
    bw_unit_part part = bw_units_part(&d->units, operation, operands->images, unit);
    work w = {.method = method, .operation = operation};
    w.image = bw_conv_image_of(operation, operands, part.image);
    for (int group = part.first_group; group < part.last_group; group++) {
        const uint8_t *packed = (const uint8_t *)operands->weights + (size_t)group * d->group_bytes;
        int count = d->steps;
        w.panel = group * d->units.group_panels;
        w.panels = bw_units_panels(&d->units, group);
        if (operation->groups > 1)
            count = bw_list_places(operation, w.panel, w.panels, places);
        w.steps = (bw_bf16_steps){
            .in_pixel = in_pixel * bw_type_size(operation->in.format.type),
            .count = count,
            .places = places,
            .weights = packed + d->bias_bytes,
            .bias = (const float *)(const void *)packed,
            .sums = sums,
        };
        for (int y = part.first; y < part.last; y++)
            run_row(&w, y);
        bw_panels_fill_border(&operation->out, w.image.out, w.panel, w.panels, part.first,
                              part.last);
        if (group + 1 == d->units.groups)
            clear_rest(&w, part.first, part.last);
    }
}

void bw_conv_bf16_run(const bw_bf16_method *method, const bw_operation *operation,
                      const bw_operands *operands, int first, int last, void *scratch)
{
    division d = divide(method, operation);
    if (operation->groups == 1 && operands->done == 0)
        bw_list_places(operation, 0, d.units.group_panels, scratch);
    for (int unit = first; unit < last; unit++)
        run_unit(method, operation, operands, &d, unit, scratch);
}
