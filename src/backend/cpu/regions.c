#include "backend/cpu/regions.h"

#include "kernels/rounded.h"

/* What holds for rows as for columns. */
typedef struct direction {
    int kernel, stride, pad;
    int pool; /* sums in a pixel */
    int out;  /* pixels of the output */
} direction;

static direction vertical(const bw_operation *operation)
{
    return (direction){operation->kernel_height, operation->stride, operation->pad_top,
                       bw_pool_side(operation), operation->out.height};
}

static direction horizontal(const bw_operation *operation)
{
    return (direction){operation->kernel_width, operation->stride, operation->pad_left,
                       bw_pool_side(operation), operation->out.width};
}

/* Whether the last window begins at a pixel of the input, or above or left of it. */
static bool begins_inside(const direction *d, int inputs)
{
    return (d->out * d->pool - 1) * d->stride < inputs;
}

/* What lies outside does not count in a MAX_POOL: its windows must not reach there. */
static bool stays_inside(const direction *d, int inputs)
{
    return d->pad == 0 && d->kernel <= d->stride && d->out * d->stride <= inputs;
}

static bool windows_suit(const bw_operation *operation)
{
    direction rows = vertical(operation), columns = horizontal(operation);
    int height = operation->in.height, width = operation->in.width;
    if (operation->family == BW_FAMILY_MAX_POOL)
        return stays_inside(&rows, height) && stays_inside(&columns, width);
    bool pools = operation->family == BW_FAMILY_CONV_POOL;
    bw_operation conv = pools ? bw_unpooled(operation) : *operation;
    return bw_border_suffices(&conv) && begins_inside(&rows, height) &&
           begins_inside(&columns, width);
}

bool bw_region_suits(const bw_kernel *kernel)
{
    return kernel->needs != 0;
}

bool bw_region_possible(const bw_operation *operation)
{
    bool of_windows = bw_family_is_dense(operation->family) ||
                      operation->family == BW_FAMILY_DEPTHWISE ||
                      operation->family == BW_FAMILY_MAX_POOL;
    return of_windows && windows_suit(operation);
}

/* ---- From input to output ------------------------------------------------------------------- */

static int at_least(int value, int least)
{
    return value > least ? value : least;
}

static int at_most(int value, int most)
{
    return value < most ? value : most;
}

static bw_interval join(bw_interval a, bw_interval b)
{
    return (bw_interval){at_most(a.first, b.first), at_least(a.last, b.last)};
}

static bw_interval affected(const direction *d, bw_interval in)
{
    int all = d->out * d->pool, first = at_least(in.first + d->pad - d->kernel + 1, 0);
    int last = at_most((in.last - 1 + d->pad) / d->stride + 1, all);
    return (bw_interval){bw_divide_up(first, d->stride) / d->pool, bw_divide_up(last, d->pool)};
}

/* To multiples of the tiles of sums that kernels round, and others alike. */
static bw_interval tiled(const direction *d, bw_interval out)
{
    const int tile = bw_rounded_outputs(d->stride);
    int first = out.first * d->pool / tile * tile;
    int last = at_most(bw_divide_up(out.last * d->pool, tile) * tile, d->out * d->pool);
    return (bw_interval){first / d->pool, bw_divide_up(last, d->pool)};
}

bw_region bw_region_tiled(const bw_operation *operation, const bw_region *out)
{
    if (!bw_family_is_dense(operation->family))
        return *out;
    direction rows = vertical(operation), columns = horizontal(operation);
    return (bw_region){tiled(&rows, out->rows), tiled(&columns, out->columns)};
}

bw_region bw_region_affected(const bw_kernel *kernel, const bw_operation *operation,
                             const bw_region *in)
{
    direction rows = vertical(operation), columns = horizontal(operation);
    bw_region out = {affected(&rows, in->rows), affected(&columns, in->columns)};
    return kernel->rounds ? bw_region_tiled(operation, &out) : out;
}

/* Where the first pixel of a region's input is in a direction. */
static int first_input(const direction *d, bw_interval out)
{
    return out.first * d->pool * d->stride;
}

static bw_interval read(const direction *d, bw_interval out)
{
    int first = out.first * d->pool, last = out.last * d->pool - 1;
    return (bw_interval){first * d->stride - d->pad, last * d->stride - d->pad + d->kernel};
}

