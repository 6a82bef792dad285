#include "kernels/x86/winograd_work.h"

/* Of the tile's height or width, `index` of a picture's, the outputs. */
static int outputs_of(const bw_winograd *method, int size, int index)
{
    int left = size - index * method->outputs;
    return method->uses && left < method->outputs ? method->last_outputs(method->stride, left)
                                                  : method->outputs;
}

/* Tiles with fewer columns alone, whole ones, those with fewer rows alone, and those with both. */
static void list_groups(bw_winograd_division *d)
{
    int rows = d->tile_rows - d->whole_rows, columns = d->tile_columns - d->whole_columns;
    d->groups[0] = (bw_winograd_group){0, d->whole_rows, d->whole_columns, columns};
    d->groups[1] = (bw_winograd_group){0, d->whole_rows, 0, d->whole_columns};
    d->groups[2] = (bw_winograd_group){d->whole_rows, rows, 0, d->whole_columns};
    d->groups[3] = (bw_winograd_group){d->whole_rows, rows, d->whole_columns, columns};
}

static int count_tiles(const bw_winograd_group *group)
{
    return group->rows * group->columns;
}

/* Tile number `index` of those of a group, of all images from `image` on. */
static bw_winograd_tile tile_in(const bw_winograd_work *w, const bw_winograd_group *of, int image,
                                int index)
{
    const bw_winograd_division *d = w->d;
    const bw_winograd *method = w->method;
    int within = index % count_tiles(of);
    int row = of->row + within / of->columns, column = of->column + within % of->columns;
    bw_winograd_place at = {image + index / count_tiles(of), row * method->outputs,
                            column * method->outputs};
    return (bw_winograd_tile){at, outputs_of(method, d->height, row),
                              outputs_of(method, d->width, column),
                              of->columns - within % of->columns};
}

/* In the order of a picture's rows, whatever the size of the last. */
static bw_winograd_tile tile_in_order(const bw_winograd_work *w, int index)
{
    const bw_winograd_division *d = w->d;
    const bw_winograd_group all = {0, d->tile_rows, 0, d->tile_columns};
    bw_winograd_tile tile = tile_in(w, &all, 0, w->first + index);
    int whole = tile.run - (d->tile_columns - d->whole_columns);
    if (whole > 0)
        tile.run = whole;
    return tile;
}

/* Tile number `index` of the block. */
static bw_winograd_tile tile_of(const bw_winograd_work *w, int index)
{
    const bw_winograd_division *d = w->d;
    bw_winograd_tile tile;
    int left = w->tiles - index;
    if (!d->grouped) {
        tile = tile_in_order(w, index);
    } else {
        int images = w->tiles / d->image_tiles;
        const bw_winograd_group *group = d->groups;
        for (; index >= images * count_tiles(group); group++)
            index -= images * count_tiles(group);
        tile = tile_in(w, group, w->first / d->image_tiles, index);
    }
    if (tile.run > left)
        tile.run = left;
    return tile;
}

void bw_winograd_list_runs(bw_winograd_work *w)
{
    w->run_count = 0;
    for (int index = 0; index < w->tiles; index += w->runs[w->run_count++].run)
        w->runs[w->run_count] = tile_of(w, index);
}

bw_winograd_range bw_winograd_tiles_at(const bw_winograd_work *w, int row, int column)
{
    const bw_winograd_division *d = w->d;
    if (!d->grouped)
        return (bw_winograd_range){0, w->tiles};
    int images = w->tiles / d->image_tiles, counts[BW_WINOGRAD_GROUPS];
    for (int at = 0; at < BW_WINOGRAD_GROUPS; at++)
        counts[at] = images * count_tiles(&d->groups[at]);
    const bw_winograd *method = w->method;
    bool fewer_rows =
        method->uses(method->stride, outputs_of(method, d->height, d->tile_rows - 1), row);
    bool fewer_columns =
        method->uses(method->stride, outputs_of(method, d->width, d->tile_columns - 1), column);
    int first = fewer_columns ? 0 : counts[0], end = counts[0] + counts[1];
    if (fewer_rows)
        end += counts[2];
    if (fewer_rows && fewer_columns)
        end += counts[3];
    return (bw_winograd_range){first, end - first};
}

/* The points in a picture's height or width that its tiles use, all together. */
static double count_points(const bw_winograd_division *d, const bw_winograd *method, int size,
                           int tiles)
{
    int last = outputs_of(method, size, tiles - 1), used = d->points;
    if (method->uses && d->grouped) {
        used = 0;
        for (int point = 0; point < d->points; point++)
            used += method->uses(method->stride, last, point);
    }
    return (double)d->points * (tiles - 1) + used;
}

double bw_winograd_count_products(const bw_winograd_division *d, const bw_winograd *method)
{
    return count_points(d, method, d->height, d->tile_rows) *
           count_points(d, method, d->width, d->tile_columns);
}

/* The tiles in a picture's height or width that have all outputs. */
static int count_whole(const bw_winograd *method, int size, int tiles)
{
    return outputs_of(method, size, tiles - 1) < method->outputs ? tiles - 1 : tiles;
}

void bw_winograd_divide_tiles(bw_winograd_division *d, const bw_winograd *method)
{
    d->tile_rows = bw_divide_up(d->height, method->outputs);
    d->tile_columns = bw_divide_up(d->width, method->outputs);
    d->image_tiles = d->tile_rows * d->tile_columns;
    d->whole_rows = count_whole(method, d->height, d->tile_rows);
    d->whole_columns = count_whole(method, d->width, d->tile_columns);
    list_groups(d);
    d->grouped =
        d->image_tiles > d->whole_rows * d->whole_columns && d->image_tiles <= method->most_tiles;
}
