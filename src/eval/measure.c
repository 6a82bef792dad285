#include <stdlib.h>

#include "base/memory.h"
#include "eval/tally.h"

/* ---- One class ------------------------------------------------------------------------------ */

/* The share of the expected boxes that a picture's `depth` best boxes find. */
static double recall_at(const bw_class_outcomes *found, int range, int threshold, uint32_t depth,
                        size_t expected)
{
    size_t hits = 0;
    for (size_t i = 0; i < found->count; i++) {
        const bw_outcome *outcome = found->items[i];
        unsigned counts = outcome->matched[range] & ~outcome->ignored[range];
        hits += outcome->rank < depth && (counts >> threshold & 1);
    }
    return (double)hits / (double)expected;
}

static void measure_range(bw_figures *figures, const bw_eval *eval, int class_id, int range)
{
    for (int threshold = 0; threshold < BW_OVERLAPS; threshold++) {
        bw_curve_cell cell = {class_id, range, threshold, BW_EVAL_DEPTH};
        double precision[BW_RECALLS], sum = 0;
        bw_eval_precision(eval, &cell, precision, &figures->ar[range][threshold]);
        for (int step = 0; step < BW_RECALLS; step++)
            sum += precision[step];
        figures->ap[range][threshold] = sum / BW_RECALLS;
    }
}

static void measure_class(bw_figures *figures, const bw_eval *eval, int class_id)
{
    const bw_class_tally *tally = &eval->tallies[class_id];
    bw_class_outcomes found = bw_eval_outcomes(eval, class_id);
    figures->images = tally->images;
    figures->instances = tally->expected[0];
    for (int range = 0; range < BW_AREAS; range++)
        measure_range(figures, eval, class_id, range);
    for (int threshold = 0; threshold < BW_OVERLAPS; threshold++) {
        size_t expected = tally->expected[0];
        figures->ar1[threshold] = expected ? recall_at(&found, 0, threshold, 1, expected) : -1;
        figures->ar10[threshold] = expected ? recall_at(&found, 0, threshold, 10, expected) : -1;
    }
}

/* ---- All of them ---------------------------------------------------------------------------- */

/* The mean, over the classes where it is told, of the number `offset` bytes into the figures. */
static double mean_of(const bw_figures *classes, int count, size_t offset)
{
    double sum = 0;
    int told = 0;
    for (int i = 0; i < count; i++) {
        double value = *(const double *)(const void *)((const char *)&classes[i] + offset);
        sum += value > -1 ? value : 0;
        told += value > -1;
    }
    return told ? sum / told : -1;
}

static void take_means(bw_figures *all, const bw_figures *classes, int count)
{
    enum { NUMBERS = 2 * (BW_AREAS + 1) * BW_OVERLAPS };
    size_t first = offsetof(bw_figures, ap);
    double *numbers = (double *)(void *)((char *)all + first);
    for (size_t i = 0; i < NUMBERS; i++)
        numbers[i] = mean_of(classes, count, first + i * sizeof(double));
    for (int i = 0; i < count; i++)
        all->instances += classes[i].instances;
}

bw_status bw_eval_measure(bw_eval *eval, double confidence, bw_figures *figures, bw_error *error)
{
    bw_status status = bw_eval_sort(eval, error);
    if (status != BW_OK)
        return status;
    for (int class_id = 0; class_id < eval->classes; class_id++)
        measure_class(&figures[1 + class_id], eval, class_id);
    figures[0].images = eval->images;
    figures[0].instances = 0;
    take_means(figures, figures + 1, eval->classes);
    return bw_eval_points(eval, confidence, figures, error);
}

/* The mean of one number a threshold; -1 where it is not told. */
static double mean_over_thresholds(const double *values)
{
    double sum = 0;
    for (int threshold = 0; threshold < BW_OVERLAPS; threshold++)
        sum += values[threshold];
    return sum / BW_OVERLAPS;
}

void bw_figures_summarize(double summary[12], const bw_figures *figures)
{
    enum { AT_75 = 5 };
    const double means[12] = {
        mean_over_thresholds(figures->ap[0]),
        figures->ap[0][0],
        figures->ap[0][AT_75],
        mean_over_thresholds(figures->ap[1]),
        mean_over_thresholds(figures->ap[2]),
        mean_over_thresholds(figures->ap[3]),
        mean_over_thresholds(figures->ar1),
        mean_over_thresholds(figures->ar10),
        mean_over_thresholds(figures->ar[0]),
        mean_over_thresholds(figures->ar[1]),
        mean_over_thresholds(figures->ar[2]),
        mean_over_thresholds(figures->ar[3]),
    };
    for (int i = 0; i < 12; i++)
        summary[i] = means[i];
}

/* ---- A whole set in one call ---------------------------------------------------------------- */

static bw_status add_picture(bw_eval *eval, const bw_eval_picture *picture, bw_error *error)
{
    bw_found_box *found = calloc(picture->detection_count + 1, sizeof *found);
    if (!found)
        return bw_fail_memory(error, picture->detection_count * sizeof *found, "boxes");
    for (size_t i = 0; i < picture->detection_count; i++)
        found[i] = bw_found_box_make(&picture->detections[i]);
    bw_status status = bw_eval_add(eval, picture->truth, picture->truth_count, found,
                                   picture->detection_count, error);
    free(found);
    return status;
}

bw_status bw_eval_pictures(double *ap, double *ap50, const bw_eval_picture *pictures, size_t count,
                           int classes, bw_error *error)
{
    bw_eval *eval;
    bw_status status = bw_eval_open(&eval, classes, error);
    for (size_t i = 0; status == BW_OK && i < count; i++)
        status = add_picture(eval, &pictures[i], error);
    bw_figures *figures = status == BW_OK ? calloc((size_t)classes + 1, sizeof *figures) : NULL;
    if (status == BW_OK && !figures)
        status = bw_fail_memory(error, ((size_t)classes + 1) * sizeof *figures, "figures");
    if (status == BW_OK)
        status = bw_eval_measure(eval, 0, figures, error);
    if (status == BW_OK) {
        double summary[12];
        bw_figures_summarize(summary, figures);
        *ap = summary[0];
        *ap50 = summary[1];
    }
    free(figures);
    bw_eval_close(&eval);
    return status;
}
