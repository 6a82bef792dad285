#include "kernels/x86/winograd.h"

#include <string.h>

#include "kernels/border.h"
#include "kernels/x86/conv_direct.h"

enum {
    INPUT_BYTES = 512 << 10, /* of a block's transformed input, if that leaves enough tiles: */
    TILES_LEAST = 32,        /* weights are read once a block, */
    TILES_MOST = 56,         /* so that it has the most tiles */
    WEIGHT_BYTES = 8 << 20,  /* where the weights are larger than this */
    UNITS_WANTED = 32,       /* for one image; it takes chunks of half the planes to have them: */
    CHUNK_PLANES = 8,        /* the transform of the input may be repeated for each chunk */
    DEEP_PLANES = 8, /* of the input, from which on a chunk is summed position by position */
    ANY = 0,         /* number of images */
    ALL_POSITIONS = BW_WINOGRAD_INPUTS * BW_WINOGRAD_INPUTS,
};

const double bw_winograd_filter_2[4][3] = {
    {1.0, 0.0, 0.0},
    {0.5, 0.5, 0.5},
    {0.5, -0.5, 0.5},
    {0.0, 0.0, 1.0},
};

/* Row of a point p: (1, p, p²) / Π (p - q) over the other points q; the last is infinity. */
const double bw_winograd_filter_4[6][3] = {
    {64.0 / 81, 0.0, 0.0},
    {-128.0 / 243, -96.0 / 243, -72.0 / 243},
    {-128.0 / 243, 96.0 / 243, -72.0 / 243},
    {32.0 / 243, 48.0 / 243, 72.0 / 243},
    {32.0 / 243, -48.0 / 243, 72.0 / 243},
    {0.0, 0.0, 1.0},
};

/** How the work is cut. */
typedef struct division {
    int inputs, positions;
    int tile_rows, tile_columns, image_tiles;
    int in_planes, out_planes;
    int group_planes, chunk_planes, chunks;
    int block_tiles;      /* the most of any block */
    int sum_planes;       /* whose sums are held together: a group or a chunk */
    size_t in_position;   /* floats from position to position of the transformed input */
    size_t sum_position;  /* and of the sums */
    size_t group_weights; /* floats of a full group */
} division;

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* The most tiles of a block, however many images there are. */
static int limit_tiles(const division *d)
{
    size_t tile_bytes = (size_t)d->positions * (size_t)d->in_planes * BW_LANES * sizeof(float);
    size_t weight_bytes = tile_bytes * (size_t)d->out_planes * BW_LANES;
    int tiles = (int)(INPUT_BYTES / tile_bytes);
    if (tiles < TILES_LEAST)
        tiles = TILES_LEAST;
    if (tiles > TILES_MOST || weight_bytes > WEIGHT_BYTES)
        tiles = TILES_MOST;
    return tiles;
}

/* The planes of a chunk: whole groups, and as equal as can be. */
static int choose_chunk(const division *d, int images)
{
    int planes = CHUNK_PLANES, blocks = divide_up(d->image_tiles * images, d->block_tiles);
    if (images != ANY && blocks * (d->out_planes / planes) < UNITS_WANTED)
        planes /= 2;
    int chunks = d->out_planes < planes ? 1 : d->out_planes / planes;
    return divide_up(divide_up(d->out_planes, chunks), d->group_planes) * d->group_planes;
}

/* Blocks as equal as can be over all images' tiles. */
static int choose_tiles(const division *d, int images)
{
    int all = d->image_tiles * images, limit = limit_tiles(d);
    return images == ANY ? limit : divide_up(all, divide_up(all, limit));
}

/* For `images` images, or with the largest blocks and chunks that any number of them has. */
static division divide(const bw_winograd *method, const bw_operation *operation, int images)
{
    const bw_layout *out = &operation->out;
    division d = {.inputs = method->outputs + 2};
    d.positions = d.inputs * d.inputs;
    d.tile_rows = divide_up(out->height, method->outputs);
    d.tile_columns = divide_up(out->width, method->outputs);
    d.image_tiles = d.tile_rows * d.tile_columns;
    d.in_planes = bw_layout_planes(&operation->in);
    d.out_planes = bw_layout_planes(out);
    d.group_planes = method->tiles->blocks;
    d.block_tiles = choose_tiles(&d, images);
    d.chunk_planes = choose_chunk(&d, images);
    d.sum_planes = d.in_planes < DEEP_PLANES ? d.group_planes : d.chunk_planes;
    d.chunks = divide_up(d.out_planes, d.chunk_planes);
    /* One vector more than needed where the distance is even, lest all positions fall on one set of
     * the cache. */
    d.in_position = (size_t)(d.in_planes * d.block_tiles | 1) * BW_LANES;
    d.sum_position = (size_t)(d.sum_planes * d.block_tiles | 1) * BW_LANES;
    d.group_weights =
        (size_t)d.positions * (size_t)operation->in.channels * (size_t)d.group_planes * BW_LANES;
    return d;
}

