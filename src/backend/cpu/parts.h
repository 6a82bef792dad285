/**
 * Which steps of a plan may be computed in part where a picture leaves padding: those of bytes that
 * read the input, or only outputs of such steps, as long as enough of what they write is the same
 * for all pictures.
 */
#ifndef BW_BACKEND_CPU_PARTS_H
#define BW_BACKEND_CPU_PARTS_H

#include "backend/cpu/regions.h"

/** What a tensor's numbers come from: a step, or one of these. */
enum { BW_FROM_INPUT = -1, BW_FROM_ELSEWHERE = -2 };

/** Rows and columns at each edge where an image of equal pixels gives other numbers than between.
 */
typedef struct bw_edge {
    int rows, columns;
} bw_edge;

typedef struct bw_part {
    bool possible;
    bool read_whole; /* by a step that is not computed in part, or as a result */
    int in, second;  /* where these come from; BW_FROM_INPUT for no second */
    bw_edge edge;    /* of the output */
} bw_part;

/** Fills in one part a step; `kernels` has one a step too. */
void bw_parts_find(bw_part *parts, const bw_plan *plan, const bw_kernel *const *kernels);

#endif
