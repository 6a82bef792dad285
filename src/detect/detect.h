/**
 * From a network's head tensors to boxes: decoding, the threshold, non-maximum suppression.
 *
 * The objectness is compared as a logit before any exponential is taken, so cells without an
 * object cost one comparison. A box yields a candidate for every class that passes: the classes
 * are independent (Redmon and Farhadi 2018).
 */
#ifndef BW_DETECT_DETECT_H
#define BW_DETECT_DETECT_H

#include "base/error.h"
#include "detect/head.h"

/** Boxes that passed the threshold, corners in pixels of the network's input; grown as needed. */
typedef struct bw_candidates {
    bw_detection *items;
    size_t count, capacity;
    uint8_t *scratch; /* of bw_nms_apply */
    size_t scratch_capacity;
} bw_candidates;

void bw_candidates_free(bw_candidates *candidates);

/**
 * Appends the boxes of one head of one image that score more than `confidence`. `classes` has a
 * flag a class, or is NULL for all; `input_width` and `input_height` are the network's.
 */
bw_status bw_head_decode(const bw_head *head, const bw_head_view *view, int input_width,
                         int input_height, float confidence, const bool *classes,
                         bw_candidates *candidates, bw_error *error);

typedef struct bw_nms_options {
    float iou;
    bool diou; /* overlap − (distance of centres / diagonal of the hull)² */
    bool class_agnostic;
    int max_detections;
    bool none; /* nothing is suppressed: the best are kept */
} bw_nms_options;

/**
 * Non-maximum suppression in place: what remains is sorted by falling score, at most
 * max_detections. Ties keep the order of decoding, so the result is always the same. Candidates
 * behind the last that remains are not sorted.
 */
bw_status bw_nms_apply(bw_candidates *candidates, const bw_nms_options *options, bw_error *error);

#endif
