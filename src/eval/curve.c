/**
 * Curves: precision by recall, as pycocotools samples it, and precision, recall and F1 by
 * confidence.
 */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "eval/tally.h"

/* ---- Sorting -------------------------------------------------------------------------------- */

/* Outcomes lie in one array, so that their addresses tell their order. */
static int compare_outcomes(const void *left, const void *right)
{
    const bw_outcome *a = *(const bw_outcome *const *)left, *b = *(const bw_outcome *const *)right;
    if (a->class_id != b->class_id)
        return a->class_id < b->class_id ? -1 : 1;
    if (a->score > b->score || a->score < b->score)
        return a->score > b->score ? -1 : 1;
    return a < b ? -1 : a > b;
}

static bw_status allocate(bw_eval *eval, bw_error *error)
{
    size_t room = eval->count + 1;
    free(eval->sorted);
    free(eval->starts);
    free(eval->precisions);
    free(eval->hits);
    eval->sorted = calloc(room, sizeof *eval->sorted);
    eval->starts = calloc((size_t)eval->classes + 1, sizeof *eval->starts);
    eval->precisions = calloc(room, sizeof *eval->precisions);
    eval->hits = calloc(room, sizeof *eval->hits);
    if (eval->sorted && eval->starts && eval->precisions && eval->hits)
        return BW_OK;
    return bw_fail_memory(error, room * 24, "an evaluation");
}

bw_status bw_eval_sort(bw_eval *eval, bw_error *error)
{
    bw_status status = allocate(eval, error);
    if (status != BW_OK)
        return status;
    for (size_t i = 0; i < eval->count; i++) {
        eval->sorted[i] = &eval->outcomes[i];
        eval->starts[eval->outcomes[i].class_id + 1]++;
    }
    for (int i = 0; i < eval->classes; i++)
        eval->starts[i + 1] += eval->starts[i];
    qsort(eval->sorted, eval->count, sizeof *eval->sorted, compare_outcomes);
    return BW_OK;
}

bw_class_outcomes bw_eval_outcomes(const bw_eval *eval, int class_id)
{
    size_t start = eval->starts[class_id];
    return (bw_class_outcomes){eval->sorted + start, eval->starts[class_id + 1] - start};
}

/* ---- Precision by recall -------------------------------------------------------------------- */

/* Writes the curve of precision, box for box, made falling from its end; returns its length. */
static size_t draw_curve(const bw_eval *eval, const bw_curve_cell *cell)
{
    bw_class_outcomes found = bw_eval_outcomes(eval, cell->class_id);
    size_t length = 0, hits = 0, misses = 0;
    for (size_t i = 0; i < found.count; i++) {
        const bw_outcome *outcome = found.items[i];
        if ((outcome->ignored[cell->area] >> cell->overlap & 1) || outcome->rank >= cell->depth)
            continue;
        bool hit = outcome->matched[cell->area] >> cell->overlap & 1;
        hits += hit;
        misses += !hit;
        eval->hits[length] = hits;
        eval->precisions[length++] = (double)hits / ((double)(hits + misses) + DBL_EPSILON);
    }
    for (size_t i = length; i > 1; i--)
        if (eval->precisions[i - 1] > eval->precisions[i - 2])
            eval->precisions[i - 2] = eval->precisions[i - 1];
    return length;
}

void bw_eval_precision(const bw_eval *eval, const bw_curve_cell *cell, double precision[BW_RECALLS],
                       double *recall)
{
    size_t expected = eval->tallies[cell->class_id].expected[cell->area], at = 0;
    *recall = -1;
    for (int step = 0; step < BW_RECALLS; step++)
        precision[step] = expected ? 0 : -1;
    if (expected == 0)
        return;
    size_t length = draw_curve(eval, cell);
    *recall = length ? (double)eval->hits[length - 1] / (double)expected : 0;
    for (int step = 0; step < BW_RECALLS; step++) {
        double wanted = step == BW_RECALLS - 1 ? 1 : step * 0.01;
        while (at < length && (double)eval->hits[at] / (double)expected < wanted)
            at++;
        if (at == length)
            break;
        precision[step] = eval->precisions[at];
    }
}

/* ---- By confidence -------------------------------------------------------------------------- */

void bw_eval_by_confidence(const bw_eval *eval, int class_id, bw_confidence_curve *curve)
{
    bw_class_outcomes found = bw_eval_outcomes(eval, class_id);
    size_t expected = eval->tallies[class_id].expected[0], at = 0, hits = 0, misses = 0;
    for (int i = BW_CONFIDENCES - 1; i >= 0; i--) {
        double confidence = (double)i / (BW_CONFIDENCES - 1);
        for (; at < found.count && found.items[at]->score >= confidence; at++) {
            bool counts = !(found.items[at]->ignored[0] & 1), hit = found.items[at]->matched[0] & 1;
            hits += counts && hit;
            misses += counts && !hit;
        }
        size_t told = hits + misses;
        curve->precision[i] = !expected ? -1 : told ? (double)hits / (double)told : 1;
        curve->recall[i] = expected ? (double)hits / (double)expected : -1;
        curve->f1[i] = expected ? 2 * (double)hits / (double)(told + expected) : -1;
    }
}

/* ---- Means ---------------------------------------------------------------------------------- */

/* Adds the numbers of a class to the sums; returns whether it has any. */
static int add_numbers(double *sums, const double *numbers, size_t count)
{
    if (numbers[0] < 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        sums[i] += numbers[i];
    return 1;
}

static void divide(double *sums, size_t count, int told)
{
    for (size_t i = 0; i < count; i++)
        sums[i] = told ? sums[i] / told : -1;
}

void bw_eval_mean_precision(const bw_eval *eval, const bw_curve_cell *cell,
                            double precision[BW_RECALLS], double *recall)
{
    double sums[BW_RECALLS + 1] = {0}, numbers[BW_RECALLS + 1];
    bw_curve_cell of_class = *cell;
    int told = 0;
    for (int class_id = 0; class_id < eval->classes; class_id++) {
        of_class.class_id = class_id;
        bw_eval_precision(eval, &of_class, numbers, &numbers[BW_RECALLS]);
        told += add_numbers(sums, numbers, BW_RECALLS + 1);
    }
    divide(sums, BW_RECALLS + 1, told);
    memcpy(precision, sums, BW_RECALLS * sizeof *precision);
    *recall = sums[BW_RECALLS];
}

void bw_eval_mean_by_confidence(const bw_eval *eval, bw_confidence_curve *curve)
{
    enum { NUMBERS = sizeof *curve / sizeof(double) };
    bw_confidence_curve of_class;
    int told = 0;
    *curve = (bw_confidence_curve){0};
    for (int class_id = 0; class_id < eval->classes; class_id++) {
        bw_eval_by_confidence(eval, class_id, &of_class);
        told += add_numbers((double *)curve, (const double *)&of_class, NUMBERS);
    }
    divide((double *)curve, NUMBERS, told);
}
