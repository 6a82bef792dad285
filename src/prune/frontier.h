/**
 * How far each family is pruned, for any time to be saved.
 *
 * The error that a family makes by itself in what the network finds (scores.h) is measured at a
 * few numbers of channels, and taken in between to go as the order predicts. Errors of families are
 * added. Then, step by step from the whole network, the family is pruned on that makes least error
 * for the estimated time it saves. Numbers of channels are multiples of what a vector holds, and a
 * step may go over several of them, where only that makes a kernel faster. The way that is gone so
 * is the frontier.
 */
#ifndef BW_PRUNE_FRONTIER_H
#define BW_PRUNE_FRONTIER_H

#include "prune/pictures.h"
#include "prune/state.h"

/** A family: removed[level] classes go at each level, for an error in what is found. */
typedef struct bw_curve {
    int levels; /* beside level 0, which removes nothing */
    int *removed;
    double *errors;
} bw_curve;

/** A step on the frontier: this family goes on to this level. */
typedef struct bw_move {
    int family, level;
    double cycles, error; /* after it: the estimated time, and all errors added */
} bw_move;

typedef struct bw_frontier {
    bw_arena arena;
    bw_curve *curves; /* one a family */
    bw_move *moves;
    size_t move_count;
    double cycles; /* of the whole network */
    bw_expected expected;
} bw_frontier;

/** Measures and walks; a zeroed frontier, to be closed in any case. */
bw_status bw_frontier_open(bw_frontier *frontier, const bw_pruning_facts *facts,
                           const bw_small_pictures *pictures, bw_error *error);

/** Fills levels[family] for the first place on the frontier that saves this share of the time. */
void bw_frontier_levels(int *levels, const bw_frontier *frontier, int family_count, double share);

void bw_frontier_close(bw_frontier *frontier);

#endif
