/**
 * The evaluation of the public header, as the files that implement it share it.
 */
#ifndef BW_EVAL_EVALUATION_H
#define BW_EVAL_EVALUATION_H

#include "annot/dataset.h"
#include "eval/eval.h"

/** A picture's boxes alone. */
typedef struct bw_picture_boxes {
    bw_truth_box *truth;
    bw_found_box *found;
    size_t truth_count, found_count;
    size_t truth_capacity, found_capacity;
} bw_picture_boxes;

struct bw_evaluation {
    bw_dataset set;
    int32_t *class_map; /* of an engine's classes to the truth's, -1 for none; NULL: the same */
    int mapped;
    size_t *label_starts, *found_starts; /* where a picture's boxes begin, one more than pictures */
    size_t grouped_labels, grouped_founds; /* how many boxes were there when they were sorted */
    bw_picture_boxes boxes;                /* of the picture that is looked at */
    bw_eval *eval;                         /* of the last measurement */
    bw_figures *figures;
    bw_average *averages;
    bw_confusion confusion;
    bw_judged_box *judged; /* of the last picture judged: its labels, then what was found */
    size_t judged_capacity;
};

/** Frees what results.c keeps. */
void bw_evaluation_free_results(bw_evaluation *evaluation);

#endif
