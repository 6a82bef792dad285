/**
 * Walking tensors that are read in another order than they lie: broadcast, sliced, transposed.
 *
 * A loop runs over the output in its own order, one row (the last dimension) at a time, and knows
 * where each operand's element for the row's first element is. Dimensions that lie together in
 * all operands are merged, so that rows are as long as they can be.
 */
#ifndef BW_KERNELS_PLAIN_LOOP_H
#define BW_KERNELS_PLAIN_LOOP_H

#include "kernels/plain/tensor.h"

enum { BW_PLAIN_OPERANDS = 3 };

typedef struct bw_plain_loop {
    int rank, operands;
    int64_t dims[BW_PLAIN_RANK];
    int64_t steps[BW_PLAIN_OPERANDS][BW_PLAIN_RANK]; /* elements of the operand an index */
    int64_t index[BW_PLAIN_RANK];
    int64_t at[BW_PLAIN_OPERANDS]; /* the operand's element for the row's first */
    size_t rows, row;              /* how many there are, and elements of one */
} bw_plain_loop;

/** A loop over a shape, without operands yet. */
void bw_plain_loop_make(bw_plain_loop *loop, const bw_plain_tensor *shape);

/** Adds an operand by its steps in elements, one a dimension of the shape, and its first element.
 */
void bw_plain_loop_add(bw_plain_loop *loop, const int64_t *steps, int64_t first);

/** Adds a dense operand that is broadcast to the shape. */
void bw_plain_loop_broadcast(bw_plain_loop *loop, const bw_plain_tensor *operand);

/** To be called once, after the last operand. Rows are walked by bw_plain_loop_next, rows times.
 */
void bw_plain_loop_begin(bw_plain_loop *loop);
void bw_plain_loop_next(bw_plain_loop *loop);

/** The step of an operand within a row. */
static inline int64_t bw_plain_loop_step(const bw_plain_loop *loop, int operand)
{
    return loop->steps[operand][loop->rank - 1];
}

/** The steps of a dense tensor. */
void bw_plain_steps(const bw_plain_tensor *tensor, int64_t *steps);

/** Extends `shape` so that it and `operand` broadcast to it (NumPy's rule). */
bw_status bw_plain_broadcast(bw_plain_tensor *shape, const bw_plain_tensor *operand,
                             bw_error *error);

/** Copies elements of any type from where `steps` and `first` say into a dense tensor. */
void bw_plain_gather(const bw_plain_tensor *to, const bw_plain_tensor *from, const int64_t *steps,
                     int64_t first);

#endif
