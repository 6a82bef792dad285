/**
 * A detection head: how to read boxes from one of the network's output tensors.
 *
 * Plain data that travels from the importer through the graph and the plan to the decoder. How
 * the channels of the tensor are ordered belongs to the kind:
 *
 *     YOLO, REGION, YOLOX  for each anchor: x, y, w, h, objectness, then one number a class
 *     FASTEST              objectness, x, y, w, h, then one number a class
 *     DISTANCES            `bins` numbers for each of left, top, right, bottom; then the classes
 *     OFFSETS              for each anchor x, y, w, h; then for each anchor its classes, before or
 *                          behind which may stand a number for nothing, the background
 *     QUERIES              as OFFSETS with one anchor
 *     ROWS                 left, top, right, bottom in pixels of the input, score, class
 */
#ifndef BW_DETECT_HEAD_H
#define BW_DETECT_HEAD_H

#include "boxwright/boxwright.h"

enum { BW_MAX_ANCHORS = 16, BW_MAX_BINS = 64 };

typedef enum bw_head_kind {
    BW_HEAD_YOLO,   /* YOLOv3 and later: independent logistic classes, anchors in input pixels */
    BW_HEAD_REGION, /* YOLOv2: classes by softmax, anchors in cells of the head's grid */
    BW_HEAD_YOLOX,  /* one anchor, a cell: x and y are cells from the cell's corner, as they are */
    BW_HEAD_FASTEST, /* FastestDet: x = tanh(x) cells from the corner, w = σ(w) × the input's width,
                        score = objectness^0.6 × class^0.4, the classes by softmax, the best alone
                      */
    BW_HEAD_DISTANCES, /* from a point in the cell to the box's sides, in strides: Li et al. 2020,
                          "Generalized Focal Loss"; YOLOv6, v8 and later, NanoDet */
    BW_HEAD_OFFSETS, /* from anchors: x = anchor's x + variance × x × its width, w = its width ×
                        exp(variance × w) (Girshick et al. 2014): SSD, RetinaNet */
    BW_HEAD_QUERIES, /* boxes as shares of the input, one for each query of a decoder: DETR (Carion
                        et al. 2020), where with a softmax the best class alone counts; RT-DETR */
    BW_HEAD_ROWS,    /* finished boxes, each of one class */
    BW_HEAD_COUNT
} bw_head_kind;

/** What the network itself has already applied to its output's coordinates and scores. */
typedef enum bw_head_form {
    BW_HEAD_RAW,    /* nothing: logits; w and h go through exp (YOLOv2, v3, v4) */
    BW_HEAD_SCALED, /* `new_coords`: all logistic already; w = (2w)² × anchor (Scaled-YOLOv4, v7);
                       of the kinds behind YOLOX: scores are probabilities already */
    BW_HEAD_SCALED_LOGITS, /* nothing, and then as SCALED: w = (2 σ(w))² × anchor (YOLOv5, v7) */
    BW_HEAD_FORM_COUNT
} bw_head_form;

/** Where among an anchor's classes the background stands, which is no class. */
typedef enum bw_background {
    BW_BACKGROUND_NONE,
    BW_BACKGROUND_FIRST,
    BW_BACKGROUND_LAST,
    BW_BACKGROUND_COUNT
} bw_background;

typedef struct bw_head {
    bw_head_kind kind;
    bw_head_form form;
    int classes;
    int anchors;                     /* anchors a cell */
    float anchor[BW_MAX_ANCHORS][2]; /* width, height of each */
    float scale_xy; /* x = scale × σ(x) − (scale − 1) / 2; 1 when not given */
    bw_nms nms;     /* the kind that the source asks for; AUTO: nothing said */

    /* Of DISTANCES, OFFSETS and QUERIES. */
    int bins;          /* numbers a side, of which softmax gives the mean place; 1: the distance */
    float origin;      /* where in a cell boxes start: 0 its corner, 0.5 its centre */
    float stride;      /* pixels of a cell; 0: the input's size by the number of cells */
    float variance[2]; /* what x and y, and w and h, are multiplied by */
    bool softmax;      /* the classes share a softmax; else each is logistic */
    bw_background background;
} bw_head;

/** The channels that a head's tensor has. */
static inline int64_t bw_head_channels(const bw_head *head)
{
    if (head->kind == BW_HEAD_ROWS)
        return 6;
    int64_t scores = head->classes + (head->background != BW_BACKGROUND_NONE);
    if (head->kind == BW_HEAD_DISTANCES)
        return 4 * (int64_t)head->bins + scores;
    bool alone = head->kind == BW_HEAD_OFFSETS || head->kind == BW_HEAD_QUERIES;
    return head->anchors * ((alone ? 4 : 5) + scores);
}

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