bool bw_winograd_accepts(const bw_operation *operation)
{
    return bw_conv_direct_accepts(operation) && operation->kernel_height == 3 &&
           operation->kernel_width == 3 && operation->stride == 1 &&
           operation->in.lanes == BW_LANES;
}

/*
 * In cycles of a core that multiplies one vector of 16 a cycle, fitted to measurements. The weights
 * are larger than the definition's and come from memory once an image, where a core gets some 4
 * bytes a cycle while others read too: that is what decides between the two sizes of tile.
 */
double bw_winograd_cost(const bw_winograd *method, const bw_operation *operation)
{
    division d = divide(method, operation, 1);
    double tiles = d.image_tiles, positions = d.positions;
    double products =
        method->tiles->product_cycles * tiles * positions * operation->in.channels * d.out_planes;
    double calls = positions * d.out_planes / d.group_planes * (tiles / method->tiles->pixels);
    double weights = (double)bw_winograd_packed_bytes(method, operation);
    double transforms = tiles * positions * 10.0 * (d.in_planes + d.out_planes);
    return 1.1 * products + 60.0 * calls + transforms + weights / 4.0;
}

size_t bw_winograd_packed_bytes(const bw_winograd *method, const bw_operation *operation)
{
    division d = divide(method, operation, 1);
    size_t steps = (size_t)d.positions * (size_t)operation->in.channels;
    return (steps + 1) * (size_t)d.out_planes * BW_LANES * sizeof(float);
}

/* The transformed filters from one input channel to the 16 channels of a plane. */
static void transform_filters(const bw_winograd *method, double filters[9][BW_LANES],
                              double transformed[ALL_POSITIONS][BW_LANES])
{
    int inputs = method->outputs + 2;
    double half[BW_WINOGRAD_INPUTS][3][BW_LANES] = {0};
    for (int y = 0; y < inputs; y++) {
        const double *by = method->filter[y];
        for (int x = 0; x < 3; x++) {
            for (int lane = 0; lane < BW_LANES; lane++)
                half[y][x][lane] = by[0] * filters[x][lane] + by[1] * filters[3 + x][lane] +
                                   by[2] * filters[6 + x][lane];
        }
    }
    for (int position = 0; position < inputs * inputs; position++) {
        const double *by = method->filter[position % inputs];
        double(*row)[BW_LANES] = half[position / inputs];
        for (int lane = 0; lane < BW_LANES; lane++)
            transformed[position][lane] =
                by[0] * row[0][lane] + by[1] * row[1][lane] + by[2] * row[2][lane];
    }
}

static void load_filters(const bw_operation *operation, const float *weights, int plane, int input,
                         double filters[9][BW_LANES])
{
    int inputs = operation->in.channels;
    for (int lane = 0; lane < BW_LANES; lane++) {
        int channel = plane * BW_LANES + lane;
        const float *from = weights + ((size_t)channel * (size_t)inputs + (size_t)input) * 9;
        for (int tap = 0; tap < 9; tap++)
            filters[tap][lane] = channel < operation->out.channels ? (double)from[tap] : 0.0;
    }
}

void bw_winograd_pack(const bw_winograd *method, const bw_operation *operation,
                      const bw_filters *filters, void *packed)
{
    division d = divide(method, operation, 1);
    float *to = packed;
    for (int channel = 0; channel < d.out_planes * BW_LANES; channel++)
        *to++ = channel < operation->out.channels ? bw_filters_bias(filters, channel) : 0.0f;
    int inputs = operation->in.channels;
    for (int plane = 0; plane < d.out_planes; plane++) {
        int group = plane / d.group_planes, block = plane % d.group_planes;
        int left = d.out_planes - group * d.group_planes;
        int blocks = left < d.group_planes ? left : d.group_planes;
        float *start = to + (size_t)group * d.group_weights + (size_t)block * BW_LANES;
        for (int input = 0; input < inputs; input++) {
            double plain[9][BW_LANES], transformed[ALL_POSITIONS][BW_LANES];
            load_filters(operation, filters->weights, plane, input, plain);
            transform_filters(method, plain, transformed);
            for (int position = 0; position < d.positions; position++) {
                size_t step = (size_t)position * (size_t)inputs + (size_t)input;
                for (int lane = 0; lane < BW_LANES; lane++)
                    start[step * (size_t)blocks * BW_LANES + (size_t)lane] =
                        (float)transformed[position][lane];
            }
        }
    }
}

