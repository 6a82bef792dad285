#include <string.h>

#include "kernels/x86/conv_u8.h"
#include "kernels/x86/winograd_work.h"

/** Pixels of a row or a column. */
typedef struct strip {
    bw_winograd_place at;
    int pixels;
    bool column;
} strip;

static size_t step_of(const bw_layout *layout, const strip *of)
{
    return of->column ? layout->row_stride : (size_t)layout->lanes;
}

static void finish_strip(const bw_winograd_work *w, const strip *of, int plane, const int32_t *sums)
{
    const bw_operation *operation = w->operation;
    const bw_layout *out = &operation->out, *second = &operation->second;
    bw_epilogue epilogue = bw_epilogue_of(operation);
    epilogue.multipliers = (const float *)(const void *)bw_winograd_parameters(w, plane);
    epilogue.offsets = epilogue.multipliers + BW_LANES;
    epilogue.out_pixel = step_of(out, of);
    epilogue.second_pixel = step_of(second, of);
    const uint8_t *addend = NULL;
    if (operation->has_second)
        addend = (const uint8_t *)w->operands->second + bw_winograd_pixel_at(second, of->at, plane);
    uint8_t *to = (uint8_t *)w->operands->out + bw_winograd_pixel_at(out, of->at, plane);
    w->method->rest->finish(&epilogue, sums, addend, to, of->pixels);
}

/* What the sums of a group start with: the last of a plane's parameters. */
static void load_starts(const bw_winograd_work *w, int plane, int blocks, int32_t *starts)
{
    const size_t line = BW_LANES * sizeof *starts;
    for (int block = 0; block < blocks; block++)
        memcpy(starts + block * BW_LANES, bw_winograd_parameters(w, plane + block + 1) - line,
               line);
}

static void run_strip(const bw_winograd_work *w, const strip *of, int plane)
{
    _Alignas(BW_WINOGRAD_LINE) int32_t sums[BW_U8_BLOCKS * BW_U8_SUMS];
    _Alignas(BW_WINOGRAD_LINE) int32_t starts[BW_U8_BLOCKS * BW_LANES];
    const bw_operation *operation = w->operation;
    const bw_layout *in = &operation->in;
    int blocks = bw_winograd_count_blocks(w->d, plane);
    bw_bundles all = {.ones = w->d->packed_words * BW_WINOGRAD_TAPS};
    bw_winograd_place window = of->at;
    window.y -= operation->pad_top;
    window.x -= operation->pad_left;
    bw_conv_steps steps = {
        .in = (const uint8_t *)w->operands->in + bw_winograd_pixel_at(in, window, 0),
        .in_pixel = step_of(in, of),
        .segments = 1,
        .bundles = &all,
        .places = w->places,
        .weights = (const int8_t *)bw_winograd_group_weights(w, plane),
        .starts = starts,
        .sums = sums,
        .later = bw_winograd_group_weights(w, plane),
    };
    load_starts(w, plane, blocks, starts);
    w->method->rest->run[blocks - 1][of->pixels - 1](&steps);
    for (int block = 0; block < blocks; block++)
        finish_strip(w, of, plane + block, sums + block * BW_U8_SUMS);
}

/* In parts as long as a micro-kernel takes. */
static void run_strips(const bw_winograd_work *w, const strip *whole, int plane)
{
    int most = w->method->rest->pixels[BW_U8_BLOCKS - 1];
    int count = bw_divide_up(whole->pixels, most);
    for (int index = 0; index < count; index++) {
        int first = index * whole->pixels / count, end = (index + 1) * whole->pixels / count;
        strip part = {whole->at, end - first, whole->column};
        part.at.y += whole->column ? first : 0;
        part.at.x += whole->column ? 0 : first;
        run_strip(w, &part, plane);
    }
}

static void run_image(const bw_winograd_work *w, int image, int plane)
{
    const bw_winograd_division *d = w->d;
    const bw_layout *out = &w->operation->out;
    strip column = {{image, 0, d->width}, out->height, true};
    strip row = {{image, d->height, 0}, d->width, false};
    if (d->width < out->width)
        run_strips(w, &column, plane);
    if (d->height < out->height)
        run_strips(w, &row, plane);
}

void bw_winograd_run_rest(const bw_winograd_work *w, int plane)
{
    for (int tile = 0; tile < w->tiles; tile++) {
        if ((w->first + tile) % w->d->image_tiles == 0)
            run_image(w, (w->first + tile) / w->d->image_tiles, plane);
    }
}

void bw_winograd_list_places(const bw_winograd_division *d, const bw_layout *in, int32_t *places)
{
    enum { SIDE = 3 };
    for (int channel = 0; channel < d->packed_words * BW_WINOGRAD_QUAD;
         channel += BW_WINOGRAD_QUAD) {
        size_t start =
            (size_t)(channel / in->lanes) * in->plane_stride + (size_t)(channel % in->lanes);
        for (int tap = 0; tap < BW_WINOGRAD_TAPS; tap++)
            *places++ = (int32_t)(start + (size_t)(tap / SIDE) * in->row_stride +
                                  (size_t)(tap % SIDE * in->lanes));
    }
}
