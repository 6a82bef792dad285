#include "prune/matrix.h"

#include <math.h>

/* A step of Cholesky's method, or the rows of a solution, shared out. */
typedef struct job {
    double *matrix, *rows;
    int n, step;
} job;

enum { GRAIN = 16, LANES = 8 };

void bw_dampen(double *matrix, int n, double share)
{
    double sum = 0.0;
    for (int at = 0; at < n; at++)
        sum += matrix[(size_t)at * (size_t)n + (size_t)at];
    double least = sum > 0.0 ? sum / n * 0.01 : 1.0;
    for (int at = 0; at < n; at++) {
        double *number = &matrix[(size_t)at * (size_t)n + (size_t)at];
        *number += (*number + least) * share;
    }
}

/* Takes row `step` from the rows below it. */
static void reduce_rows(void *context, int first, int last, int worker)
{
    (void)worker;
    const job *j = context;
    size_t n = (size_t)j->n, step = (size_t)j->step;
    const double *pivot = j->matrix + step * n;
    for (size_t row = step + 1 + (size_t)first; row < step + 1 + (size_t)last; row++)
        bw_add_scaled(j->matrix + row * n + row, pivot + row, -pivot[row], (int)(n - row));
}

void bw_factorize(double *matrix, int n, bw_pool *pool)
{
    for (int step = 0; step < n; step++) {
        double *pivot = matrix + (size_t)step * (size_t)n;
        double root = sqrt(fmax(pivot[step], 1e-300));
        for (int at = step; at < n; at++)
            pivot[at] /= root;
        job j = {.matrix = matrix, .n = n, .step = step};
        bw_pool_run(pool, reduce_rows, &j, n - step - 1, GRAIN);
    }
}

/* Sums side by side, for none to wait for another. */
static double dot(const double *a, const double *b, int count)
{
    double sums[LANES] = {0}, sum = 0.0;
    int at = 0;
    for (; at + LANES <= count; at += LANES) {
        for (int lane = 0; lane < LANES; lane++)
            sums[lane] += a[at + lane] * b[at + lane];
    }
    for (; at < count; at++)
        sum += a[at] * b[at];
    for (int lane = 0; lane < LANES; lane++)
        sum += sums[lane];
    return sum;
}

static void solve_row(const double *factor, int n, double *row)
{
    for (int at = 0; at < n; at++) {
        const double *pivot = factor + (size_t)at * (size_t)n;
        row[at] /= pivot[at];
        bw_add_scaled(row + at + 1, pivot + at + 1, -row[at], n - at - 1);
    }
    for (int at = n - 1; at >= 0; at--) {
        const double *pivot = factor + (size_t)at * (size_t)n;
        row[at] = (row[at] - dot(pivot + at + 1, row + at + 1, n - at - 1)) / pivot[at];
    }
}

static void solve_some(void *context, int first, int last, int worker)
{
    (void)worker;
    const job *j = context;
    for (int row = first; row < last; row++)
        solve_row(j->matrix, j->n, j->rows + (size_t)row * (size_t)j->n);
}

void bw_solve_rows(const double *factor, int n, double *rows, int count, bw_pool *pool)
{
    job j = {.matrix = (double *)(uintptr_t)factor, .rows = rows, .n = n};
    bw_pool_run(pool, solve_some, &j, count, 1);
}
