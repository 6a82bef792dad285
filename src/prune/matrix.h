/**
 * The little linear algebra that pruning needs: symmetric positive definite matrices, in double
 * precision, of as many rows as a tensor has channels. Rows are shared out among threads so that no
 * result depends on how many there are.
 */
#ifndef BW_PRUNE_MATRIX_H
#define BW_PRUNE_MATRIX_H

#include "base/threads.h"

/** y += factor × x. */
static inline void bw_add_scaled(double *restrict y, const double *restrict x, double factor,
                                 int count)
{
    for (int index = 0; index < count; index++)
        y[index] += factor * x[index];
}

/**
 * Adds a share of each variance, and of a hundredth of their mean, to the diagonal of an n × n
 * covariance: the matrix is definite whatever was seen, and nothing is built on channels that
 * hardly vary.
 */
void bw_dampen(double *matrix, int n, double share);

/**
 * Replaces the upper triangle of a definite n × n matrix M by U with M = Uᵀ U (Cholesky). The lower
 * one is not looked at.
 */
void bw_factorize(double *matrix, int n, bw_pool *pool);

/** Replaces each of `count` rows b by the x that solves M x = b, given the U of M. */
void bw_solve_rows(const double *factor, int n, double *rows, int count, bw_pool *pool);

#endif
