#include "backend/cpu/kept.h"

#include <string.h>

/* Of `size` rows or columns so many are kept, the one between the edges for all that are there. */
static int count_kept(int reach, int size)
{
    return 2 * reach + 1 < size ? 2 * reach + 1 : size;
}

/* Where the one that stands for row or column `at` is kept. */
static int kept_index(int at, int reach, int size)
{
    if (2 * reach + 1 >= size || at < reach)
        return at;
    return at < size - reach ? reach : at - size + 2 * reach + 1;
}

/* The row or column that is kept there: of those between the edges, the one in the middle. */
static int original_index(int kept, int reach, int size)
{
    if (2 * reach + 1 >= size || kept < reach)
        return kept;
    return kept == reach ? size / 2 : kept + size - 2 * reach - 1;
}

static size_t row_bytes(const bw_layout *layout, bw_edge edge)
{
    return (size_t)count_kept(edge.columns, layout->width) * bw_layout_pixel_bytes(layout);
}

static size_t plane_bytes(const bw_layout *layout, bw_edge edge)
{
    return (size_t)count_kept(edge.rows, layout->height) * row_bytes(layout, edge);
}

size_t bw_kept_bytes(const bw_layout *layout, bw_edge edge)
{
    return (size_t)bw_layout_planes(layout) * plane_bytes(layout, edge);
}

/* From a tensor's first pixel to the first of a row of a plane, which may be in the border. */
static ptrdiff_t row_at(const bw_layout *layout, int plane, int y)
{
    ptrdiff_t elements =
        plane * (ptrdiff_t)layout->plane_stride + y * (ptrdiff_t)layout->row_stride;
    return elements * (ptrdiff_t)bw_type_size(layout->format.type);
}

void bw_kept_store(uint8_t *kept, const bw_layout *layout, bw_edge edge, const uint8_t *first)
{
    const size_t pixel = bw_layout_pixel_bytes(layout);
    for (int plane = 0; plane < bw_layout_planes(layout); plane++)
        for (int row = 0; row < count_kept(edge.rows, layout->height); row++) {
            int y = original_index(row, edge.rows, layout->height);
            const uint8_t *from = first + row_at(layout, plane, y);
            for (int column = 0; column < count_kept(edge.columns, layout->width); column++) {
                int x = original_index(column, edge.columns, layout->width);
                memcpy(kept, from + (size_t)x * pixel, pixel);
                kept += pixel;
            }
        }
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* The pixels of `columns` that are of [first, last) too, from one kept for each, or from one kept
 * for all. */
static void write_pixels(uint8_t *row, size_t pixel, bw_interval columns, int first, int last,
                         const uint8_t *from, bool each)
{
    int start = larger(columns.first, first), end = smaller(columns.last, last);
    uint8_t *to = row + start * (ptrdiff_t)pixel;
    if (start >= end)
        return;
    if (each) {
        memcpy(to, from + (size_t)(start - first) * pixel, (size_t)(end - start) * pixel);
        return;
    }
    memcpy(to, from, pixel);
    for (int done = 1, left; (left = end - start - done) > 0; done += smaller(done, left))
        memcpy(to + (size_t)done * pixel, to, (size_t)smaller(done, left) * pixel);
}

/* Some pixels of a row from what is kept of it, or, where `kept` is NULL, of the border. */
static void restore_pixels(const uint8_t *kept, const bw_layout *layout, int reach,
                           bw_interval columns, uint8_t *row)
{
    const size_t pixel = bw_layout_pixel_bytes(layout);
    const int width = layout->width, inner = kept ? 0 : width;
    if (columns.first < inner)
        memset(row + columns.first * (ptrdiff_t)pixel, layout->format.zero_point,
               (size_t)(smaller(columns.last, inner) - columns.first) * pixel);
    if (columns.last > width)
        memset(row + larger(columns.first, width) * (ptrdiff_t)pixel, layout->format.zero_point,
               (size_t)(columns.last - larger(columns.first, width)) * pixel);
    if (!kept)
        return;
    const bool all = count_kept(reach, width) == width;
    const int left = all ? width : reach, right = all ? width : width - reach;
    const uint8_t *middle = kept + (size_t)reach * pixel;
    write_pixels(row, pixel, columns, 0, left, kept, true);
    write_pixels(row, pixel, columns, left, right, middle, false);
    write_pixels(row, pixel, columns, right, width, middle + pixel, true);
}

static void restore_row(const uint8_t *kept, const bw_layout *layout, int reach,
                        const bw_interval *needed, const bw_interval *there, uint8_t *row)
{
    restore_pixels(kept, layout, reach, (bw_interval){needed->first, there->first}, row);
    restore_pixels(kept, layout, reach, (bw_interval){there->last, needed->last}, row);
}

void bw_kept_restore(const uint8_t *kept, const bw_layout *layout, bw_edge edge,
                     const bw_region *needed, const bw_region *there, uint8_t *first)
{
    const bw_interval none = {needed->columns.last, needed->columns.last};
    for (int plane = 0; plane < bw_layout_planes(layout); plane++) {
        const uint8_t *rows = kept + (size_t)plane * plane_bytes(layout, edge);
        for (int y = needed->rows.first; y < needed->rows.last; y++) {
            bool inside = y >= 0 && y < layout->height;
            bool has = y >= there->rows.first && y < there->rows.last;
            size_t row = inside ? (size_t)kept_index(y, edge.rows, layout->height) : 0;
            restore_row(inside ? rows + row * row_bytes(layout, edge) : NULL, layout, edge.columns,
                        &needed->columns, has ? &there->columns : &none,
                        first + row_at(layout, plane, y));
        }
    }
}
