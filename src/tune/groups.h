/**
 * The steps of a network, sorted into groups that compute the same operation: one decision each.
 */
#ifndef BW_TUNE_GROUPS_H
#define BW_TUNE_GROUPS_H

#include "plan/plan.h"
#include "tune/candidates.h"

typedef struct bw_group_of_steps {
    char operation[BW_OPERATION_TEXT];
    const bw_kernel *candidates[BW_MOST_CANDIDATES]; /* the first is the default */
    int count, steps;                                /* of candidates; of the network's steps */
    bool timed;                                      /* takes part in the next experiment */
    bw_sharing sharing;                              /* the default, then what was decided */

    /** Nanoseconds of one step in a run of the whole batch; 0: not known. */
    uint64_t times[BW_SHARING_COUNT][BW_MOST_CANDIDATES];
} bw_group_of_steps;

/** Zero-initialise it. */
typedef struct bw_groups {
    bw_arena arena;
    bw_group_of_steps *items;
    int count;
    int *of_step; /* the group of each step */
    int *ordinal; /* which of its group each step is */
    int steps;
} bw_groups;

/** Sorts the steps of an outlined plan; candidates need only features in `cpu`. */
bw_status bw_groups_make(bw_groups *groups, const bw_plan *plan, uint32_t cpu, bw_error *error);

/**
 * The candidate to take: the default, unless another took less by more than what is noise (2 %). A
 * kernel without a time is none to take.
 */
int bw_group_best(const bw_group_of_steps *group, bw_sharing sharing);

/** Decides on the other way of sharing where that took less by more than noise. */
void bw_groups_share(bw_groups *groups);

void bw_groups_free(bw_groups *groups);

#endif
