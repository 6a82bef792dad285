/**
 * Sums of products of samples, the bulk of what ranking calculates: matrix += rowsᵀ · columns, of
 * floats in double precision.
 */
#ifndef BW_PRUNE_PRODUCTS_H
#define BW_PRUNE_PRODUCTS_H

#include "base/threads.h"

/**
 * Adds rows[sample][row] × columns[sample][column] of all samples to matrix[row][column]. The sums
 * are the same on any number of threads.
 */
void bw_add_products(double *matrix, const float *rows, int row_count, const float *columns,
                     int column_count, int samples, bw_pool *pool);

/**
 * The same of samples with themselves, n × n. Only the upper triangle is sure to be right, until
 * bw_mirror has copied it.
 */
void bw_add_squares(double *matrix, const float *numbers, int n, int samples, bw_pool *pool);

/** Makes a matrix symmetric by its upper triangle. */
void bw_mirror(double *matrix, int n);

#endif
