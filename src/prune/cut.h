/**
 * Surgery: a network without some of its channels. What is left is as if those had been zero.
 */
#ifndef BW_PRUNE_CUT_H
#define BW_PRUNE_CUT_H

#include "prune/channels.h"

/**
 * Gives all tensors and nodes the sizes that they have when only classes with kept[class] are left,
 * and leaves their weights as they are: a network to look at. Every tensor must keep a channel.
 */
void bw_cut_shapes(bw_graph *graph, const bw_channel_classes *classes, const bool *kept);

/**
 * The same with the weights of what is left, which become the graph's. `whole` is the graph before
 * its shapes were cut.
 */
bw_status bw_cut_weights(bw_graph *graph, const bw_graph *whole, const bw_channel_classes *classes,
                         const bool *kept, bw_error *error);

/** How many channels a tensor keeps among `count` from `first` on. */
int bw_kept_channels(const bw_channel_classes *classes, const bool *kept, int tensor, int first,
                     int count);

#endif