size_t bw_winograd_scratch_bytes(const bw_winograd *method, const bw_operation *operation)
{
    division d = divide(method, operation, ANY);
    return (size_t)d.positions * (d.in_position + d.sum_position) * sizeof(float);
}

int bw_winograd_units(const bw_winograd *method, const bw_operation *operation, int images)
{
    division d = divide(method, operation, images);
    return divide_up(d.image_tiles * images, d.block_tiles) * d.chunks;
}

/** A block of tiles at work. */
typedef struct work {
    const bw_winograd *method;
    const bw_operation *operation;
    const bw_operands *operands;
    const division *d;
    int first, tiles; /* of the list of all images' tiles */
    float *transformed, *sums;
} work;

/** Where a tile lies: its image, and its first output row and column. */
typedef struct place {
    size_t image;
    int y, x;
} place;

static place place_of(const work *w, int tile)
{
    const division *d = w->d;
    int within = tile % d->image_tiles, outputs = w->method->outputs;
    return (place){.image = (size_t)(tile / d->image_tiles),
                   .y = within / d->tile_columns * outputs,
                   .x = within % d->tile_columns * outputs};
}

/* The part of a tile that the layout holds, zeros for the rest. */
static void copy_tile(const bw_layout *in, const float *plane, int y, int x, int inputs,
                      float *copy)
{
    memset(copy, 0, (size_t)(inputs * inputs * BW_LANES) * sizeof *copy);
    int columns = in->width + in->border - x;
    size_t bytes = (size_t)(columns < inputs ? columns : inputs) * BW_LANES * sizeof *copy;
    for (int row = 0; row < inputs && y + row < in->height + in->border; row++)
        memcpy(copy + row * inputs * BW_LANES,
               plane + (ptrdiff_t)(y + row) * (ptrdiff_t)in->row_stride + x * BW_LANES, bytes);
}

static void transform_block(const work *w)
{
    const division *d = w->d;
    const bw_layout *in = &w->operation->in;
    _Alignas(64) float copy[ALL_POSITIONS * BW_LANES];
    for (int tile = 0; tile < w->tiles; tile++) {
        place at = place_of(w, w->first + tile);
        int y = at.y - w->operation->pad_top, x = at.x - w->operation->pad_left;
        bool inside =
            y + d->inputs <= in->height + in->border && x + d->inputs <= in->width + in->border;
        const float *plane = (const float *)w->operands->in + at.image * in->image_stride;
        float *out = w->transformed + (size_t)tile * BW_LANES;
        for (int index = 0; index < d->in_planes; index++) {
            const float *from = plane + y * (ptrdiff_t)in->row_stride + x * BW_LANES;
            size_t row = in->row_stride;
            if (!inside) {
                copy_tile(in, plane, y, x, d->inputs, copy);
                from = copy;
                row = (size_t)d->inputs * BW_LANES;
            }
            w->method->transform_input(from, row, out, d->in_position);
            plane += in->plane_stride;
            out += (size_t)d->block_tiles * BW_LANES;
        }
    }
}

/* The weights of a group of output planes at one position. */
static const float *group_weights(const work *w, int position, int plane)
{
    const division *d = w->d;
    int left = d->out_planes - plane;
    size_t blocks = (size_t)(left < d->group_planes ? left : d->group_planes);
    size_t step = (size_t)position * (size_t)w->operation->in.channels * blocks;
    return (const float *)w->operands->weights + (size_t)d->out_planes * BW_LANES +
           (size_t)(plane / d->group_planes) * d->group_weights + step * BW_LANES;
}

/* The product of matrices of a group of output planes at one position; `later` are the weights
 * that will be wanted next. */
