/**
 * Average precision by the rules of Pascal VOC's development kit (Everingham et al. 2010) and of
 * darknet's `detector map`, at one IoU threshold.
 *
 * Within a picture and a class each box that was found points at the labelled box that it overlaps
 * most, taken or not. Down the scores of all pictures the first that points at a labelled box is
 * right, all others are wrong. VOC wants an overlap of at least the threshold; what points at a
 * difficult box counts neither way. Darknet wants more than the threshold, and asks for difficult
 * boxes only where no other is overlapped enough. Crowds count as difficult. Every box counts, not
 * the best hundred alone; equal scores keep the order in which they were added.
 */
#ifndef BW_EVAL_AVERAGE_H
#define BW_EVAL_AVERAGE_H

#include "eval/eval.h"

typedef struct bw_averaging bw_averaging;

/** Begins, for classes 0 to classes - 1. */
bw_status bw_averaging_open(bw_averaging **out, int classes, const bw_average_options *options,
                            bw_error *error);

/** Adds a picture; all numbers are finite and all classes known. */
bw_status bw_averaging_add(bw_averaging *averaging, const bw_truth_box *truth, size_t truth_count,
                           const bw_found_box *found, size_t found_count, bw_error *error);

/**
 * averages[0] of all, averages[1 + k] of class k; names are left alone. What is labelled nowhere
 * has -1 by VOC's rules, and 0 by darknet's, whose mean it lowers.
 */
bw_status bw_averaging_measure(bw_averaging *averaging, bw_average *averages, bw_error *error);

void bw_averaging_close(bw_averaging **averaging);

#endif
