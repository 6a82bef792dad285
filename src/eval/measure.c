#include <float.h>
#include <stdlib.h>

#include "base/memory.h"
#include "eval/tally.h"

enum { RECALLS = 101 };

/* The outcomes of all classes, sorted by class and then by falling score, and room for a curve. */
typedef struct sorted_outcomes {
    const bw_outcome **items;
    double *precisions;
    size_t *hits; /* found so far, box for box */
} sorted_outcomes;

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

static bw_status sort_outcomes(sorted_outcomes *sorted, const bw_eval *eval, bw_error *error)
{
    size_t room = eval->count + 1;
    *sorted = (sorted_outcomes){
        .items = calloc(room, sizeof *sorted->items),
        .precisions = calloc(room, sizeof *sorted->precisions),
        .hits = calloc(room, sizeof *sorted->hits),
    };
    if (!sorted->items || !sorted->precisions || !sorted->hits)
        return bw_fail_memory(error, room * 24, "an evaluation");
    for (size_t i = 0; i < eval->count; i++)
        sorted->items[i] = &eval->outcomes[i];
    qsort(sorted->items, eval->count, sizeof *sorted->items, compare_outcomes);
    return BW_OK;
}

static void free_sorted(sorted_outcomes *sorted)
{
    free(sorted->items);
    free(sorted->precisions);
    free(sorted->hits);
}

/* ---- One class ------------------------------------------------------------------------------ */

/* The boxes of one class. */
typedef struct class_outcomes {
    const bw_outcome *const *items;
    size_t count;
} class_outcomes;

/* Writes the curve of precision, box for box, made falling from its end; returns its length. */
static size_t draw_curve(const sorted_outcomes *room, const class_outcomes *found, int range,
                         int threshold)
{
    size_t length = 0, hits = 0, misses = 0;
    for (size_t i = 0; i < found->count; i++) {
        const bw_outcome *outcome = found->items[i];
        if (outcome->ignored[range] >> threshold & 1)
            continue;
        bool hit = outcome->matched[range] >> threshold & 1;
        hits += hit;
        misses += !hit;
        room->hits[length] = hits;
        room->precisions[length++] = (double)hits / ((double)(hits + misses) + DBL_EPSILON);
    }
    for (size_t i = length; i > 1; i--)
        if (room->precisions[i - 1] > room->precisions[i - 2])
            room->precisions[i - 2] = room->precisions[i - 1];
    return length;
}

/* The mean of the curve at 101 recalls; recalls that are not reached count 0. */
static double average_curve(const sorted_outcomes *room, size_t length, size_t expected)
{
    double sum = 0;
    size_t at = 0;
    for (int step = 0; step < RECALLS; step++) {
        double recall = step == RECALLS - 1 ? 1 : step * 0.01;
        while (at < length && (double)room->hits[at] / (double)expected < recall)
            at++;
        if (at == length)
            break;
        sum += room->precisions[at];
    }
    return sum / RECALLS;
}

/* The share of the expected boxes that a picture's `depth` best boxes find. */
static double recall_at(const class_outcomes *found, int range, int threshold, uint32_t depth,
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

static void measure_range(bw_figures *figures, const sorted_outcomes *room,
                          const class_outcomes *found, int range, size_t expected)
{
    for (int threshold = 0; threshold < BW_OVERLAPS; threshold++) {
        double *ap = &figures->ap[range][threshold], *ar = &figures->ar[range][threshold];
        *ap = *ar = -1;
        if (expected == 0)
            continue;
        size_t length = draw_curve(room, found, range, threshold);
        *ap = average_curve(room, length, expected);
        *ar = recall_at(found, range, threshold, BW_EVAL_DEPTH, expected);
    }
}

static void measure_class(bw_figures *figures, const sorted_outcomes *room,
                          const class_outcomes *found, const bw_class_tally *tally)
{
    figures->images = tally->images;
    figures->instances = tally->expected[0];
    for (int range = 0; range < BW_AREAS; range++)
        measure_range(figures, room, found, range, tally->expected[range]);
    for (int threshold = 0; threshold < BW_OVERLAPS; threshold++) {
        size_t expected = tally->expected[0];
        figures->ar1[threshold] = expected ? recall_at(found, 0, threshold, 1, expected) : -1;
        figures->ar10[threshold] = expected ? recall_at(found, 0, threshold, 10, expected) : -1;
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

static bw_status measure(const bw_eval *eval, const sorted_outcomes *sorted, double confidence,
                         bw_figures *figures, bw_error *error)
{
    size_t at = 0;
    for (int class_id = 0; class_id < eval->classes; class_id++) {
        class_outcomes found = {.items = sorted->items + at};
        while (at + found.count < eval->count && found.items[found.count]->class_id == class_id)
            found.count++;
        at += found.count;
        measure_class(&figures[1 + class_id], sorted, &found, &eval->tallies[class_id]);
    }
    figures[0].images = eval->images;
    figures[0].instances = 0;
    take_means(figures, figures + 1, eval->classes);
    return bw_eval_points(eval, confidence, figures, error);
}

bw_status bw_eval_measure(const bw_eval *eval, double confidence, bw_figures *figures,
                          bw_error *error)
{
    sorted_outcomes sorted;
    bw_status status = sort_outcomes(&sorted, eval, error);
    if (status == BW_OK)
        status = measure(eval, &sorted, confidence, figures, error);
    free_sorted(&sorted);
    return status;
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
