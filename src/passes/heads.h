/**
 * What the passes that choose formats share: the detection heads read floats.
 */
#ifndef BW_PASSES_HEADS_H
#define BW_PASSES_HEADS_H

#include "graph/graph.h"

/**
 * Makes every output of a graph whose tensors have other formats a tensor of floats. Convolutions
 * that nothing else reads write floats themselves, also where what they write is first joined to
 * others of their kind, as the boxes and scores of one head are; other nodes get a conversion after
 * them. What nothing but a general operator reads is floats in the same way, and so are the
 * finished boxes that one gives, which bytes cannot hold.
 */
bw_status bw_free_outputs(bw_graph *graph, bw_error *error);

#endif
