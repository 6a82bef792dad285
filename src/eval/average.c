#include "eval/average.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

#define NOBODY SIZE_MAX

/* A box that was found and counts. */
typedef struct pointer {
    double score, overlap;
    size_t truth; /* the labelled box that it points at, numbered through all pictures; or NOBODY */
    size_t order;
    int32_t class_id;
    bool hit;
} pointer;

struct bw_averaging {
    bw_average_options options;
    int classes;
    size_t *expected; /* one a class */
    pointer *pointers;
    size_t count, capacity;
    size_t truths; /* so far */
};

bw_status bw_averaging_open(bw_averaging **out, int classes, const bw_average_options *options,
                            bw_error *error)
{
    *out = NULL;
    if (options->points == 1 || options->points < 0 || options->points > 10001 ||
        !(options->iou >= 0 && options->iou <= 1))
        return bw_fail(
            error, BW_ERROR_ARGUMENT,
            "%d points and an overlap of %g: there are 0, or from 2 to 10001 points, and "
            "an overlap is from 0 to 1",
            options->points, options->iou);
    bw_averaging *averaging = calloc(1, sizeof *averaging);
    if (averaging)
        averaging->expected = calloc((size_t)classes, sizeof *averaging->expected);
    if (!averaging || !averaging->expected) {
        bw_averaging_close(&averaging);
        return bw_fail_memory(error, (size_t)classes * sizeof(size_t), "an evaluation");
    }
    averaging->options = *options;
    averaging->classes = classes;
    *out = averaging;
    return BW_OK;
}

void bw_averaging_close(bw_averaging **averaging)
{
    if (!averaging || !*averaging)
        return;
    free((*averaging)->expected);
    free((*averaging)->pointers);
    free(*averaging);
    *averaging = NULL;
}

/* ---- One picture ---------------------------------------------------------------------------- */

static bool is_optional(const bw_truth_box *truth)
{
    return truth->crowd || truth->difficult;
}

static bool is_enough(const bw_average_options *options, double overlap)
{
    return options->rules == BW_RULES_DARKNET ? overlap > options->iou : overlap >= options->iou;
}

/* The labelled box of its class that a found one overlaps most; truth_count for none. */
static size_t find_best(const bw_truth_box *truth, size_t truth_count, const bw_found_box *found,
                        bool optional_too, double *overlap)
{
    size_t best = truth_count;
    *overlap = 0;
    for (size_t i = 0; i < truth_count; i++) {
        if (truth[i].class_id != found->class_id || (!optional_too && is_optional(&truth[i])))
            continue;
        double value = bw_box_overlap(&found->box, &truth[i].box);
        if (value > *overlap) {
            *overlap = value;
            best = i;
        }
    }
    return best;
}

/* Whether a box counts; `*pointer` then says at which labelled box it points. */
static bool point(pointer *out, const bw_averaging *averaging, const bw_truth_box *truth,
                  size_t truth_count, const bw_found_box *found)
{
    const bw_average_options *options = &averaging->options;
    bool darknet = options->rules == BW_RULES_DARKNET;
    double overlap;
    size_t best = find_best(truth, truth_count, found, !darknet, &overlap);
    if (darknet && !is_enough(options, overlap)) {
        double optional;
        find_best(truth, truth_count, found, true, &optional);
        if (is_enough(options, optional))
            return false;
    }
    bool enough = best < truth_count && is_enough(options, overlap);
    if (enough && is_optional(&truth[best]))
        return false;
    *out = (pointer){
        .score = found->score,
        .overlap = enough ? overlap : 0,
        .truth = enough ? averaging->truths + best : NOBODY,
        .order = averaging->count,
        .class_id = found->class_id,
    };
    return true;
}

bw_status bw_averaging_add(bw_averaging *averaging, const bw_truth_box *truth, size_t truth_count,
                           const bw_found_box *found, size_t found_count, bw_error *error)
{
    if (!bw_array_reserve((void **)&averaging->pointers, &averaging->capacity,
                          averaging->count + found_count, sizeof *averaging->pointers))
        return bw_fail_memory(error, averaging->count * sizeof *averaging->pointers,
                              "an evaluation");
    for (size_t i = 0; i < found_count; i++)
        averaging->count +=
            point(&averaging->pointers[averaging->count], averaging, truth, truth_count, &found[i]);
    for (size_t i = 0; i < truth_count; i++)
        averaging->expected[truth[i].class_id] += !is_optional(&truth[i]);
    averaging->truths += truth_count;
    return BW_OK;
}

