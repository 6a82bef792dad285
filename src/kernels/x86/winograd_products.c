#include "kernels/x86/winograd_work.h"

#include <xmmintrin.h>

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

/* What the sums of the plane start with at a position. */
static const uint8_t *starts(const bw_winograd_work *w, int position, int plane)
{
    int first = w->method->starts;
    return first ? bw_winograd_parameters(w, plane) + (size_t)(first + position) * LINE : NULL;
}

/* The product of matrices of the group that begins with `plane` at one position. */
static void multiply_group(const bw_winograd_work *w, int position, int plane, const weights *by,
                           uint8_t *sums)
{
    const bw_winograd_division *d = w->d;
    bw_winograd_range tiles = bw_winograd_tiles_at(w, position / d->points, position % d->points);
    if (tiles.count == 0)
        return;
    const size_t first = (size_t)tiles.first * LINE;
    bw_winograd_product product = {
        .in = w->transformed + (size_t)position * d->in_position + first,
        .sums = sums + first,
        .stride = (size_t)d->block_tiles * LINE,
        .lines = d->lines,
        .last_words = d->words - (d->lines - 1) * BW_WINOGRAD_WORDS,
        .tiles = tiles.count,
        .blocks = bw_winograd_count_blocks(d, plane),
        .starts = starts(w, position, plane),
        .start_stride = bw_winograd_parameter_bytes(w->method, 1),
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
            multiply_group(w, position, plane, &by, sums);
            sums += (size_t)(bw_winograd_count_blocks(d, plane) * d->block_tiles) * LINE;
        }
    }
}

/* What is packed for a group. */
static size_t group_bytes(const bw_winograd_work *w, int plane)
{
    int quad_lines = BW_WINOGRAD_TAPS * bw_winograd_count_blocks(w->d, plane);
    return (size_t)(w->d->packed_words * quad_lines) * LINE;
}

/* Makes the lines of a row of positions, if the row before does not have the same. */
static void make_lines(const bw_winograd_work *w, int plane, int row)
{
    if (row >= w->method->filter_points)
        return;
    bw_winograd_filters filters = {
        .packed = bw_winograd_group_weights(w, plane),
        .parameters = bw_winograd_parameters(w, plane),
        .count = w->d->packed_words,
        .blocks = bw_winograd_count_blocks(w->d, plane),
        .row = row,
        .lines = w->lines,
        .position = w->d->line_position,
    };
    w->method->transform_filters(&filters);
}

/* The products at one row of positions, whose lines are made; meanwhile a part of what the next
 * group reads is asked for. */
static void multiply_row(const bw_winograd_work *w, int plane, int row)
{
    const bw_winograd_division *d = w->d;
    int lines_later = bw_divide_up((int)(group_bytes(w, plane) / LINE), d->positions);
    const uint8_t *next = bw_winograd_group_weights(w, plane) + group_bytes(w, plane);
    const int own = w->method->filter_points;
    for (int column = 0; column < d->points; column++) {
        int position = row * d->points + column, made = column < own ? column : own - 1;
        weights by = {
            .lines = w->lines + (size_t)made * d->line_position,
            .later = next + (size_t)(position * lines_later) * LINE,
            .lines_later = lines_later,
        };
        multiply_group(w, position, plane, &by, w->sums + (size_t)position * d->sum_position);
    }
}

/* Asks for a row's share of the parameters that the next group reads. */
static void ask_for_parameters(const bw_winograd_work *w, int plane, int row)
{
    const bw_winograd_division *d = w->d;
    const uint8_t *next = bw_winograd_parameters(w, plane + d->group_planes);
    int lines = d->group_planes * w->method->parameters;
    for (int line = row * lines / d->points; line < (row + 1) * lines / d->points; line++)
        _mm_prefetch((const char *)(next + (size_t)line * LINE), _MM_HINT_T1);
}

/* The products of a group. */
static void multiply_filters(const bw_winograd_work *w, int plane)
{
    for (int row = 0; row < w->d->points; row++) {
        make_lines(w, plane, row);
        ask_for_parameters(w, plane, row);
        multiply_row(w, plane, row);
    }
}

void bw_winograd_multiply(const bw_winograd_work *work, int start, int end)
{
    if (work->method->transform_filters)
        multiply_filters(work, start);
    else
        multiply_planes(work, start, end);
}
