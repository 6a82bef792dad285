/**
 * Structured pruning without training: whole channels go, and the network is smaller and faster.
 *
 *     pictures → moments of what convolutions read (moments.h) ─┐
 *     graph → classes of channels that go together (channels.h) ┴► order within each family
 * (order.h) → errors at the heads, estimated times → how far each family is pruned (frontier.h) →
 * graph without these channels (cut.h), the others taking over (reconstruct.h) → from the first
 * layer to the last, taking over again by what is really produced
 *
 * All of it is of floats; precisions, kernels and plans come after it. It depends on the pictures
 * and the kernels' estimates only, not on threads or time.
 */
#ifndef BW_PRUNE_PRUNE_H
#define BW_PRUNE_PRUNE_H

#include "base/threads.h"
#include "graph/graph.h"

typedef struct bw_pruner bw_pruner;

/** `graph`: optimised, of floats; it and the pool are borrowed until the pruner is closed. */
bw_status bw_pruner_open(bw_pruner **out, const bw_graph *graph, bw_pool *pool, uint32_t cpu,
                         bw_error *error);

/** Observes a picture, fitted as `resize` (not AUTO) says, `padding` around it. */
bw_status bw_pruner_add(bw_pruner *pruner, const bw_image *image, bw_resize resize, float padding,
                        bw_error *error);

/** Once all pictures are added: orders the channels and finds the frontier. Needs a picture. */
bw_status bw_pruner_rank(bw_pruner *pruner, bw_error *error);

/**
 * The network with about `share` of its estimated time gone, or as much as can be; its tensors tell
 * what was removed (bw_pruned). `*saved` is the share that it came to. The graph owns its weights.
 */
bw_status bw_pruner_cut(bw_graph *out, double *saved, bw_pruner *pruner, double share,
                        bw_error *error);

void bw_pruner_close(bw_pruner **pruner);

#endif
