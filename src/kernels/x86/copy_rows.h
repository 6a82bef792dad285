/**
 * What the copy kernels of the instruction sets share.
 *
 * A plane of the output takes its lanes from at most two planes of the input. Where the channels
 * lie in the same lanes on both sides, whole planes are moved as they are.
 */
#ifndef BW_KERNELS_X86_COPY_ROWS_H
#define BW_KERNELS_X86_COPY_ROWS_H

#include "kernels/x86/rows.h"

/** Moves the first `count` lanes, 1 to BW_LANES, from each of `pixels` pixels. */
typedef void bw_move_lanes(float *to, const float *from, int pixels, int count);

bool bw_copy_row_accepts(const bw_operation *operation);

/** Copies one row, with `move` where only some lanes of its pixels are to be written. */
void bw_copy_row(const bw_row *row, bw_move_lanes *move);

#endif
