/**
 * What the max pool kernels of the instruction sets share.
 *
 * Small windows are read pixel by pixel. Large ones take the maximum along rows first, then along
 * columns, each by doubling: with m(x, s) the maximum of s neighbours from x on, m(x, 2 s) =
 * max(m(x, s), m(x + s, s)), and any k between s and 2 s is max(m(x, s), m(x + k − s, s)). That
 * is about log2 k steps a direction, whatever the window.
 */
#ifndef BW_KERNELS_X86_MAX_POOL_H
#define BW_KERNELS_X86_MAX_POOL_H

#include "kernels/x86/rows.h"

/** to[i] = max(a[i step], b[i step]) for whole pixels of BW_LANES; `to` may be `a`. */
typedef void bw_maximum_function(float *to, const float *a, const float *b, int pixels, int step);

/** The part of a window that lies inside the picture: rows or columns [first, last) of it. */
typedef struct bw_clip {
    int first, last;
} bw_clip;

static inline bw_clip bw_clip_window(int start, int kernel, int size)
{
    bw_clip clip = {start < 0 ? -start : 0, size - start < kernel ? size - start : kernel};
    return clip;
}

/** Whether the window is large enough for doubling. */
bool bw_max_pool_doubles(const bw_operation *operation);

bool bw_max_pool_accepts(const bw_operation *operation);

/** Steps of one pixel of the output, in whole pixels. */
double bw_max_pool_steps(const bw_operation *operation);

size_t bw_max_pool_scratch(const bw_operation *operation);

/** Runs units of bw_rows_units: `row` for small windows, else by doubling with `maximum`. */
void bw_max_pool_run(const bw_operation *operation, const bw_operands *operands, int first,
                     int last, void *scratch, bw_row_function *row, bw_maximum_function *maximum);

#endif
