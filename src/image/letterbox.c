/**
 * Pictures into the network's input: one bilinear pass, without allocation.
 *
 * The arithmetic is that of kernels/bilinear.h. Its row of floats lives on the stack, so wide
 * pictures are worked through in tiles of columns.
 */
#include <math.h>

#include "image/image.h"
#include "kernels/bilinear.h"
#include "kernels/border.h"

enum {
    TILE_COLUMNS = 512,  /* output pixels of a tile, at most */
    TILE_SOURCES = 1024, /* pixels of the source row under a tile, at most */
    CACHE_LINE = 64,
};

/* Where between two neighbours a sample lies; where the second would be outside, weight is 0. */
typedef struct sample {
    int low;
    float weight;
} sample;

/* Columns [start, start + count) of the fitted picture, made from pixels `source` and following. */
typedef struct column_tile {
    int start, count, source, sources;
    int32_t offset[TILE_COLUMNS]; /* of the left neighbour in the row of floats */
    float weight[TILE_COLUMNS];
} column_tile;

static int fitted(double size, int limit)
{
    double rounded = nearbyint(size);
    return rounded < 1 ? 1 : rounded > limit ? limit : (int)rounded;
}

bw_fit bw_fit_make(int picture_width, int picture_height, int input_width, int input_height,
                   bw_resize resize)
{
    if (resize == BW_RESIZE_STRETCH)
        return (bw_fit){0, 0, input_width, input_height, 0.5f};
    double across = (double)input_width / picture_width;
    double down = (double)input_height / picture_height;
    double ratio = across < down ? across : down;
    if (resize == BW_RESIZE_CORNER) { /* cut to whole pixels, as YOLOX does */
        int width = fitted(floor(picture_width * ratio), input_width);
        int height = fitted(floor(picture_height * ratio), input_height);
        return (bw_fit){0, 0, width, height, 0.5f};
    }
    int width = fitted(picture_width * ratio, input_width);
    int height = fitted(picture_height * ratio, input_height);
    return (bw_fit){(input_width - width) / 2, (input_height - height) / 2, width, height, 0.5f};
}

/* Pixel centres are at half integers: output `index` of `fitted` looks at this place of `size`. */
static sample sample_at(int index, int fitted_size, int size)
{
    double place = (index + 0.5) * ((double)size / fitted_size) - 0.5;
    if (place <= 0)
        return (sample){0, 0.0f};
    if (place >= size - 1)
        return (sample){size - 1, 0.0f};
    int low = (int)place;
    return (sample){low, (float)(place - low)};
}

static void make_tile(column_tile *tile, int start, int fitted_width, int width)
{
    tile->start = start;
    tile->source = sample_at(start, fitted_width, width).low;
    tile->count = 0;
    int end = tile->source;
    for (int x = start; x < fitted_width && tile->count < TILE_COLUMNS; x++) {
        sample at = sample_at(x, fitted_width, width);
        if (at.low + 2 - tile->source > TILE_SOURCES)
            break;
        end = at.low + 2;
        tile->offset[tile->count] = (at.low - tile->source) * 3;
        tile->weight[tile->count++] = at.weight;
    }
    tile->sources = (end < width ? end : width) - tile->source;
}

static void *pixel_of(const bw_layout *layout, void *out, int x, int y)
{
    size_t element = (size_t)y * layout->row_stride + (size_t)x * BW_IMAGE_LANES;
    return (uint8_t *)out + element * bw_type_size(layout->format.type);
}

/* Where the two rows of the source under a tile are that row `y` of the input is made of. */
typedef struct source_rows {
    const uint8_t *above, *below;
    float weight;
} source_rows;

static source_rows rows_at(const bw_image *image, const bw_fit *fit, const column_tile *tile, int y)
{
    sample at = sample_at(y - fit->top, fit->height, image->height);
    const uint8_t *above =
        image->pixels + (size_t)at.low * image->stride + (size_t)tile->source * 3;
    return (source_rows){above, at.weight > 0 ? above + image->stride : above, at.weight};
}

/* Asks for rows that are wanted soon: the picture was decoded by another core, or long ago. */
static void prefetch_rows(const source_rows *rows, int bytes)
{
    for (int at = 0; at < bytes; at += CACHE_LINE) {
        __builtin_prefetch(rows->above + at);
        __builtin_prefetch(rows->below + at);
    }
}

static void pack_tile(const bw_image *image, const bw_fit *fit, const column_tile *tile,
                      const bw_layout *layout, void *out, int first, int last)
{
    /* The last pixel's loads reach four elements beyond it, with no weight: they must be finite. */
    float row[TILE_SOURCES * 3 + 4];
    memset(row + tile->sources * 3, 0, 4 * sizeof *row);
    const bw_bilinear *bilinear = bw_bilinear_choose(bw_cpu_features());
    const bw_bilinear_columns columns = {tile->count, tile->offset, tile->weight};
    source_rows next = rows_at(image, fit, tile, first);
    for (int y = first; y < last; y++) {
        source_rows rows = next;
        if (y + 1 < last) {
            next = rows_at(image, fit, tile, y + 1);
            prefetch_rows(&next, tile->sources * 3);
        }
        bilinear->blend_rows(row, rows.above, rows.below, rows.weight, tile->sources * 3);
        void *to = pixel_of(layout, out, fit->left + tile->start, y);
        if (layout->format.type == BW_U8)
            bilinear->blend_bytes(to, row, &columns);
        else
            bilinear->blend_floats(to, row, &columns);
    }
}

static void fill_grey(const bw_layout *layout, void *out, int pixels, float padding)
{
    const float floats[BW_IMAGE_LANES] = {padding, padding, padding, 0.0f};
    const uint8_t byte = (uint8_t)(padding * 255.0f + 0.5f);
    const uint8_t bytes[BW_IMAGE_LANES] = {byte, byte, byte, 0};
    uint8_t *to = out;
    bool as_bytes = layout->format.type == BW_U8;
    for (int i = 0; as_bytes && i < pixels; i++)
        memcpy(to + (size_t)i * sizeof bytes, bytes, sizeof bytes);
    for (int i = 0; !as_bytes && i < pixels; i++)
        memcpy(to + (size_t)i * sizeof floats, floats, sizeof floats);
}

/* Everything of rows [first, last) that the picture does not cover. */
static void fill_around(const bw_fit *fit, const bw_layout *layout, void *out, int first, int last)
{
    int right = fit->left + fit->width;
    for (int y = first; y < last; y++) {
        void *row = pixel_of(layout, out, 0, y);
        if (y < fit->top || y >= fit->top + fit->height) {
            fill_grey(layout, row, layout->width, fit->padding);
            continue;
        }
        fill_grey(layout, row, fit->left, fit->padding);
        fill_grey(layout, pixel_of(layout, out, right, y), layout->width - right, fit->padding);
    }
}

void bw_image_pack(const bw_image *image, const bw_fit *fit, const bw_layout *layout, void *out,
                   int first, int last)
{
    bw_fill_border(layout, out, first, last);
    fill_around(fit, layout, out, first, last);
    int bottom = fit->top + fit->height;
    int from = first > fit->top ? first : fit->top, to = last < bottom ? last : bottom;
    column_tile tile;
    for (int start = 0; start < fit->width && from < to; start += tile.count) {
        make_tile(&tile, start, fit->width, image->width);
        pack_tile(image, fit, &tile, layout, out, from, to);
    }
}
