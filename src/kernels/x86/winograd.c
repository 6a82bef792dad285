#include "kernels/x86/winograd.h"

#include <string.h>

#include "kernels/border.h"
#include "kernels/x86/conv_direct.h"
#include "kernels/x86/weight_cycles.h"

enum {
    INPUT_BYTES = 512 << 10, /* of a block's transformed input, if that leaves enough tiles: */
    TILES_LEAST = 32,        /* weights are read once a block, */
    TILES_MOST = 56,         /* so that it has the most tiles */
    WEIGHT_BYTES = 8 << 20,  /* where the weights are larger than this */
    UNITS_WANTED = 32,       /* for one image; it takes chunks of half the planes to have them: */
    CHUNK_PLANES = 8,        /* the transform of the input may be repeated for each chunk */
    DEEP_LINES = 8, /* of the input, from which on a chunk is summed position by position */
    ANY = 0,        /* number of images */
    LINE = BW_WINOGRAD_LINE,
};

/** How the work is cut. */
typedef struct division {
    int inputs, positions;
    int tile_rows, tile_columns, image_tiles;
    int words, lines, out_planes; /* words and lines of the input's channels */
    int group_planes, chunk_planes, chunks;
    int block_tiles;      /* the most of any block */
    int sum_planes;       /* whose sums are held together: a group or a chunk */
    size_t in_position;   /* bytes from position to position of the transformed input */
    size_t sum_position;  /* and of the sums */
    int parts;            /* of what is packed for a word: its positions, or its filters whole, */
    size_t part_bytes;    /* of so many bytes */
    size_t group_weights; /* bytes of a full group */
    size_t line_position; /* from position to position of its lines */
} division;

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* The most tiles of a block, however many images there are. */
static int limit_tiles(const division *d)
{
    size_t tile_bytes = (size_t)d->positions * (size_t)d->lines * LINE;
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
    d.words = divide_up(operation->in.channels, method->word_channels);
    d.lines = divide_up(d.words, BW_WINOGRAD_WORDS);
    d.out_planes = bw_layout_planes(out);
    d.group_planes = method->blocks;
    d.block_tiles = choose_tiles(&d, images);
    d.chunk_planes = choose_chunk(&d, images);
    bool packed_lines = method->transform_filters == NULL;
    d.sum_planes = packed_lines && d.lines >= DEEP_LINES ? d.chunk_planes : d.group_planes;
    d.chunks = divide_up(d.out_planes, d.chunk_planes);
    d.parts = packed_lines ? d.positions : 1;
    d.part_bytes = packed_lines ? LINE : sizeof((bw_winograd_packed *)NULL)->filters;
    d.group_weights = (size_t)(d.parts * d.words * d.group_planes) * d.part_bytes;
    /* One line more than needed where the distance is even, lest all positions fall on one set of
     * the cache. */
    d.in_position = (size_t)(d.lines * d.block_tiles | 1) * LINE;
    d.sum_position = (size_t)(d.sum_planes * d.block_tiles | 1) * LINE;
    d.line_position = (size_t)(d.words * d.group_planes | 1) * LINE;
    return d;
}

bool bw_winograd_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_CONV && operation->groups == 1 &&
           operation->kernel_height == 3 && operation->kernel_width == 3 &&
           operation->stride == 1 && operation->in.lanes == BW_LANES &&
           operation->out.lanes == BW_LANES &&
           (!operation->has_second || operation->second.lanes == BW_LANES) &&
           bw_conv_border_suffices(operation);
}

/*
 * In cycles of a core that multiplies one vector of 16 a cycle, fitted to measurements. The weights
 * are larger than the definition's: reading them decides between the two sizes of tile.
 */
double bw_winograd_cost(const bw_winograd *method, const bw_operation *operation)
{
    division d = divide(method, operation, 1);
    double tiles = d.image_tiles, positions = d.positions;
    double products = method->product_cycles * tiles * positions * d.words * d.out_planes;
    double calls = positions * d.out_planes / d.group_planes * (tiles / method->tiles);
    double transforms = tiles * positions * 10.0 * (d.lines + d.out_planes);
    if (method->transform_filters)
        transforms +=
            positions * 3.0 * d.words * d.out_planes * divide_up(d.image_tiles, d.block_tiles);
    return 1.1 * products + 60.0 * calls + transforms +
           bw_weight_cycles(bw_winograd_packed_bytes(method, operation));
}

