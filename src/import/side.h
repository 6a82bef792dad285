/**
 * The side file of a model: a small text beside it, NAME.boxwright for NAME.onnx, that says what
 * the model's own file does not: the pictures that it was trained on, and how its results are to
 * be read as boxes.
 *
 *     # pictures
 *     order = bgr
 *     mean = 103.53, 116.28, 123.675
 *     scale = 0.0174, 0.0175, 0.0171
 *     head = nanodet
 *
 * A line is `key = value`, empty, or a comment from '#' on. A key stands once. What a key says goes
 * before what the model's file says. docs/models.md lists the keys.
 */
#ifndef BW_IMPORT_SIDE_H
#define BW_IMPORT_SIDE_H

#include "base/memory.h"
#include "detect/head.h"

enum { BW_SIDE_SCALES = 8, BW_SIDE_ANCHORS = BW_SIDE_SCALES * BW_MAX_ANCHORS };

typedef enum bw_side_scores {
    BW_SCORES_UNSAID,
    BW_SCORES_LOGITS,
    BW_SCORES_PROBABILITIES,
    BW_SCORES_SOFTMAX,
} bw_side_scores;

typedef enum bw_side_order {
    BW_ORDER_UNSAID,
    BW_ORDER_RGB,
    BW_ORDER_BGR,
} bw_side_order;

/** What a side file says. Zero, and what is named UNSAID or AUTO, is what it leaves open. */
typedef struct bw_side {
    bw_arena arena;   /* owns the texts */
    const char *path; /* for messages; borrowed */
    const char *head; /* the word of the family, see docs/models.md */
    int head_line;
    int classes;
    const char *const *names;
    size_t name_count;
    bw_side_order order;
    bool has_mean, has_scale, has_padding, has_origin;
    float mean[3];      /* of pixels from 0 to 255, in the network's order of channels */
    float deviation[3]; /* 1 / scale: what the network gets is (pixel − mean) / deviation */
    float padding;      /* 0 to 255 */
    bw_resize placement;
    bw_nms suppression;
    bool has_suppression;
    float strides[BW_SIDE_SCALES];
    size_t stride_count;
    float anchors[2 * BW_SIDE_ANCHORS]; /* width, height of each, from the finest scale on */
    size_t anchor_count;                /* pairs */
    int bins;
    float origin;
    float variance[2];
    size_t variance_count;
    bool has_background;
    bw_background background;
    bw_side_scores scores;
} bw_side;

/**
 * Parses `size` bytes of text. A failure names file and line, and for a key that does not exist the
 * nearest one that does. On failure there is nothing to free.
 */
bw_status bw_side_parse(bw_side *out, const char *path, const char *text, size_t size,
                        bw_error *error);

void bw_side_free(bw_side *side);

#endif
