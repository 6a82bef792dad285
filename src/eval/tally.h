/**
 * What an evaluation keeps of the pictures that it has seen, and how its parts look at it.
 */
#ifndef BW_EVAL_TALLY_H
#define BW_EVAL_TALLY_H

#include "eval/eval.h"

/** A box that was found, as matched: bit t of a word is for the t-th IoU threshold. */
typedef struct bw_outcome {
    double score;
    int32_t class_id;
    uint32_t rank;              /* among the picture's boxes of its class, from 0 */
    uint16_t matched[BW_AREAS]; /* it took a labelled box */
    uint16_t ignored[BW_AREAS]; /* it counts neither way */
} bw_outcome;

/** What is labelled of one class. */
typedef struct bw_class_tally {
    size_t expected[BW_AREAS]; /* boxes that ought to be found */
    size_t images;             /* pictures in which one ought to be */
} bw_class_tally;

struct bw_eval {
    int classes;
    size_t images;
    bw_class_tally *tallies; /* one a class */
    bw_outcome *outcomes;    /* in order of pictures, then of classes, then of rank */
    size_t count, capacity;
    void *scratch; /* of bw_eval_add */
    size_t scratch_capacity;
    const bw_outcome **sorted; /* by class, then by falling score, then as they came */
    size_t *starts;            /* of each class in `sorted`, and the end */
    double *precisions;        /* room for the curve of one class */
    size_t *hits;
};

/** The `index`-th IoU threshold, the same double as NumPy's linspace(0.5, 0.95, 10) has. */
double bw_eval_threshold(int index);

/** Whether an area lies in a range; the edges belong to both neighbours. */
bool bw_eval_in_range(double area, int range);

/** Sorts the outcomes; what follows wants it done since the last picture was added. */
bw_status bw_eval_sort(bw_eval *eval, bw_error *error);

/** The boxes of one class by falling score. */
typedef struct bw_class_outcomes {
    const bw_outcome *const *items;
    size_t count;
} bw_class_outcomes;

bw_class_outcomes bw_eval_outcomes(const bw_eval *eval, int class_id);

/**
 * Fills in the operating points: precision, recall and F1 where their mean over the classes is
 * best, and at `confidence`.
 */
bw_status bw_eval_points(const bw_eval *eval, double confidence, bw_figures *figures,
                         bw_error *error);

#endif
