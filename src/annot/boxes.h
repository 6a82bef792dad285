/**
 * Boxes in double precision, as the readers of labels give them and evaluation compares them.
 */
#ifndef BW_ANNOT_BOXES_H
#define BW_ANNOT_BOXES_H

#include "base/error.h"

/** A box by its top left corner and its size, in pixels. */
typedef struct bw_box {
    double x, y, width, height;
} bw_box;

/** A labelled box. */
typedef struct bw_truth_box {
    bw_box box;
    double area; /* pixels; decides the area range; the mask's where there is a mask */
    int32_t class_id;
    bool crowd;     /* stands for many objects: may be found any number of times, need not be */
    bool difficult; /* VOC's mark: may be found, need not be */
    bool anonymous; /* COCO's annotation id 0, which pycocotools takes for "no match" */
} bw_truth_box;

/** A box that was found. */
typedef struct bw_found_box {
    bw_box box;
    double score;
    int32_t class_id;
} bw_found_box;

#endif
