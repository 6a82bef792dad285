/**
 * Passes: rewrites that keep what a graph computes and make it cheaper. One a file.
 *
 * Each takes a graph and changes it; bw_passes_run works on a copy that the caller gave it, runs
 * all passes in order (passes.c has the list) and verifies the graph after each.
 */
#ifndef BW_PASSES_PASSES_H
#define BW_PASSES_PASSES_H

#include "graph/graph.h"

typedef struct bw_pass {
    const char *name;
    bw_status (*run)(bw_graph *graph, bw_error *error);
} bw_pass;

/** The passes in their order, ended by an entry without a name. */
extern const bw_pass bw_passes[];

bw_status bw_passes_run(bw_graph *graph, bw_error *error);

/** Multiplies batch normalisation into the convolution before it. */
bw_status bw_pass_fold_batch_norm(bw_graph *graph, bw_error *error);

/** Moves an activation into the epilogue of the convolution or addition before it. */
bw_status bw_pass_fuse_activation(bw_graph *graph, bw_error *error);

/** Turns convolution + addition into a convolution with a residual. */
bw_status bw_pass_fuse_residual(bw_graph *graph, bw_error *error);

/** Removes nodes that nobody reads, and renumbers. */
bw_status bw_pass_remove_dead(bw_graph *graph, bw_error *error);

#endif
