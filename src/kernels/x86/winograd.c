#include "kernels/x86/winograd_work.h"

#include <string.h>

#include "kernels/border.h"
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

static const double rest_cycles = 1.2;   /* of a pixel that tiles leave over, a step and plane */
static const double pooled_cycles = 4.0; /* that a pool saves of a method's `finish_cycles` */

/* The most tiles of a block, however many images there are. */
static int limit_tiles(const bw_winograd *method, const bw_winograd_division *d)
{
    if (method->most_tiles > 0)
        return method->most_tiles;
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
static int choose_chunk(const bw_winograd_division *d, int images)
{
    int planes = CHUNK_PLANES, blocks = bw_divide_up(d->image_tiles * images, d->block_tiles);
    if (images != ANY && blocks * (d->out_planes / planes) < UNITS_WANTED)
        planes /= 2;
    int chunks = d->out_planes < planes ? 1 : d->out_planes / planes;
    return bw_divide_up(bw_divide_up(d->out_planes, chunks), d->group_planes) * d->group_planes;
}

/* Blocks as equal as can be over all images' tiles. */
static int choose_tiles(const bw_winograd *method, const bw_winograd_division *d, int images)
{
    int all = d->image_tiles * images, limit = limit_tiles(method, d);
    if (d->grouped) {
        int most = method->most_tiles / d->image_tiles;
        int each = images == ANY ? most : bw_divide_up(images, bw_divide_up(images, most));
        return each * d->image_tiles;
    }
    return images == ANY ? limit : bw_divide_up(all, bw_divide_up(all, limit));
}

/* In a row of a tile of so many outputs. */
static int inputs_of(const bw_winograd *method, int outputs)
{
    enum { SIDE = 3 };
    return (outputs - 1) * method->stride + SIDE;
}

/* A single row or column that tiles would be wasted on is left over. */
static int covered(const bw_winograd *method, int size)
{
    return method->rest && size > method->outputs && size % method->outputs == 1 ? size - 1 : size;
}

/* For `images` images, or with the largest blocks and chunks that any number of them has. */
static bw_winograd_division divide(const bw_winograd *method, const bw_operation *operation,
                                   int images)
{
    const bw_layout *out = &operation->out;
    bw_winograd_division d = {.inputs = inputs_of(method, method->outputs),
                              .points = method->points};
    d.positions = d.points * d.points;
    d.pool = bw_pool_side(operation);
    int height = d.pool * out->height, width = d.pool * out->width;
    d.height = covered(method, height);
    d.width = covered(method, width);
    d.rest = height * width - d.height * d.width;
    bw_winograd_divide_tiles(&d, method);
    bool packed_lines = method->transform_filters == NULL;
    d.packed_words = packed_lines ? operation->in.channels
                                  : bw_divide_up(operation->in.channels, method->packed_channels);
    d.words = packed_lines ? d.packed_words : method->made_words * d.packed_words;
    d.lines = bw_divide_up(d.words, BW_WINOGRAD_WORDS);
    d.out_planes = bw_layout_planes(out);
    d.group_planes = method->blocks;
    d.block_tiles = choose_tiles(method, &d, images);
    d.chunk_planes = choose_chunk(&d, images);
    d.sum_planes = packed_lines && d.lines >= DEEP_LINES ? d.chunk_planes : d.group_planes;
    d.chunks = bw_divide_up(d.out_planes, d.chunk_planes);
    d.parts = packed_lines ? d.positions : BW_WINOGRAD_TAPS;
    d.word_step = packed_lines ? 1 : BW_WINOGRAD_TAPS;
    d.part_step = packed_lines ? d.words : 1;
    d.group_weights = (size_t)(d.parts * d.packed_words * d.group_planes) * LINE;
    /* One line more than needed where the distance is even, lest all positions fall on one set of
     * the cache. */
    d.in_position = (size_t)(d.lines * d.block_tiles | 1) * LINE;
    d.sum_position = (size_t)(d.sum_planes * d.block_tiles | 1) * LINE;
    d.line_position = (size_t)(d.words * d.group_planes | 1) * LINE;
    return d;
}

bool bw_winograd_accepts(const bw_operation *operation)
{
    return bw_winograd_accepts_stride(operation, 1);
}

bool bw_winograd_accepts_stride(const bw_operation *operation, int stride)
{
    return operation->family == BW_FAMILY_CONV && operation->groups == 1 &&
           operation->kernel_height == 3 && operation->kernel_width == 3 &&
           operation->stride == stride && operation->in.lanes == BW_LANES &&
           operation->out.lanes == BW_LANES &&
           (!operation->has_second || operation->second.lanes == BW_LANES) &&
           bw_border_suffices(operation);
}

/*
 * In cycles of a core that multiplies one vector of 16 a cycle, fitted to measurements. The weights
 * are larger than the definition's: reading them decides between the two sizes of tile.
 */
double bw_winograd_cost(const bw_winograd *method, const bw_operation *operation)
{
    bw_winograd_division d = divide(method, operation, 1);
    double tiles = d.image_tiles, positions = d.positions;
    double multiplied = bw_winograd_count_products(&d, method);
    double products = method->product_cycles * multiplied * d.words * d.out_planes;
    double calls = positions * d.out_planes / d.group_planes * (tiles / method->tiles);
    double finished = method->finish_cycles - (d.pool > 1 ? pooled_cycles : 0.0);
    double transforms = tiles * positions * (10.0 * d.lines + finished * d.out_planes);
    double made = method->filter_points * method->filter_points;
    transforms += made * method->filter_cycles * d.words * d.out_planes *
                  bw_divide_up(d.image_tiles, d.block_tiles);
    double rest = rest_cycles * d.rest * BW_WINOGRAD_TAPS * d.packed_words * d.out_planes;
    return 1.1 * products + 60.0 * calls + transforms + rest +
           bw_weight_cycles(bw_winograd_packed_bytes(method, operation));
}

size_t bw_winograd_packed_bytes(const bw_winograd *method, const bw_operation *operation)
{
    bw_winograd_division d = divide(method, operation, 1);
    return bw_winograd_parameter_bytes(method, d.out_planes) +
           (size_t)d.parts * (size_t)d.packed_words * (size_t)d.out_planes * LINE;
}

void bw_winograd_pack(const bw_winograd *method, const bw_operation *operation,
                      const bw_filters *filters, void *packed)
{
    bw_winograd_division d = divide(method, operation, 1);
    uint8_t *parameters = packed,
            *weights = parameters + bw_winograd_parameter_bytes(method, d.out_planes);
    for (int plane = 0; plane < d.out_planes; plane++) {
        method->pack_parameters(operation, filters, plane,
                                parameters + (size_t)(plane * method->parameters) * LINE);
        int group = plane / d.group_planes, block = plane % d.group_planes;
        size_t blocks = (size_t)bw_winograd_count_blocks(&d, plane - block);
        uint8_t *start = weights + (size_t)group * d.group_weights + (size_t)block * LINE;
        for (int word = 0; word < d.packed_words; word++) {
            bw_winograd_packed made;
            method->pack_word(operation, filters, plane, word, &made);
            for (int part = 0; part < d.parts; part++) {
                size_t step =
                    (size_t)part * (size_t)d.part_step + (size_t)word * (size_t)d.word_step;
                memcpy(start + step * blocks * LINE, (const uint8_t *)&made + (size_t)part * LINE,
                       LINE);
            }
        }
    }
}

size_t bw_winograd_scratch_bytes(const bw_winograd *method, const bw_operation *operation)
{
    bw_winograd_division d = divide(method, operation, ANY);
    size_t lines = (size_t)method->filter_points * d.line_position;
    size_t places = (size_t)(d.packed_words * BW_WINOGRAD_TAPS) * sizeof(int32_t);
    size_t runs = (size_t)d.block_tiles * sizeof(bw_winograd_tile);
    return (size_t)d.positions * (d.in_position + d.sum_position) + lines + places + runs;
}

int bw_winograd_units(const bw_winograd *method, const bw_operation *operation, int images)
{
    bw_winograd_division d = divide(method, operation, images);
    return bw_divide_up(d.image_tiles * images, d.block_tiles) * d.chunks;
}

static size_t row_bytes(const bw_layout *layout)
{
    return layout->row_stride * bw_type_size(layout->format.type);
}

/* The part of a tile that the layout holds, zero points for the rest; rows are `inputs` pixels
 * apart. */
static void copy_tile(const bw_layout *in, const uint8_t *image, int plane, bw_winograd_place at,
                      int inputs, uint8_t *copy)
{
    size_t pixel = BW_LANES * bw_type_size(in->format.type), row = pixel * (size_t)inputs;
    int columns = in->width + in->border - at.x, rows = in->height + in->border - at.y;
    size_t bytes = pixel * (size_t)(columns < inputs ? columns : inputs);
    memset(copy, in->format.zero_point, row * (size_t)inputs);
    for (int y = 0; y < inputs && y < rows; y++, at.y++, copy += row)
        memcpy(copy, image + bw_winograd_pixel_at(in, at, plane), bytes);
}

/* A tile that leaves the layout: its planes are copied first. */
static void transform_edge(const bw_winograd_work *w, bw_winograd_place at,
                           bw_winograd_input *input, uint8_t *out)
{
    enum { COPY_BYTES = BW_WINOGRAD_POSITIONS * LINE }; /* n × n floats; of bytes, 12 × 12 */
    _Alignas(LINE) uint8_t copies[BW_WINOGRAD_PLANES][COPY_BYTES];
    const bw_winograd_division *d = w->d;
    const bw_layout *in = &w->operation->in;
    int planes = w->method->line_planes, last = bw_layout_planes(in);
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

static void transform_inside(const bw_winograd_work *w, bw_winograd_place at,
                             bw_winograd_input *input, uint8_t *out)
{
    const bw_layout *in = &w->operation->in;
    int planes = w->method->line_planes, left = bw_layout_planes(in);
    const uint8_t *from = (const uint8_t *)w->operands->in + bw_winograd_pixel_at(in, at, 0);
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

/* A tile, some of whose input may lie in the border. */
static void transform_tile(const bw_winograd_work *w, const bw_winograd_tile *tile, uint8_t *out)
{
    const bw_winograd_division *d = w->d;
    const bw_winograd *method = w->method;
    const bw_layout *in = &w->operation->in;
    bw_winograd_place at = tile->at;
    at.y = at.y * method->stride - w->operation->pad_top;
    at.x = at.x * method->stride - w->operation->pad_left;
    bw_winograd_input input = {.rows = tile->rows,
                               .columns = tile->columns,
                               .row = row_bytes(in),
                               .position = d->in_position};
    if (at.y + inputs_of(method, tile->rows) <= in->height + in->border &&
        at.x + inputs_of(method, tile->columns) <= in->width + in->border)
        transform_inside(w, at, &input, out);
    else
        transform_edge(w, at, &input, out);
}

static void transform_block(const bw_winograd_work *w)
{
    uint8_t *out = w->transformed;
    for (int index = 0; index < w->run_count; index++) {
        bw_winograd_tile tile = w->runs[index];
        for (; tile.run > 0; tile.run--, tile.at.x += w->method->outputs, out += LINE)
            transform_tile(w, &tile, out);
    }
}

/* The tile and those beside it. */
static void finish_run(const bw_winograd_work *w, int plane, const uint8_t *sums,
                       const bw_winograd_tile *tile)
{
    const bw_winograd_place at = tile->at;
    const bw_operation *operation = w->operation;
    const bw_layout *out = &operation->out, *second = &operation->second;
    int pool = w->d->pool, outputs = w->method->outputs, across = tile->run * tile->columns;
    int rows = w->d->height - at.y, columns = w->d->width - at.x;
    bw_winograd_place pixel = {at.image, at.y / pool, at.x / pool};
    const uint8_t *parameters = w->operands->weights;
    bw_winograd_output output = {
        .sums = sums,
        .position = w->d->sum_position,
        .tiles = tile->run,
        .tile_rows = tile->rows,
        .tile_columns = tile->columns,
        .operation = operation,
        .parameters = parameters + (size_t)(plane * w->method->parameters) * LINE,
        .second_row = row_bytes(second),
        .out = (uint8_t *)w->operands->out + bw_winograd_pixel_at(out, pixel, plane),
        .out_row = row_bytes(out),
        .rows = (rows < outputs ? rows : outputs) / pool,
        .columns = (columns < across ? columns : across) / pool,
        .pooled = pool > 1,
    };
    if (operation->has_second)
        output.second =
            (const uint8_t *)w->operands->second + bw_winograd_pixel_at(second, at, plane);
    w->method->transform_output(&output);
}

static void finish_planes(const bw_winograd_work *w, int start, int end)
{
    for (int plane = start; plane < end; plane++) {
        const uint8_t *sums = w->sums + (size_t)((plane - start) * w->d->block_tiles) * LINE;
        for (int index = 0; index < w->run_count; index++) {
            finish_run(w, plane, sums, &w->runs[index]);
            sums += (size_t)w->runs[index].run * LINE;
        }
    }
}

/* The border of a plane belongs to the unit that has the image's first tile. */
static void fill_borders(const bw_winograd_work *w, int first_plane, int last_plane)
{
    const bw_layout *out = &w->operation->out;
    for (int tile = 0; tile < w->tiles; tile++) {
        if ((w->first + tile) % w->d->image_tiles != 0)
            continue;
        bw_winograd_place first = {.image = (w->first + tile) / w->d->image_tiles};
        for (int plane = first_plane; plane < last_plane; plane++)
            bw_fill_border(out,
                           (uint8_t *)w->operands->out + bw_winograd_pixel_at(out, first, plane), 0,
                           out->height);
    }
}

/* Cuts the scratch memory, as bw_winograd_scratch_bytes counts it. */
static void lay_out(bw_winograd_work *w, void *scratch)
{
    const bw_winograd_division *d = w->d;
    w->transformed = scratch;
    w->sums = w->transformed + (size_t)d->positions * d->in_position;
    w->lines = w->sums + (size_t)d->positions * d->sum_position;
    uint8_t *end = w->lines + (size_t)w->method->filter_points * d->line_position;
    w->runs = (bw_winograd_tile *)(void *)end;
    w->places = (int32_t *)(void *)(w->runs + d->block_tiles);
}

/* Turns to a block of tiles, whose input may be transformed already. */
static void enter_block(bw_winograd_work *w, int block, bool transformed)
{
    const bw_winograd_division *d = w->d;
    int left = d->image_tiles * w->operands->images - block * d->block_tiles;
    w->first = block * d->block_tiles;
    w->tiles = left < d->block_tiles ? left : d->block_tiles;
    bw_winograd_list_runs(w);
    if (!transformed)
        transform_block(w);
}

/* A chunk of planes for the block. */
static void run_chunk(const bw_winograd_work *w, int chunk)
{
    const bw_winograd_division *d = w->d;
    int start = chunk * d->chunk_planes, end = start + d->chunk_planes;
    if (end > d->out_planes)
        end = d->out_planes;
    for (int plane = start; plane < end; plane += d->sum_planes) {
        int last_plane = end - plane < d->sum_planes ? end : plane + d->sum_planes;
        bw_winograd_multiply(w, plane, last_plane);
        finish_planes(w, plane, last_plane);
        if (d->rest)
            bw_winograd_run_rest(w, plane);
    }
    fill_borders(w, start, end);
}

void bw_winograd_run(const bw_winograd *method, const bw_operation *operation,
                     const bw_operands *operands, int first, int last, void *scratch)
{
    bw_winograd_division d = divide(method, operation, operands->images);
    bw_winograd_work w = {.method = method, .operation = operation, .operands = operands, .d = &d};
    lay_out(&w, scratch);
    if (d.rest && operands->done == 0)
        bw_winograd_list_places(&d, &operation->in, w.places);
    int transformed = operands->done > 0 ? (operands->done - 1) / d.chunks : -1, entered = -1;
    for (int unit = first; unit < last; unit++) {
        int block = unit / d.chunks;
        if (block != entered)
            enter_block(&w, block, block == transformed);
        entered = block;
        run_chunk(&w, unit % d.chunks);
    }
}
