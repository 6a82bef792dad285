/**
 * A picture on its way through the stages: listed, decoded, detected in, written down.
 *
 * One stage at a time owns an item. What a later stage needs is in it, so no stage asks another.
 */
#ifndef BW_CLI_ITEM_H
#define BW_CLI_ITEM_H

#include <stdatomic.h>

#include "pipeline/list.h"

enum { BW_NO_BYTES = -1 }; /* of an item whose file is not known */

typedef struct bw_item {
    int64_t number; /* from 1, in the order of listing */
    char *path;     /* what is opened */
    char *name;     /* the part of `path` below the folder given; a file's own name otherwise */
    char *source;   /* the archive or video that it is in; NULL for a file of its own */
    int64_t frame, time_ns;         /* of a video; BW_NO_FRAME and 0 otherwise */
    int64_t bytes, modified_ns;     /* of its file when read; BW_NO_BYTES and 0 otherwise */
    uint8_t *content;               /* of a picture in an archive, until it is decoded */
    size_t content_bytes;           /* charged to the budget of contents */
    struct bw_video_frame *picture; /* of a frame, until it is converted; charged likewise */
    bw_error error;                 /* why it could not be used; its status is BW_OK while it can */
    bool remote;                    /* is fetched over a network, */
    atomic_bool fetched;            /* which has been done, or been given up */
    bool dropped;                   /* the run was stopped before it was decoded */
    atomic_bool decoded;
    atomic_bool detected; /* its detections are there, or will never be */
    bw_image image;
    size_t charged;           /* bytes of the budget that the pixels hold */
    int width, height;        /* of the picture, of which `image` may have fewer pixels */
    bw_detections detections; /* in pixels of the picture */
} bw_item;

/** An item of what was found, its texts copied; NULL without memory. */
bw_item *bw_item_make(int64_t number, const bw_found *found);

void bw_item_free(bw_item *item);

#endif
