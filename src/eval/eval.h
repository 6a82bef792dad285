/**
 * The core of evaluation: boxes found and boxes labelled, picture by picture, in; figures out.
 *
 * The measure is COCO's, as pycocotools 2.0 computes it (Lin et al. 2014): within a picture and a
 * class the best 100 boxes, in falling order of score and ties in the order given, each take the
 * labelled box that they overlap most, by intersection over union, at ten thresholds from 0.50 to
 * 0.95. Precision is averaged over 101 recalls. Crowds, and boxes outside the area range that is
 * looked at, count neither as found nor as missed.
 *
 * A picture is matched when it is added; only its boxes' scores and outcomes are kept, 32 bytes a
 * box that counts. Equal scores keep the order in which pictures were added: for pycocotools' own
 * figures that is the order of rising image ids.
 */
#ifndef BW_EVAL_EVAL_H
#define BW_EVAL_EVAL_H

#include "annot/boxes.h"

/** How many of a picture's boxes of one class count. */
#define BW_EVAL_DEPTH 100

typedef struct bw_eval bw_eval;

/** Begins an evaluation of classes 0 to classes - 1. */
bw_status bw_eval_open(bw_eval **out, int classes, bw_error *error);

/** Adds a picture. Refuses unknown classes and numbers that are not finite. */
bw_status bw_eval_add(bw_eval *eval, const bw_truth_box *truth, size_t truth_count,
                      const bw_found_box *found, size_t found_count, bw_error *error);

/**
 * Computes the figures of the pictures added so far: figures[0] of all, figures[1 + k] of class k.
 * Names are left alone. `confidence` is where `given` is told.
 */
bw_status bw_eval_measure(bw_eval *eval, double confidence, bw_figures *figures, bw_error *error);

/** Which curve of precision: of a class, an area range, an IoU threshold, and a picture's best. */
typedef struct bw_curve_cell {
    int class_id, area, overlap;
    uint32_t depth;
} bw_curve_cell;

/**
 * Precision at recalls 0, 0.01, … 1 and the recall that is reached: one cell of pycocotools'
 * arrays. -1 where nothing is labelled. The figures must have been measured.
 */
void bw_eval_precision(const bw_eval *eval, const bw_curve_cell *cell, double precision[BW_RECALLS],
                       double *recall);

/** Precision, recall and F1 at IoU 0.50 by confidence; the figures must have been measured. */
void bw_eval_by_confidence(const bw_eval *eval, int class_id, bw_confidence_curve *curve);

/** Their means over the classes that are labelled; the cell's class does not matter. */
void bw_eval_mean_precision(const bw_eval *eval, const bw_curve_cell *cell,
                            double precision[BW_RECALLS], double *recall);
void bw_eval_mean_by_confidence(const bw_eval *eval, bw_confidence_curve *curve);

/**
 * Says of each found box of a picture which labelled box it takes at IoU 0.50: `taken[i]` is its
 * index, or truth_count; `ignored[i]` whether found box i counts neither way.
 */
bw_status bw_eval_pair(const bw_truth_box *truth, size_t truth_count, const bw_found_box *found,
                       size_t found_count, int classes, size_t *taken, bool *ignored,
                       bw_error *error);

void bw_eval_close(bw_eval **eval);

/** Intersection over union of two boxes. */
double bw_box_overlap(const bw_box *one, const bw_box *other);

/** The confusion matrix under way: rows are classes as found, columns as labelled. */
typedef struct bw_confusion {
    int classes; /* the last row and column, of this index, are the background */
    double confidence, iou;
    size_t *counts; /* [classes + 1][classes + 1] */
} bw_confusion;

bw_status bw_confusion_add(bw_confusion *confusion, const bw_truth_box *truth, size_t truth_count,
                           const bw_found_box *found, size_t found_count, bw_error *error);

/** A labelled box given by its corners, no crowd. */
bw_truth_box bw_truth_box_make(double left, double top, double right, double bottom,
                               int32_t class_id);

bw_found_box bw_found_box_make(const bw_detection *detection);

/** A picture: what an engine found in it, and what is in it; both in the picture's pixels. */
typedef struct bw_eval_picture {
    const bw_detection *detections;
    size_t detection_count;
    const bw_truth_box *truth;
    size_t truth_count;
} bw_eval_picture;

/** AP over IoU 0.50 to 0.95, and at 0.50, of a whole set; -1 where nothing is labelled. */
bw_status bw_eval_pictures(double *ap, double *ap50, const bw_eval_picture *pictures, size_t count,
                           int classes, bw_error *error);

#endif
