/**
 * Arrangement: which layout each tensor of the graph has and where in the arena it stands.
 *
 * Concatenation and slicing move nothing where they can avoid it: a tensor whose channels start on
 * a plane of another stands inside it. Such a tensor has a host; hosts may have hosts.
 */
#ifndef BW_PLAN_ARRANGE_H
#define BW_PLAN_ARRANGE_H

#include "graph/graph.h"
#include "kernels/kernels.h"

typedef struct bw_seat {
    int host;         /* the tensor it stands inside, or BW_NONE */
    int host_channel; /* the channel of the host that its first channel is */
    bw_layout layout;
    size_t offset; /* of the first inner pixel in the arena, in bytes */
    int pooled;    /* the tensor that is written in its place, which is nowhere: see pools.h; or
                      BW_NONE */
} bw_seat;

/**
 * A seat for each tensor, in an array of the caller's, and the arena's size in bytes. Lanes suit a
 * processor with the features `cpu`, see lanes.h.
 */
bw_status bw_arrange(bw_seat *seats, size_t *arena_bytes, const bw_graph *graph, int batch,
                     uint32_t cpu, bw_error *error);

#endif
