/**
 * What was removed, told by the pruned network itself: bw_tensor.pruned of what its convolutions
 * write.
 */
#ifndef BW_PRUNE_REPORT_H
#define BW_PRUNE_REPORT_H

#include "prune/frontier.h"

/** Fills it for all convolutions, given the level of each family. */
bw_status bw_report_pruning(bw_graph *pruned, const bw_pruning_facts *facts,
                            const bw_frontier *frontier, const int *levels, bw_error *error);

#endif
