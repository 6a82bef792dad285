#include "kernels/x86/winograd_work.h"

enum { LINE = BW_WINOGRAD_LINE };

/* The weights of a group for one position, and what will be wanted next. */
typedef struct weights {
    const uint8_t *lines, *later;
    int lines_later; /* of the cache */
} weights;

/* The lines of a group at one position. */
static const uint8_t *line_weights(const bw_winograd_work *w, int position, int plane)
{
    int lines = w->d->words * bw_winograd_count_blocks(w->d, plane);
    return bw_winograd_group_weights(w, plane) + (size_t)(position * lines) * LINE;
}

/* Lines as they are packed. The planes from `start` to `end` are done position by position. */
static weights packed_lines(const bw_winograd_work *w, int position, int plane, int start, int end)
{
    const bw_winograd_division *d = w->d;
    bool last = plane + d->group_planes >= end;
    return (weights){
        .lines = line_weights(w, position, plane),
        .later = last ? line_weights(w, position + 1, start)
                      : line_weights(w, position, plane + d->group_planes),
        .lines_later = d->words * bw_winograd_count_blocks(d, plane),
    };
}

/* The product of matrices of a group of output planes at one position. */
static void multiply_group(const bw_winograd_work *w, int position, int blocks, const weights *by,
                           uint8_t *sums)
{
    const bw_winograd_division *d = w->d;
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
static void multiply_planes(const bw_winograd_work *w, int start, int end)
{
    const bw_winograd_division *d = w->d;
    for (int position = 0; position < d->positions; position++) {
        uint8_t *sums = w->sums + (size_t)position * d->sum_position;
        for (int plane = start; plane < end; plane += d->group_planes) {
            weights by = packed_lines(w, position, plane, start, end);
            int blocks = bw_winograd_count_blocks(d, plane);
            multiply_group(w, position, blocks, &by, sums);
            sums += (size_t)(blocks * d->block_tiles) * LINE;
        }
    }
}

/* A slice of a group's filters, and what is packed after it. */
typedef struct slice {
    int plane, word, words;
    const uint8_t *packed;
    int lines; /* of the cache */
} slice;

static slice slice_of(const bw_winograd_work *w, int plane, int word)
{
    int blocks = bw_winograd_count_blocks(w->d, plane), left = w->d->words - word;
    slice made = {plane, word, left < BW_WINOGRAD_SLICE ? left : BW_WINOGRAD_SLICE, NULL, 0};
    int quad_lines = BW_WINOGRAD_TAPS * blocks;
    made.packed = bw_winograd_group_weights(w, plane) + (size_t)(word / 2 * quad_lines) * LINE;
    made.lines = made.words / 2 * quad_lines;
    return made;
}

static void make_lines(const bw_winograd_work *w, const slice *of, int row)
{
    bw_winograd_filters filters = {
        .packed = of->packed,
        .quads = of->words / 2,
        .blocks = bw_winograd_count_blocks(w->d, of->plane),
        .row = row,
        .lines = w->lines,
        .position = w->d->line_position,
    };
    w->method->transform_filters(&filters);
}

/* The products of a slice at one row of positions, whose lines are made. */
static void multiply_row(const bw_winograd_work *w, const slice *of, int row)
{
    const bw_winograd_division *d = w->d;
    int lines = bw_divide_up(of->words, BW_WINOGRAD_WORDS),
        later = bw_divide_up(of->lines, d->positions);
    bw_winograd_product product = {
        .stride = (size_t)d->block_tiles * LINE,
        .lines = lines,
        .last_words = of->words - (lines - 1) * BW_WINOGRAD_WORDS,
        .tiles = w->tiles,
        .blocks = bw_winograd_count_blocks(d, of->plane),
        .further = of->word > 0,
        .lines_later = later,
    };
    for (int column = 0; column < d->inputs; column++) {
        int position = row * d->inputs + column;
        product.in = w->transformed + (size_t)position * d->in_position +
                     (size_t)(of->word / BW_WINOGRAD_WORDS) * product.stride;
        product.sums = w->sums + (size_t)position * d->sum_position;
        product.weights = w->lines + (size_t)column * d->line_position;
        product.later = of->packed + (size_t)(of->lines + position * later) * LINE;
        w->method->multiply(&product);
    }
}

/* The products of a group, slice by slice; meanwhile what the next one reads is asked for. */
static void multiply_filters(const bw_winograd_work *w, int plane)
{
    for (int word = 0; word < w->d->words; word += BW_WINOGRAD_SLICE) {
        slice of = slice_of(w, plane, word);
        for (int row = 0; row < w->d->inputs; row++) {
            make_lines(w, &of, row);
            multiply_row(w, &of, row);
        }
    }
}

void bw_winograd_multiply(const bw_winograd_work *work, int start, int end)
{
    if (work->method->transform_filters)
        multiply_filters(work, start);
    else
        multiply_planes(work, start, end);
}