static void multiply_group(const work *w, int position, int plane, int blocks, float *sums,
                           const float *later)
{
    const division *d = w->d;
    const bw_conv_tiles *tiles = w->method->tiles;
    static const _Alignas(64) float zeros[BW_LANES];
    int inputs = w->operation->in.channels, count = divide_up(w->tiles, tiles->pixels);
    size_t stride = (size_t)d->block_tiles * BW_LANES;
    bw_conv_tile tile = {
        .in_plane = stride,
        .in_pixel = BW_LANES,
        .planes = d->in_planes,
        .kernel_height = 1,
        .kernel_width = 1,
        .channels = BW_LANES,
        .last_channels = inputs - (d->in_planes - 1) * BW_LANES,
        .weights = group_weights(w, position, plane),
        .lines_ahead = divide_up(BW_LANES * blocks, count),
        .start = zeros,
        .out_block = stride,
    };
    for (int index = 0, first = 0; index < count; index++) {
        int end = (index + 1) * w->tiles / count;
        tile.in = w->transformed + (size_t)position * d->in_position + first * BW_LANES;
        tile.out = sums + first * BW_LANES;
        tile.weights_ahead = later + (size_t)(index * tile.lines_ahead * d->in_planes) * BW_LANES;
        tiles->run[blocks - 1][end - first - 1](&tile);
        first = end;
    }
}

/* The products of a group or chunk of output planes, position by position. */
static void multiply_planes(const work *w, int start, int end)
{
    const division *d = w->d;
    for (int position = 0; position < d->positions; position++) {
        float *sums = w->sums + (size_t)position * d->sum_position;
        for (int plane = start; plane < end; plane += d->group_planes) {
            int blocks = end - plane < d->group_planes ? end - plane : d->group_planes;
            bool last = plane + d->group_planes >= end;
            const float *later = last ? group_weights(w, position + 1, start)
                                      : group_weights(w, position, plane + d->group_planes);
            multiply_group(w, position, plane, blocks, sums, later);
            sums += blocks * d->block_tiles * BW_LANES;
        }
    }
}

static void finish_planes(const work *w, int start, int end)
{
    const bw_operation *operation = w->operation;
    const bw_layout *out = &operation->out, *second = &operation->second;
    int outputs = w->method->outputs;
    bw_winograd_output output = {
        .position = w->d->sum_position,
        .activation = operation->activation,
        .slope = operation->slope,
        .second_row = second->row_stride,
        .out_row = out->row_stride,
    };
    for (int plane = start; plane < end; plane++) {
        size_t index = (size_t)plane;
        output.bias = (const float *)w->operands->weights + index * BW_LANES;
        for (int tile = 0; tile < w->tiles; tile++) {
            place at = place_of(w, w->first + tile);
            output.sums = w->sums + ((plane - start) * w->d->block_tiles + tile) * BW_LANES;
            output.out = (float *)w->operands->out + at.image * out->image_stride +
                         index * out->plane_stride + (size_t)at.y * out->row_stride +
                         at.x * BW_LANES;
            if (operation->has_second)
                output.second = (const float *)w->operands->second +
                                at.image * second->image_stride + index * second->plane_stride +
                                (size_t)at.y * second->row_stride + at.x * BW_LANES;
            output.rows = out->height - at.y < outputs ? out->height - at.y : outputs;
            output.columns = out->width - at.x < outputs ? out->width - at.x : outputs;
            w->method->transform_output(&output);
        }
    }
}

/* The border of a plane belongs to the unit that has the image's first tile. */
static void zero_borders(const work *w, int first_plane, int last_plane)
{
    const bw_layout *out = &w->operation->out;
    for (int tile = 0; tile < w->tiles; tile++) {
        if ((w->first + tile) % w->d->image_tiles != 0)
            continue;
        float *image =
            (float *)w->operands->out + place_of(w, w->first + tile).image * out->image_stride;
        for (int plane = first_plane; plane < last_plane; plane++)
            bw_fill_border(out, image + (size_t)plane * out->plane_stride, 0, out->height);
    }
}

void bw_winograd_run(const bw_winograd *method, const bw_operation *operation,
                     const bw_operands *operands, int first, int last, void *scratch)
{
    division d = divide(method, operation, operands->images);
    int all = d.image_tiles * operands->images, block = -1;
    work w = {.method = method, .operation = operation, .operands = operands, .d = &d};
    w.transformed = scratch;
    w.sums = w.transformed + (size_t)d.positions * d.in_position;
    for (int unit = first; unit < last; unit++) {
        if (unit / d.chunks != block) {
            block = unit / d.chunks;
            w.first = block * d.block_tiles;
            w.tiles = all - w.first < d.block_tiles ? all - w.first : d.block_tiles;
            transform_block(&w);
        }
        int start = unit % d.chunks * d.chunk_planes, end = start + d.chunk_planes;
        if (end > d.out_planes)
            end = d.out_planes;
        for (int plane = start; plane < end; plane += d.sum_planes) {
            int last_plane = end - plane < d.sum_planes ? end : plane + d.sum_planes;
            multiply_planes(&w, plane, last_plane);
            finish_planes(&w, plane, last_plane);
        }
        zero_borders(&w, start, end);
    }
}