static size_t parameter_bytes(const bw_winograd *method, const division *d)
{
    return (size_t)(d->out_planes * method->parameters) * LINE;
}

size_t bw_winograd_packed_bytes(const bw_winograd *method, const bw_operation *operation)
{
    division d = divide(method, operation, 1);
    return parameter_bytes(method, &d) +
           (size_t)d.parts * (size_t)d.words * (size_t)d.out_planes * d.part_bytes;
}

/* The planes of the group that begins with `plane`. */
static int count_blocks(const division *d, int plane)
{
    int left = d->out_planes - plane;
    return left < d->group_planes ? left : d->group_planes;
}

void bw_winograd_pack(const bw_winograd *method, const bw_operation *operation,
                      const bw_filters *filters, void *packed)
{
    division d = divide(method, operation, 1);
    uint8_t *parameters = packed, *weights = parameters + parameter_bytes(method, &d);
    for (int plane = 0; plane < d.out_planes; plane++) {
        method->pack_parameters(operation, filters, plane,
                                parameters + (size_t)(plane * method->parameters) * LINE);
        int group = plane / d.group_planes, block = plane % d.group_planes;
        size_t blocks = (size_t)count_blocks(&d, plane - block);
        uint8_t *start = weights + (size_t)group * d.group_weights + (size_t)block * d.part_bytes;
        for (int word = 0; word < d.words; word++) {
            bw_winograd_packed made;
            method->pack_word(operation, filters, plane, word, &made);
            for (int part = 0; part < d.parts; part++) {
                size_t step = (size_t)part * (size_t)d.words + (size_t)word;
                memcpy(start + step * blocks * d.part_bytes,
                       (const uint8_t *)&made + (size_t)part * d.part_bytes, d.part_bytes);
            }
        }
    }
}

size_t bw_winograd_scratch_bytes(const bw_winograd *method, const bw_operation *operation)
{
    division d = divide(method, operation, ANY);
    size_t lines = method->transform_filters ? d.line_position : 0;
    return (size_t)d.positions * (d.in_position + d.sum_position + lines);
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
    uint8_t *transformed, *sums, *lines;
} work;

/** Where a tile lies: its image, and its first output row and column. */
typedef struct place {
    int image, y, x;
} place;

static place place_of(const work *w, int tile)
{
    const division *d = w->d;
    int within = tile % d->image_tiles, outputs = w->method->outputs;
    return (place){.image = tile / d->image_tiles,
                   .y = within / d->tile_columns * outputs,
                   .x = within % d->tile_columns * outputs};
}

/* The byte, counted from a tensor's first pixel, at which a pixel of a plane stands. */
static ptrdiff_t pixel_at(const bw_layout *layout, int image, int plane, int y, int x)
{
    ptrdiff_t element = image * (ptrdiff_t)layout->image_stride +
                        plane * (ptrdiff_t)layout->plane_stride +
                        y * (ptrdiff_t)layout->row_stride + (ptrdiff_t)x * layout->lanes;
    return element * (ptrdiff_t)bw_type_size(layout->format.type);
}

static size_t row_bytes(const bw_layout *layout)
{
    return layout->row_stride * bw_type_size(layout->format.type);
}

/* The part of a tile that the layout holds, zeros for the rest; rows are `inputs` pixels apart. */
static void copy_tile(const bw_layout *in, const uint8_t *image, int plane, place at, int inputs,
                      uint8_t *copy)
{
    size_t pixel = BW_LANES * bw_type_size(in->format.type), row = pixel * (size_t)inputs;
    int columns = in->width + in->border - at.x, rows = in->height + in->border - at.y;
    size_t bytes = pixel * (size_t)(columns < inputs ? columns : inputs);
    memset(copy, 0, row * (size_t)inputs);
    for (int y = 0; y < inputs && y < rows; y++)
        memcpy(copy + row * (size_t)y, image + pixel_at(in, at.image, plane, at.y + y, at.x),
               bytes);
}

