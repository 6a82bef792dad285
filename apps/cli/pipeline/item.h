/**
 * A picture on its way through the stages: listed, decoded, detected in, written down.
 *
 * One stage at a time owns an item. What a later stage needs is in it, so no stage asks another.
 */
#ifndef BW_CLI_ITEM_H
#define BW_CLI_ITEM_H

#include <stdatomic.h>

#include "base/error.h"

typedef struct bw_item {
    int64_t number;   /* from 1, in the order of listing */
    char *path;       /* what is opened */
    const char *name; /* the part of `path` below the folder given; a file's own name otherwise */
    bw_error error;   /* why it could not be used; its status is BW_OK while it can */
    bool dropped;     /* the run was stopped before it was decoded */
    atomic_bool decoded;
    bw_image image;
    size_t charged; /* bytes of the budget that the pixels hold */
    int width, height;
    bw_detections detections;
} bw_item;

/** A copy of `path`, whose last part from `name` on is the item's name; NULL without memory. */
bw_item *bw_item_make(int64_t number, const char *path, const char *name);

void bw_item_free(bw_item *item);

#endif
