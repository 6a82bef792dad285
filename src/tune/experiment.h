/**
 * Times candidates where they will work: in the whole network, among its other steps.
 *
 * An experiment is a series of rounds. A round builds the network with some candidate in each step,
 * runs it a few times and reads the time of each step; then the candidates move on by one. The
 * steps of a group hold different candidates at the same time. After as many rounds as the longest
 * list has candidates, each step has met each of its own: that is a cycle. Further cycles follow
 * while there is time. So rivals are measured in turn, in the same minutes, with warm caches and
 * cold ones as the network leaves them, and no more memory is taken than for one network.
 */
#ifndef BW_TUNE_EXPERIMENT_H
#define BW_TUNE_EXPERIMENT_H

#include "boxwright/boxwright.h"
#include "tune/groups.h"
#include "tune/meter.h"

typedef struct bw_experiment {
    const bw_graph *graph;
    int batch;
    uint32_t cpu; /* features that may be used */
    bw_sharing sharing;
    const bw_meter *meter;
    uint64_t seed;                  /* decides which candidate each group begins with */
    uint64_t nanoseconds;           /* begin no cycle that would end later; one is always run */
    bw_progress_function *progress; /* told after each round */
    void *progress_context;
} bw_experiment;

/**
 * Sets the times of the groups marked `timed`: for each candidate the mean, over the group's steps,
 * of the median of what was measured. Other groups hold their best candidate.
 */
bw_status bw_experiment_run(bw_groups *groups, const bw_experiment *experiment, bw_error *error);

#endif
