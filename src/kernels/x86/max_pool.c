#include "kernels/x86/max_pool.h"

#include <float.h>
#include <string.h>

enum { LARGEST_DIRECT = 3 };

/* Scratch of a band: the rows' maxima, and one row with what lies beside the picture. */
typedef struct pooling {
    const bw_band *band;
    bw_maximum_function *maximum;
    float *rows, *line;
    size_t row_stride;
    int row_count, line_pixels;
} pooling;

typedef struct functions {
    bw_row_function *row;
    bw_maximum_function *maximum;
    float *scratch;
} functions;

bool bw_max_pool_doubles(const bw_operation *operation)
{
    return operation->kernel_height > LARGEST_DIRECT || operation->kernel_width > LARGEST_DIRECT;
}

bool bw_max_pool_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_MAX_POOL && bw_rows_in_planes(operation) &&
           operation->in.channels == operation->out.channels &&
           operation->pad_left < operation->kernel_width;
}

static double log2_steps(int kernel)
{
    double steps = 1.0;
    for (int span = 1; 2 * span <= kernel; span *= 2)
        steps += 1.0;
    return steps;
}

double bw_max_pool_steps(const bw_operation *operation)
{
    if (!bw_max_pool_doubles(operation))
        return (double)operation->kernel_height * operation->kernel_width;
    double stride = operation->stride;
    return stride *
           (stride * log2_steps(operation->kernel_width) + log2_steps(operation->kernel_height));
}

static int band_input_rows(const bw_operation *operation, int rows)
{
    return (rows - 1) * operation->stride + operation->kernel_height;
}

static int line_pixels(const bw_operation *operation)
{
    return (operation->out.width - 1) * operation->stride + operation->kernel_width;
}

size_t bw_max_pool_scratch(const bw_operation *operation)
{
    if (!bw_max_pool_doubles(operation))
        return 0;
    size_t rows = (size_t)band_input_rows(operation, bw_band_rows(operation));
    size_t pixels = rows * (size_t)operation->out.width + (size_t)line_pixels(operation);
    return pixels * BW_LANES * sizeof(float);
}

static void fill_lowest(float *to, size_t pixels)
{
    for (size_t index = 0; index < pixels * BW_LANES; index++)
        to[index] = -FLT_MAX;
}

/* Copies a row of the input to the line, with the lowest number where the picture has nothing. */
static void load_line(const pooling *pool, int y)
{
    const bw_band *band = pool->band;
    const bw_operation *operation = band->operation;
    bw_clip clip = bw_clip_window(-operation->pad_left, pool->line_pixels, operation->in.width);
    const float *row = bw_row_of(&operation->in, band->operands->in, band->image, band->plane, y);
    size_t before = (size_t)clip.first, inside = (size_t)(clip.last - clip.first);
    ptrdiff_t start = (ptrdiff_t)(clip.first - operation->pad_left) * BW_LANES;
    fill_lowest(pool->line, before);
    memcpy(pool->line + before * BW_LANES, row + start, inside * BW_LANES * sizeof *row);
    fill_lowest(pool->line + (size_t)clip.last * BW_LANES, (size_t)(pool->line_pixels - clip.last));
}

/* The maxima of one row of the input over the windows' columns. */
static void pool_columns(const pooling *pool, int y, float *to)
{
    const bw_operation *operation = pool->band->operation;
    int kernel = operation->kernel_width, pixels = pool->line_pixels, span = 1;
    load_line(pool, y);
    for (; 2 * span <= kernel; span *= 2) {
        pixels -= span;
        pool->maximum(pool->line, pool->line, pool->line + span * BW_LANES, pixels, 1);
    }
    pool->maximum(to, pool->line, pool->line + (kernel - span) * BW_LANES, operation->out.width,
                  operation->stride);
}

static void pool_rows(const pooling *pool)
{
    const bw_band *band = pool->band;
    int kernel = band->operation->kernel_height, width = band->operation->out.width;
    int count = pool->row_count, span = 1;
    for (; 2 * span <= kernel; span *= 2) {
        count -= span;
        for (int row = 0; row < count; row++) {
            float *at = pool->rows + (size_t)row * pool->row_stride;
            pool->maximum(at, at, at + (size_t)span * pool->row_stride, width, 1);
        }
    }
    for (int y = band->first; y < band->last; y++) {
        size_t row = (size_t)(y - band->first) * (size_t)band->operation->stride;
        const float *at = pool->rows + row * pool->row_stride;
        float *to = (float *)band->out + (size_t)y * band->operation->out.row_stride;
        pool->maximum(to, at, at + (size_t)(kernel - span) * pool->row_stride, width, 1);
    }
}

static void pool_band(const bw_band *band, void *context)
{
    const functions *call = context;
    const bw_operation *operation = band->operation;
    if (!bw_max_pool_doubles(operation)) {
        bw_band_by_rows(band, call->row);
        return;
    }
    size_t row_stride = (size_t)operation->out.width * BW_LANES;
    int count = band_input_rows(operation, band->last - band->first);
    pooling pool = {band,       call->maximum, call->scratch,         NULL,
                    row_stride, count,         line_pixels(operation)};
    pool.line = pool.rows + (size_t)count * row_stride;
    for (int row = 0; row < count; row++) {
        int y = band->first * operation->stride - operation->pad_top + row;
        float *to = pool.rows + (size_t)row * row_stride;
        if (y >= 0 && y < operation->in.height)
            pool_columns(&pool, y, to);
        else
            fill_lowest(to, (size_t)operation->out.width);
    }
    pool_rows(&pool);
}

void bw_max_pool_run(const bw_operation *operation, const bw_operands *operands, int first,
                     int last, void *scratch, bw_row_function *row, bw_maximum_function *maximum)
{
    functions context = {row, maximum, scratch};
    bw_bands_run(operation, operands, first, last, pool_band, &context);
}
