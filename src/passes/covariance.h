/**
 * How the numbers that a convolution reads vary together: what tells which rounding errors of its
 * weights cancel in the sums, and which add up.
 *
 * The numbers under a window are cut into blocks of whole channels of one group. What is known is
 * the second moments within each block; numbers of different blocks are taken to be independent.
 * Order within a block: [channel][row][column], as weights have it.
 */
#ifndef BW_PASSES_COVARIANCE_H
#define BW_PASSES_COVARIANCE_H

#include "graph/graph.h"

/** Of one convolution; zeroed, it stands for nothing known. */
typedef struct bw_covariance {
    int channels;    /* of the tensor that is read */
    int window;      /* height × width */
    int group;       /* channels that a filter reads */
    int block;       /* channels of a block; the last one of each group may have fewer */
    int blocks;      /* in all groups */
    size_t count;    /* windows seen */
    float *sums;     /* [channel × window] */
    float *products; /* a square matrix a block, of rows of block × window */
} bw_covariance;

/** Makes room for the windows of a convolution in an arena. False without memory. */
bool bw_covariance_open(bw_covariance *covariance, const bw_graph *graph, const bw_node *conv,
                        bw_arena *arena);

/** Adds windows: [count][channel × window], zeros where a window leaves the picture. */
void bw_covariance_add(bw_covariance *covariance, const float *windows, size_t count);

/** How many products there are on and below the diagonals of all blocks' matrices. */
size_t bw_covariance_numbers(const bw_covariance *covariance);

/** Copies those out of the blocks, one row after the other, and into those of an open one. */
void bw_covariance_pack(const bw_covariance *covariance, float *numbers);
void bw_covariance_unpack(bw_covariance *covariance, const float *numbers);

/** The first channel of a block, and how many it has. */
int bw_covariance_first(const bw_covariance *covariance, int block, int *channels);

/**
 * The covariance of one block in `matrix`, square, of the block's channels × window, each channel c
 * multiplied by factors[c]. A share of the mean variance is added to the diagonal, so that no
 * direction is free of cost.
 */
void bw_covariance_matrix(const bw_covariance *covariance, int block, const float *factors,
                          float *matrix);

#endif
