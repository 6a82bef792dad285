/**
 * Which channels of a network stand and fall together.
 *
 * A channel that is removed is removed wherever it goes: through activations, pools, upsampling and
 * depthwise convolutions it is the same channel, a shortcut ties it to the one that is added to it,
 * a route only moves it. Channels tied so are a class. Dense convolutions end a class and begin
 * another; of a grouped one, all channels that a group reads and writes are one class. Classes that
 * hold the picture, what a detection head reads, or a tensor that darknet's reorg takes apart or a
 * general operator reads are fixed: they stay.
 *
 * Classes that lie in the same tensors are a family: of those, any may be removed in the place of
 * another, and what is saved depends only on how many.
 */
#ifndef BW_PRUNE_CHANNELS_H
#define BW_PRUNE_CHANNELS_H

#include "graph/graph.h"

typedef struct bw_channel_classes {
    size_t *first; /* of each tensor: where its channels begin in `of`; and one past the last */
    int *of;       /* the class of each channel of each tensor */
    int count;     /* of classes; they are numbered in the order of their first channels */
    int *families; /* the family of each class; BW_NONE: it is fixed */
    int family_count;
} bw_channel_classes;

/** Finds the classes of a graph; they are the arena's. */
bw_status bw_find_channel_classes(bw_channel_classes *classes, const bw_graph *graph,
                                  bw_arena *arena, bw_error *error);

/** The class of a tensor's channel. */
static inline int bw_class_of(const bw_channel_classes *classes, int tensor, int channel)
{
    return classes->of[classes->first[tensor] + (size_t)channel];
}

#endif
