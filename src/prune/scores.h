/**
 * How much two networks differ in what they find: in the scores and boxes that AP is made of,
 * where numbers that stay below every threshold count next to nothing, however many there are.
 *
 * Of every score, a class's probability that something is there, the difference is squared. The
 * difference of a box's numbers, as the head has them, counts by the square of its best score.
 */
#ifndef BW_PRUNE_SCORES_H
#define BW_PRUNE_SCORES_H

#include "graph/graph.h"

/** The squares of a head's scores, or of their and the boxes' difference from `other`, if any. */
double bw_score_squares(const bw_head *head, const float *expected, const float *other,
                        size_t count);

#endif