/* ---- All of them ---------------------------------------------------------------------------- */

static int compare_pointers(const void *left, const void *right)
{
    const pointer *a = left, *b = right;
    if (a->class_id != b->class_id)
        return a->class_id < b->class_id ? -1 : 1;
    if (a->score > b->score || a->score < b->score)
        return a->score > b->score ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Sorts by class and score and lets the first that points at a labelled box take it. */
static bw_status take(bw_averaging *averaging, bw_error *error)
{
    bool *taken = calloc(averaging->truths + 1, sizeof *taken);
    if (!taken)
        return bw_fail_memory(error, averaging->truths, "an evaluation");
    if (averaging->count > 0)
        qsort(averaging->pointers, averaging->count, sizeof *averaging->pointers, compare_pointers);
    for (size_t i = 0; i < averaging->count; i++) {
        pointer *box = &averaging->pointers[i];
        box->hit = box->truth != NOBODY && !taken[box->truth];
        if (box->hit)
            taken[box->truth] = true;
    }
    free(taken);
    return BW_OK;
}

/*
 * The mean of the highest precision at each of so many recalls and beyond; with 0 points the area
 * below that curve. `precisions` is made falling from its end.
 */
static double average(const pointer *boxes, size_t count, size_t expected, int points,
                      double *precisions)
{
    size_t hits = 0, at = 0, reached = 0;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        hits += boxes[i].hit;
        precisions[i] = (double)hits / (double)(i + 1);
    }
    for (size_t i = count; i > 1; i--)
        precisions[i - 2] = fmax(precisions[i - 2], precisions[i - 1]);
    for (size_t i = 0; points == 0 && i < count; i++)
        sum += boxes[i].hit ? precisions[i] / (double)expected : 0;
    for (int step = 0; step < points; step++) {
        double recall = (double)step / (points - 1);
        for (; at < count; at++) {
            size_t with = reached + boxes[at].hit;
            if ((double)with / (double)expected >= recall)
                break;
            reached = with;
        }
        sum += at < count ? precisions[at] / points : 0;
    }
    return sum;
}

static void count_class(bw_average *out, const pointer *boxes, size_t count, double confidence)
{
    double overlaps = 0;
    for (size_t i = 0; i < count && boxes[i].score > confidence; i++) {
        out->right += boxes[i].hit;
        out->wrong += !boxes[i].hit;
        overlaps += boxes[i].hit ? boxes[i].overlap : 0;
    }
    out->found = count;
    out->overlaps = overlaps;
}

static void add_to_all(bw_average *all, const bw_average *of_class)
{
    all->instances += of_class->instances;
    all->found += of_class->found;
    all->right += of_class->right;
    all->wrong += of_class->wrong;
    all->overlaps += of_class->overlaps;
}

static void measure_classes(const bw_averaging *averaging, bw_average *averages, double *room)
{
    const bw_average_options *options = &averaging->options;
    double sum = 0;
    int told = 0;
    for (size_t class_id = 0, at = 0; class_id < (size_t)averaging->classes; class_id++) {
        const pointer *boxes = averaging->pointers + at;
        bw_average *out = &averages[1 + class_id];
        size_t count = 0, expected = averaging->expected[class_id];
        while (at + count < averaging->count && boxes[count].class_id == (int32_t)class_id)
            count++;
        at += count;
        count_class(out, boxes, count, options->confidence);
        out->instances = expected;
        out->ap = options->rules == BW_RULES_DARKNET ? 0 : -1;
        if (expected > 0)
            out->ap = average(boxes, count, expected, options->points, room);
        sum += out->ap >= 0 ? out->ap : 0;
        told += out->ap >= 0;
        add_to_all(averages, out);
    }
    averages->ap = told ? sum / told : -1;
}

bw_status bw_averaging_measure(bw_averaging *averaging, bw_average *averages, bw_error *error)
{
    double *room = malloc((averaging->count + 1) * sizeof *room);
    bool good = room && bw_array_reserve((void **)&averaging->pointers, &averaging->capacity,
                                         averaging->count + 1, sizeof *averaging->pointers);
    bw_status status = good ? take(averaging, error)
                            : bw_fail_memory(error, averaging->count * sizeof *room, "a curve");
    for (int i = 0; i <= averaging->classes; i++)
        averages[i] = (bw_average){.name = averages[i].name};
    if (status == BW_OK)
        measure_classes(averaging, averages, room);
    free(room);
    return status;
}
