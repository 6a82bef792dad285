/**
 * Statistics estimated again: from the first layer to the last, the weights of a pruned network are
 * fitted to what the layers before them really produce.
 */
#ifndef BW_PRUNE_REFIT_H
#define BW_PRUNE_REFIT_H

#include "prune/samples.h"

/**
 * `pruned` and its takeovers, one a reading, are what bw_prune_classes gave. What does not bring
 * the heads nearer to what is expected of them is taken back.
 */
bw_status bw_refit(bw_graph *pruned, bw_takeover *takeovers, const bw_pruning_facts *facts,
                   const bool *kept, const bw_expected *expected, const bw_samples *samples,
                   bw_error *error);

#endif
