/**
 * Which steps of a plan may be computed in part where a picture leaves padding.
 *
 * Where results stay the same: those of bytes that read the input, or only outputs of such steps,
 * as long as enough of what they write is the same for all pictures. Where they may be near: all
 * whose outputs show the picture, `scale` times smaller, whatever they read.
 */
#ifndef BW_BACKEND_CPU_PARTS_H
#define BW_BACKEND_CPU_PARTS_H

#include "backend/cpu/readings.h"
#include "backend/cpu/regions.h"

/** Rows and columns at each edge where an image of equal pixels gives other numbers than between.
 */
typedef struct bw_edge {
    int rows, columns;
} bw_edge;

typedef struct bw_part {
    bool possible;
    bool read_whole; /* by a step that is not computed in part, or as a result */
    int scale;       /* pixels of the input in the height and width of one; 0: they show nothing */
    bw_edge edge;    /* of the output; none where results may be near */
} bw_part;

/** Fills in one part a step; `kernels` has one a step too; `near`: results may be near. */
void bw_parts_find(bw_part *parts, const bw_plan *plan, const bw_readings *readings,
                   const bw_kernel *const *kernels, bool near);

#endif
