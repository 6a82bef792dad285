/**
 * A detection head: how to read boxes from one of the network's output tensors.
 *
 * Plain data that travels from the importer through the graph and the plan to the decoder.
 *
 * The tensor has, for each anchor, 4 coordinates, an objectness and one number a class:
 * channel = anchor × (5 + classes) + {0: x, 1: y, 2: w, 3: h, 4: objectness, 5…: classes}.
 */
#ifndef BW_DETECT_HEAD_H
#define BW_DETECT_HEAD_H

#include "boxwright/boxwright.h"

enum { BW_MAX_ANCHORS = 16 };

typedef enum bw_head_kind {
    BW_HEAD_YOLO,   /* YOLOv3 and later: independent logistic classes, anchors in input pixels */
    BW_HEAD_REGION, /* YOLOv2: classes by softmax, anchors in cells of the head's grid */
    BW_HEAD_YOLOX,  /* one anchor, a cell: x and y are cells from the cell's corner, as they are */
    BW_HEAD_COUNT
} bw_head_kind;

/** What the network itself has already applied to its output's coordinates and scores. */
typedef enum bw_head_form {
    BW_HEAD_RAW,    /* nothing: logits; w and h go through exp (YOLOv2, v3, v4) */
    BW_HEAD_SCALED, /* `new_coords`: all logistic already; w = (2w)² × anchor (Scaled-YOLOv4, v7) */
} bw_head_form;

typedef struct bw_head {
    bw_head_kind kind;
    bw_head_form form;
    int classes;
    int anchors;                     /* anchors a cell */
    float anchor[BW_MAX_ANCHORS][2]; /* width, height of each */
    float scale_xy; /* x = scale × σ(x) − (scale − 1) / 2; 1 when not given */
    bw_nms nms;     /* the kind that the source asks for; AUTO: nothing said */
} bw_head;

/**
 * Where a head's numbers are: element (channel c, row y, column x) stands at
 * data[c / lanes × plane_stride + y × row_stride + x × lanes + c % lanes].
 */
typedef struct bw_head_view {
    const float *data;
    int height, width; /* cells */
    int lanes;
    size_t plane_stride, row_stride;
} bw_head_view;

#endif