/* A tile that leaves the layout: its planes are copied first. */
static void transform_edge(const work *w, place at, bw_winograd_input *input, uint8_t *out)
{
    enum { COPY_BYTES = BW_WINOGRAD_POSITIONS * LINE };
    _Alignas(LINE) uint8_t copies[BW_WINOGRAD_PLANES][COPY_BYTES];
    const division *d = w->d;
    const bw_layout *in = &w->operation->in;
    int planes = w->method->word_channels, last = bw_layout_planes(in);
    input->row = BW_LANES * bw_type_size(in->format.type) * (size_t)d->inputs;
    for (int line = 0; line < d->lines; line++) {
        for (int index = 0; index < planes; index++) {
            bool real = line * planes + index < last;
            if (real)
                copy_tile(in, w->operands->in, line * planes + index, at, d->inputs, copies[index]);
            input->in[index] = real ? copies[index] : NULL;
        }
        input->out = out + (size_t)(line * d->block_tiles) * LINE;
        w->method->transform_input(input);
    }
}

static void transform_inside(const work *w, place at, bw_winograd_input *input, uint8_t *out)
{
    const bw_layout *in = &w->operation->in;
    int planes = w->method->word_channels, left = bw_layout_planes(in);
    const uint8_t *from = (const uint8_t *)w->operands->in + pixel_at(in, at.image, 0, at.y, at.x);
    size_t plane = in->plane_stride * bw_type_size(in->format.type);
    size_t line = (size_t)w->d->block_tiles * LINE;
    for (; left > 0; left -= planes) {
        for (int index = 0; index < planes; index++, from += plane)
            input->in[index] = index < left ? from : NULL;
        input->out = out;
        w->method->transform_input(input);
        out += line;
    }
}

/* The tile whose first input pixel is `at`, which may lie in the border. */
static void transform_tile(const work *w, place at, uint8_t *out)
{
    const division *d = w->d;
    const bw_layout *in = &w->operation->in;
    bw_winograd_input input = {.row = row_bytes(in), .position = d->in_position};
    if (at.y + d->inputs <= in->height + in->border && at.x + d->inputs <= in->width + in->border)
        transform_inside(w, at, &input, out);
    else
        transform_edge(w, at, &input, out);
}

static void transform_block(const work *w)
{
    for (int tile = 0; tile < w->tiles; tile++) {
        place at = place_of(w, w->first + tile);
        at.y -= w->operation->pad_top;
        at.x -= w->operation->pad_left;
        transform_tile(w, at, w->transformed + (size_t)tile * LINE);
    }
}

/* What is packed for a group, or for one position of it. */
static const uint8_t *group_weights(const work *w, int position, int plane)
{
    const division *d = w->d;
    size_t part = (size_t)(d->words * count_blocks(d, plane)) * d->part_bytes;
    return (const uint8_t *)w->operands->weights + parameter_bytes(w->method, d) +
           (size_t)(plane / d->group_planes) * d->group_weights +
           (d->parts > 1 ? (size_t)position * part : 0);
}

/* The weights of a group for one position, and what will be wanted next. */
typedef struct weights {
    const uint8_t *lines, *later;
    int lines_later; /* of the cache */
} weights;

/* Lines as they are packed. The planes from `start` to `end` are done position by position. */
static weights packed_lines(const work *w, int position, int plane, int start, int end)
{
    const division *d = w->d;
    bool last = plane + d->group_planes >= end;
    return (weights){
        .lines = group_weights(w, position, plane),
        .later = last ? group_weights(w, position + 1, start)
                      : group_weights(w, position, plane + d->group_planes),
        .lines_later = d->words * count_blocks(d, plane),
    };
}

/* Lines made of the group's filters. Meanwhile the next group's filters are asked for. */
static weights made_lines(const work *w, int position, int plane)
{
    const division *d = w->d;
    size_t bytes = (size_t)(d->words * d->group_planes) * d->part_bytes / (size_t)d->positions;
    return (weights){
        .lines = w->lines + (size_t)position * d->line_position,
        .later = group_weights(w, 0, plane) + d->group_weights + (size_t)position * bytes,
        .lines_later = divide_up((int)bytes, LINE),
    };
}

