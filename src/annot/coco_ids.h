/**
 * COCO's image ids.
 *
 * An image whose file name is a number ("000000000139.jpg") has that number as its id, as COCO's
 * own tools have it, unless an earlier picture of the run has it already. Every other picture has
 * its number in the run, or, where a file name claims that number, the next one that is neither a
 * claimed id nor a picture's number. Which numbers are claimed is known only at the end, so such
 * pictures wait, boxes and all, in a nameless file.
 */
#ifndef BW_ANNOT_COCO_IDS_H
#define BW_ANNOT_COCO_IDS_H

#include <stdio.h>

#include "annot/id_set.h"
#include "base/error.h"
#include "base/memory.h"

/** Takes a picture whose id is known. */
typedef bw_status bw_coco_taker(void *context, int64_t id, const bw_annotation *annotation,
                                bw_error *error);

/** The path of coco_image_ids.json beside `path`, in `arena`; NULL without memory. */
const char *bw_coco_ids_beside(bw_arena *arena, const char *path);

typedef struct bw_coco_ids {
    bw_coco_taker *take;
    void *context;
    FILE *waiting; /* the pictures whose id is not their file name's number */
    bool any_waiting;
    bw_id_set claimed; /* the ids that file names gave */
    int64_t highest;   /* of all ids and of all numbers */
} bw_coco_ids;

bw_status bw_coco_ids_open(bw_coco_ids *ids, const char *directory, bw_coco_taker *take,
                           void *context, bw_error *error);

/** Hands the picture on now, or keeps it until the end. */
bw_status bw_coco_ids_add(bw_coco_ids *ids, const bw_annotation *annotation, bw_error *error);

/** Hands on the pictures that wait. */
bw_status bw_coco_ids_finish(bw_coco_ids *ids, bw_error *error);

void bw_coco_ids_free(bw_coco_ids *ids);

#endif
