#include "prune/products.h"

#include "base/memory.h"

enum {
    PANEL = 4,    /* rows or columns that are summed side by side */
    BLOCK = 32,   /* rows that a thread takes at once */
    STRETCH = 128 /* samples that are packed at once */
};

typedef struct products {
    double *matrix;
    const float *rows, *columns;
    int row_count, column_count, samples;
    bool upper; /* only what lies at or above the diagonal */
} products;

/* Copies numbers of PANEL channels from `first` on, [sample][PANEL]; zeros beyond the last one. */
static void pack(double *to, const float *from, int channels, int first, int samples)
{
    int width = channels - first < PANEL ? channels - first : PANEL;
    for (int sample = 0; sample < samples; sample++, to += PANEL) {
        const float *own = from + (size_t)sample * (size_t)channels + first;
        for (int lane = 0; lane < PANEL; lane++)
            to[lane] = lane < width ? (double)own[lane] : 0.0;
    }
}

/* tile = Σ aᵀ b, all of it in registers. */
static void multiply(double *restrict tile, const double *restrict a, const double *restrict b,
                     int samples)
{
    double sums[PANEL * PANEL] = {0};
    for (int sample = 0; sample < samples; sample++, a += PANEL, b += PANEL) {
        for (int row = 0; row < PANEL; row++) {
            for (int column = 0; column < PANEL; column++)
                sums[row * PANEL + column] += a[row] * b[column];
        }
    }
    for (int at = 0; at < PANEL * PANEL; at++)
        tile[at] = sums[at];
}

static void add_tile(const products *p, const double *tile, int row, int column)
{
    for (int i = 0; i < PANEL && row + i < p->row_count; i++) {
        double *to = p->matrix + (size_t)(row + i) * (size_t)p->column_count + (size_t)column;
        for (int j = 0; j < PANEL && column + j < p->column_count; j++)
            to[j] += tile[i * PANEL + j];
    }
}

/* Rows of a block with all columns, over the samples [from, from + samples). */
static void add_stretch(const products *p, int block, int from, int samples)
{
    double rows[BLOCK * STRETCH], columns[PANEL * STRETCH], tile[PANEL * PANEL];
    int first = block * BLOCK, last = first + BLOCK;
    last = last < p->row_count ? last : p->row_count;
    const float *own = p->rows + (size_t)from * (size_t)p->row_count;
    const float *other = p->columns + (size_t)from * (size_t)p->column_count;
    for (int row = first; row < last; row += PANEL)
        pack(rows + (size_t)(row - first) * STRETCH, own, p->row_count, row, samples);
    for (int column = p->upper ? first : 0; column < p->column_count; column += PANEL) {
        pack(columns, other, p->column_count, column, samples);
        for (int row = first; row < last; row += PANEL) {
            multiply(tile, rows + (size_t)(row - first) * STRETCH, columns, samples);
            add_tile(p, tile, row, column);
        }
    }
}

static void add_blocks(void *context, int first, int last, int worker)
{
    (void)worker;
    const products *p = context;
    for (int block = first; block < last; block++) {
        for (int from = 0; from < p->samples; from += STRETCH)
            add_stretch(p, block, from, p->samples - from < STRETCH ? p->samples - from : STRETCH);
    }
}

void bw_add_products(double *matrix, const float *rows, int row_count, const float *columns,
                     int column_count, int samples, bw_pool *pool)
{
    products p = {matrix, rows, columns, row_count, column_count, samples, false};
    bw_pool_run(pool, add_blocks, &p, bw_divide_up(row_count, BLOCK), 1);
}

void bw_add_squares(double *matrix, const float *numbers, int n, int samples, bw_pool *pool)
{
    products p = {matrix, numbers, numbers, n, n, samples, true};
    bw_pool_run(pool, add_blocks, &p, bw_divide_up(n, BLOCK), 1);
}

void bw_mirror(double *matrix, int n)
{
    for (size_t row = 1; row < (size_t)n; row++) {
        for (size_t column = 0; column < row; column++)
            matrix[row * (size_t)n + column] = matrix[column * (size_t)n + row];
    }
}