static void make_lines(const work *w, int plane)
{
    bw_winograd_filters filters = {
        .packed = group_weights(w, 0, plane),
        .count = w->d->words * count_blocks(w->d, plane),
        .lines = w->lines,
        .position = w->d->line_position,
    };
    w->method->transform_filters(&filters);
}

/* The product of matrices of a group of output planes at one position. */
static void multiply_group(const work *w, int position, int blocks, const weights *by,
                           uint8_t *sums)
{
    const division *d = w->d;
    bw_winograd_product product = {
        .in = w->transformed + (size_t)position * d->in_position,
        .sums = sums,
        .stride = (size_t)d->block_tiles * LINE,
        .lines = d->lines,
        .last_words = d->words - (d->lines - 1) * BW_WINOGRAD_WORDS,
        .tiles = w->tiles,
        .blocks = blocks,
        .weights = by->lines,
        .later = by->later,
        .lines_later = by->lines_later,
    };
    w->method->multiply(&product);
}

/* The products of a group or chunk of output planes, position by position. */
static void multiply_planes(const work *w, int start, int end)
{
    const division *d = w->d;
    if (w->method->transform_filters)
        make_lines(w, start);
    for (int position = 0; position < d->positions; position++) {
        uint8_t *sums = w->sums + (size_t)position * d->sum_position;
        for (int plane = start; plane < end; plane += d->group_planes) {
            weights by = w->method->transform_filters
                             ? made_lines(w, position, plane)
                             : packed_lines(w, position, plane, start, end);
            int blocks = count_blocks(d, plane);
            multiply_group(w, position, blocks, &by, sums);
            sums += (size_t)(blocks * d->block_tiles) * LINE;
        }
    }
}

/* The tiles from `tile` of the block on that lie beside each other. */
static int count_run(const work *w, int tile)
{
    int columns = w->d->tile_columns, left = w->tiles - tile;
    int run = columns - (w->first + tile) % columns;
    return run < left ? run : left;
}

static void finish_run(const work *w, int plane, const uint8_t *sums, place at, int tiles)
{
    const bw_operation *operation = w->operation;
    const bw_layout *out = &operation->out, *second = &operation->second;
    int outputs = w->method->outputs, rows = out->height - at.y, columns = out->width - at.x;
    const uint8_t *parameters = w->operands->weights;
    bw_winograd_output output = {
        .sums = sums,
        .position = w->d->sum_position,
        .tiles = tiles,
        .operation = operation,
        .parameters = parameters + (size_t)(plane * w->method->parameters) * LINE,
        .second_row = row_bytes(second),
        .out = (uint8_t *)w->operands->out + pixel_at(out, at.image, plane, at.y, at.x),
        .out_row = row_bytes(out),
        .rows = rows < outputs ? rows : outputs,
        .columns = columns < tiles * outputs ? columns : tiles * outputs,
    };
    if (operation->has_second)
        output.second =
            (const uint8_t *)w->operands->second + pixel_at(second, at.image, plane, at.y, at.x);
    w->method->transform_output(&output);
}

static void finish_planes(const work *w, int start, int end)
{
    for (int plane = start; plane < end; plane++) {
        const uint8_t *sums = w->sums + (size_t)((plane - start) * w->d->block_tiles) * LINE;
        for (int tile = 0, run; tile < w->tiles; tile += run) {
            run = count_run(w, tile);
            finish_run(w, plane, sums + (size_t)tile * LINE, place_of(w, w->first + tile), run);
        }
    }
}

/* The border of a plane belongs to the unit that has the image's first tile. */
static void fill_borders(const work *w, int first_plane, int last_plane)
{
    const bw_layout *out = &w->operation->out;
    for (int tile = 0; tile < w->tiles; tile++) {
        if ((w->first + tile) % w->d->image_tiles != 0)
            continue;
        int image = place_of(w, w->first + tile).image;
        for (int plane = first_plane; plane < last_plane; plane++)
            bw_fill_border(out, (uint8_t *)w->operands->out + pixel_at(out, image, plane, 0, 0), 0,
                           out->height);
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
    w.lines = w.sums + (size_t)d.positions * d.sum_position;
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
        fill_borders(&w, start, end);
    }
}
