/**
 * What the passes that choose formats share: the detection heads read floats.
 */
#ifndef BW_PASSES_HEADS_H
#define BW_PASSES_HEADS_H

#include "graph/graph.h"

/**
 * Makes every output of a graph whose tensors have other formats a tensor of floats. Convolutions
 * that nothing else reads write floats themselves; other nodes get a conversion after them. `uses`
 * is what bw_graph_count_uses gives.
 */
bw_status bw_free_outputs(bw_graph *graph, const int *uses, bw_error *error);

#endif