/* Windows, and the border around them of which tiles that reach too far make use. */
static bw_interval read_by_tiles(const direction *d, bw_interval out, int border)
{
    bw_interval by_windows = read(d, out);
    int end = out.last * d->pool * d->stride;
    bw_interval around = {first_input(d, out) - border, end + border};
    return join(by_windows, around);
}

bw_region bw_region_read(const bw_kernel *kernel, const bw_operation *operation,
                         const bw_region *out)
{
    direction rows = vertical(operation), columns = horizontal(operation);
    if (!kernel->rounds && kernel->tolerance <= 0.0f)
        return (bw_region){read(&rows, out->rows), read(&columns, out->columns)};
    int border = operation->in.border;
    return (bw_region){read_by_tiles(&rows, out->rows, border),
                       read_by_tiles(&columns, out->columns, border)};
}

/* ---- The operation -------------------------------------------------------------------------- */

static void set_size(bw_layout *layout, int height, int width)
{
    layout->height = height;
    layout->width = width;
}

static int count_inputs(const direction *d, bw_interval out, int all)
{
    int inputs = (out.last - out.first) * d->pool * d->stride;
    return at_most(inputs, all - first_input(d, out));
}

bw_operation bw_region_operation(const bw_operation *operation, const bw_region *out)
{
    direction rows = vertical(operation), columns = horizontal(operation);
    int height = out->rows.last - out->rows.first, width = out->columns.last - out->columns.first;
    bw_operation part = *operation;
    set_size(&part.in, count_inputs(&rows, out->rows, operation->in.height),
             count_inputs(&columns, out->columns, operation->in.width));
    set_size(&part.out, height, width);
    if (operation->has_second)
        set_size(&part.second, height, width);
    return part;
}

static size_t offset_of(const bw_layout *layout, int row, int column)
{
    return bw_layout_bytes(layout,
                           (size_t)row * layout->row_stride + (size_t)(column * layout->lanes));
}

bw_region_offsets bw_region_offsets_of(const bw_operation *operation, const bw_region *out)
{
    direction rows = vertical(operation), columns = horizontal(operation);
    return (bw_region_offsets){
        .in = offset_of(&operation->in, first_input(&rows, out->rows),
                        first_input(&columns, out->columns)),
        .second = offset_of(&operation->second, out->rows.first, out->columns.first),
        .out = offset_of(&operation->out, out->rows.first, out->columns.first),
    };
}

/* ---- Regions -------------------------------------------------------------------------------- */

bw_region bw_region_all(const bw_layout *layout)
{
    return (bw_region){{0, layout->height}, {0, layout->width}};
}

bw_region bw_region_bordered(const bw_layout *layout)
{
    int border = layout->border;
    return (bw_region){{-border, layout->height + border}, {-border, layout->width + border}};
}

bw_region bw_region_union(const bw_region *a, const bw_region *b)
{
    return (bw_region){join(a->rows, b->rows), join(a->columns, b->columns)};
}

static bw_interval cut(bw_interval a, bw_interval b)
{
    return (bw_interval){at_least(a.first, b.first), at_most(a.last, b.last)};
}

bw_region bw_region_intersection(const bw_region *a, const bw_region *b)
{
    return (bw_region){cut(a->rows, b->rows), cut(a->columns, b->columns)};
}

static bw_interval near(bw_interval inside, int padding, int scale, int size)
{
    return (bw_interval){at_least(inside.first - padding, 0) / scale,
                         at_most(bw_divide_up(inside.last + padding, scale), size)};
}

bw_region bw_region_near(const bw_region *inside, int padding, const bw_layout *layout, int scale)
{
    return (bw_region){near(inside->rows, padding, scale, layout->height),
                       near(inside->columns, padding, scale, layout->width)};
}

bool bw_region_is_empty(const bw_region *region)
{
    return region->rows.first >= region->rows.last || region->columns.first >= region->columns.last;
}

bool bw_region_equals(const bw_region *a, const bw_region *b)
{
    return a->rows.first == b->rows.first && a->rows.last == b->rows.last &&
           a->columns.first == b->columns.first && a->columns.last == b->columns.last;
}
