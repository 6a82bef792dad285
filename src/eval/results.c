/**
 * What an evaluation tells: figures, curves, averages by other rules, the confusion matrix, and a
 * picture's boxes as they were judged.
 */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "eval/average.h"
#include "eval/evaluation.h"

void bw_evaluation_free_results(bw_evaluation *evaluation)
{
    free(evaluation->label_starts);
    free(evaluation->found_starts);
    free(evaluation->boxes.truth);
    free(evaluation->boxes.found);
    bw_eval_close(&evaluation->eval);
    free(evaluation->figures);
    free(evaluation->averages);
    free(evaluation->confusion.counts);
    free(evaluation->judged);
}

/* ---- Pictures ------------------------------------------------------------------------------- */

/*
 * Sorts records by the picture that their first member names, those of a picture in the order they
 * had. Fills `starts`, one more than there are pictures.
 */
static bw_status group(void *records, size_t count, size_t size, size_t images, size_t *starts,
                       bw_error *error)
{
    char *sorted = malloc(count * size + 1), *from = records;
    if (!sorted)
        return bw_fail_memory(error, count * size, "boxes");
    memset(starts, 0, (images + 1) * sizeof *starts);
    for (size_t i = 0; i < count; i++)
        starts[*(const size_t *)(const void *)(from + i * size) + 1]++;
    for (size_t i = 0; i < images; i++)
        starts[i + 1] += starts[i];
    for (size_t i = 0; i < count; i++) {
        size_t image = *(const size_t *)(const void *)(from + i * size);
        memcpy(sorted + starts[image]++ * size, from + i * size, size);
    }
    if (count > 0)
        memcpy(records, sorted, count * size);
    free(sorted);
    memmove(starts + 1, starts, images * sizeof *starts);
    starts[0] = 0;
    return BW_OK;
}

/* Sorts the boxes by picture, if any came since that was done. */
static bw_status group_boxes(bw_evaluation *evaluation, bw_error *error)
{
    bw_dataset *set = &evaluation->set;
    size_t room = set->image_count + 1;
    if (evaluation->found_starts && evaluation->grouped_labels == set->label_count &&
        evaluation->grouped_founds == set->found_count)
        return BW_OK;
    free(evaluation->label_starts);
    free(evaluation->found_starts);
    evaluation->label_starts = calloc(room, sizeof *evaluation->label_starts);
    evaluation->found_starts = calloc(room, sizeof *evaluation->found_starts);
    if (!evaluation->label_starts || !evaluation->found_starts)
        return bw_fail_memory(error, room * sizeof(size_t), "an evaluation");
    bw_status status = group(set->labels, set->label_count, sizeof *set->labels, set->image_count,
                             evaluation->label_starts, error);
    if (status == BW_OK)
        status = group(set->founds, set->found_count, sizeof *set->founds, set->image_count,
                       evaluation->found_starts, error);
    evaluation->grouped_labels = set->label_count;
    evaluation->grouped_founds = set->found_count;
    return status;
}

/* Collects the boxes of a picture; of those found, the ones that score at least `least`. */
static bw_status collect(bw_evaluation *evaluation, size_t image, double least, bw_error *error)
{
    const bw_dataset *set = &evaluation->set;
    bw_picture_boxes *boxes = &evaluation->boxes;
    size_t label = evaluation->label_starts[image], found = evaluation->found_starts[image];
    size_t found_count = evaluation->found_starts[image + 1] - found;
    boxes->truth_count = evaluation->label_starts[image + 1] - label;
    boxes->found_count = 0;
    if (!bw_array_reserve((void **)&boxes->truth, &boxes->truth_capacity, boxes->truth_count + 1,
                          sizeof *boxes->truth) ||
        !bw_array_reserve((void **)&boxes->found, &boxes->found_capacity, found_count + 1,
                          sizeof *boxes->found))
        return bw_fail_memory(error, found_count * sizeof *boxes->found, "boxes");
    for (size_t i = 0; i < boxes->truth_count; i++)
        boxes->truth[i] = set->labels[label + i].box;
    for (size_t i = 0; i < found_count; i++)
        if (set->founds[found + i].box.score >= least)
            boxes->found[boxes->found_count++] = set->founds[found + i].box;
    return BW_OK;
}

/* Takes the boxes of a picture. */
typedef bw_status picture_taker(void *taker, const bw_truth_box *truth, size_t truth_count,
                                const bw_found_box *found, size_t found_count, bw_error *error);

/* Hands all pictures on, one after the other. */
static bw_status walk(bw_evaluation *evaluation, picture_taker *take, void *taker, bw_error *error)
{
    const bw_picture_boxes *boxes = &evaluation->boxes;
    bw_status status = group_boxes(evaluation, error);
    for (size_t i = 0; status == BW_OK && i < evaluation->set.image_count; i++) {
        status = collect(evaluation, i, -DBL_MAX, error);
        if (status == BW_OK)
            status = take(taker, boxes->truth, boxes->truth_count, boxes->found, boxes->found_count,
                          error);
        if (status != BW_OK)
            return bw_fail_prefix(error, status, "%s", evaluation->set.images[i].name);
    }
    return status;
}

/* ---- COCO's figures ------------------------------------------------------------------------- */

static bw_status add_to_eval(void *taker, const bw_truth_box *truth, size_t truth_count,
                             const bw_found_box *found, size_t found_count, bw_error *error)
{
    return bw_eval_add(taker, truth, truth_count, found, found_count, error);
}

static bw_status measure(bw_evaluation *evaluation, double confidence, bw_error *error)
{
    const bw_dataset *set = &evaluation->set;
    free(evaluation->figures);
    evaluation->figures = calloc(set->class_count + 1, sizeof *evaluation->figures);
    if (!evaluation->figures)
        return bw_fail_memory(error, (set->class_count + 1) * sizeof(bw_figures), "figures");
    evaluation->figures[0].name = "all";
    for (size_t i = 0; i < set->class_count; i++)
        evaluation->figures[1 + i].name = set->classes[i].name;
    return bw_eval_measure(evaluation->eval, confidence, evaluation->figures, error);
}

bw_status bw_evaluation_measure(bw_evaluation *evaluation, double confidence,
                                const bw_figures **figures, int *classes, bw_error *error)
{
    *figures = NULL;
    *classes = (int)evaluation->set.class_count;
    bw_eval_close(&evaluation->eval);
    bw_status status = bw_eval_open(&evaluation->eval, *classes, error);
    if (status == BW_OK)
        status = walk(evaluation, add_to_eval, evaluation->eval, error);
    if (status == BW_OK)
        status = measure(evaluation, confidence, error);
    if (status == BW_OK)
        *figures = evaluation->figures;
    else
        bw_eval_close(&evaluation->eval);
    return status;
}

static bw_status check_class(const bw_evaluation *evaluation, int class_id, bw_error *error)
{
    int classes = (int)evaluation->set.class_count;
    if (!evaluation->eval)
        return bw_fail(error, BW_ERROR_ARGUMENT, "curves are told after the figures are measured");
    if (class_id < BW_ALL_CLASSES || class_id >= classes)
        return bw_fail(error, BW_ERROR_ARGUMENT, "there is no class %d of %d", class_id, classes);
    return BW_OK;
}

bw_status bw_evaluation_precision(const bw_evaluation *evaluation, int class_id, int area,
                                  int overlap, int depth, double precision[BW_RECALLS],
                                  double *recall, bw_error *error)
{
    bw_status status = check_class(evaluation, class_id, error);
    if (status != BW_OK)
        return status;
    if (area < 0 || area >= BW_AREAS || overlap < 0 || overlap >= BW_OVERLAPS || depth < 1)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "there is no curve of area %d, overlap %d, depth %d", area, overlap, depth);
    bw_curve_cell cell = {class_id, area, overlap, (uint32_t)depth};
    if (class_id == BW_ALL_CLASSES)
        bw_eval_mean_precision(evaluation->eval, &cell, precision, recall);
    else
        bw_eval_precision(evaluation->eval, &cell, precision, recall);
    return BW_OK;
}

bw_status bw_evaluation_by_confidence(const bw_evaluation *evaluation, int class_id,
                                      bw_confidence_curve *curve, bw_error *error)
{
    bw_status status = check_class(evaluation, class_id, error);
    if (status != BW_OK)
        return status;
    if (class_id == BW_ALL_CLASSES)
        bw_eval_mean_by_confidence(evaluation->eval, curve);
    else
        bw_eval_by_confidence(evaluation->eval, class_id, curve);
    return BW_OK;
}

/* ---- Other rules ---------------------------------------------------------------------------- */

void bw_average_options_init(bw_average_options *options)
{
    *options = (bw_average_options){.rules = BW_RULES_VOC, .iou = 0.5, .confidence = 0.25};
}

static bw_status add_to_averaging(void *taker, const bw_truth_box *truth, size_t truth_count,
                                  const bw_found_box *found, size_t found_count, bw_error *error)
{
    return bw_averaging_add(taker, truth, truth_count, found, found_count, error);
}

bw_status bw_evaluation_average(bw_evaluation *evaluation, const bw_average_options *options,
                                const bw_average **averages, int *classes, bw_error *error)
{
    const bw_dataset *set = &evaluation->set;
    bw_averaging *averaging;
    *averages = NULL;
    *classes = (int)set->class_count;
    free(evaluation->averages);
    evaluation->averages = calloc(set->class_count + 1, sizeof *evaluation->averages);
    if (!evaluation->averages)
        return bw_fail_memory(error, (set->class_count + 1) * sizeof(bw_average), "averages");
    evaluation->averages[0].name = "all";
    for (size_t i = 0; i < set->class_count; i++)
        evaluation->averages[1 + i].name = set->classes[i].name;
    bw_status status = bw_averaging_open(&averaging, *classes, options, error);
    if (status == BW_OK)
        status = walk(evaluation, add_to_averaging, averaging, error);
    if (status == BW_OK)
        status = bw_averaging_measure(averaging, evaluation->averages, error);
    if (status == BW_OK)
        *averages = evaluation->averages;
    bw_averaging_close(&averaging);
    return status;
}

/* ---- Confusion ------------------------------------------------------------------------------ */

static bw_status add_to_confusion(void *taker, const bw_truth_box *truth, size_t truth_count,
                                  const bw_found_box *found, size_t found_count, bw_error *error)
{
    return bw_confusion_add(taker, truth, truth_count, found, found_count, error);
}

bw_status bw_evaluation_confusion(bw_evaluation *evaluation, double confidence, double iou,
                                  const size_t **counts, int *classes, bw_error *error)
{
    bw_confusion *confusion = &evaluation->confusion;
    size_t side = evaluation->set.class_count + 1;
    *counts = NULL;
    *classes = (int)side - 1;
    if (*classes > BW_CONFUSION_CLASSES)
        return bw_fail(error, BW_ERROR_LIMIT,
                       "a confusion matrix of %d classes; there may be at most %d", *classes,
                       BW_CONFUSION_CLASSES);
    free(confusion->counts);
    *confusion = (bw_confusion){*classes, confidence, iou, calloc(side, side * sizeof(size_t))};
    if (!confusion->counts)
        return bw_fail_memory(error, side * side * sizeof(size_t), "the confusion matrix");
    bw_status status = walk(evaluation, add_to_confusion, confusion, error);
    if (status == BW_OK)
        *counts = confusion->counts;
    return status;
}

/* ---- One picture ---------------------------------------------------------------------------- */

static bw_judged_box judged_box(const bw_box *box, double score, int32_t class_id,
                                bw_verdict verdict)
{
    return (bw_judged_box){box->x,   box->y, box->x + box->width, box->y + box->height, score,
                           class_id, verdict};
}

/* Room for the verdicts of a picture: which labelled box each found one takes, and what counts. */
typedef struct verdict_room {
    size_t *taken;
    bool *ignored, *found; /* the last: whether a labelled box is taken */
} verdict_room;

/* The best first; of equals, whatever stands further left. */
static int compare_judged(const void *left, const void *right)
{
    const bw_judged_box *a = left, *b = right;
    if (a->score > b->score || a->score < b->score)
        return a->score > b->score ? -1 : 1;
    if (a->left < b->left || a->left > b->left)
        return a->left < b->left ? -1 : 1;
    return (a->top > b->top) - (a->top < b->top);
}

static void tell(bw_judged_picture *out, const bw_evaluation *evaluation, const verdict_room *room)
{
    const bw_picture_boxes *boxes = &evaluation->boxes;
    bw_judged_box *labels = evaluation->judged, *founds = labels + boxes->truth_count;
    for (size_t i = 0; i < boxes->found_count; i++) {
        const bw_found_box *box = &boxes->found[i];
        bool taken = room->taken[i] < boxes->truth_count;
        bw_verdict verdict = room->ignored[i] ? BW_VERDICT_IGNORED
                             : taken          ? BW_VERDICT_RIGHT
                                              : BW_VERDICT_WRONG;
        if (taken)
            room->found[room->taken[i]] = true;
        out->right += verdict == BW_VERDICT_RIGHT;
        out->wrong += verdict == BW_VERDICT_WRONG;
        founds[i] = judged_box(&box->box, box->score, box->class_id, verdict);
    }
    qsort(founds, boxes->found_count, sizeof *founds, compare_judged);
    for (size_t i = 0; i < boxes->truth_count; i++) {
        const bw_truth_box *box = &boxes->truth[i];
        bw_verdict verdict = box->crowd || box->difficult ? BW_VERDICT_IGNORED
                             : room->found[i]             ? BW_VERDICT_RIGHT
                                                          : BW_VERDICT_MISSED;
        out->missed += verdict == BW_VERDICT_MISSED;
        labels[i] = judged_box(&box->box, 1, box->class_id, verdict);
    }
    out->labels = labels;
    out->label_count = boxes->truth_count;
    out->founds = founds;
    out->found_count = boxes->found_count;
}

static bw_status judge(bw_judged_picture *out, bw_evaluation *evaluation, bw_error *error)
{
    const bw_picture_boxes *boxes = &evaluation->boxes;
    size_t truths = boxes->truth_count, founds = boxes->found_count;
    verdict_room room = {calloc(founds + 1, sizeof *room.taken), calloc(founds + 1, sizeof(bool)),
                         calloc(truths + 1, sizeof(bool))};
    bw_status status = BW_OK;
    if (!room.taken || !room.ignored || !room.found ||
        !bw_array_reserve((void **)&evaluation->judged, &evaluation->judged_capacity,
                          truths + founds + 1, sizeof *evaluation->judged))
        status = bw_fail_memory(error, (truths + founds) * sizeof *evaluation->judged, "boxes");
    if (status == BW_OK)
        status = bw_eval_pair(boxes->truth, truths, boxes->found, founds,
                              (int)evaluation->set.class_count, room.taken, room.ignored, error);
    if (status == BW_OK)
        tell(out, evaluation, &room);
    free(room.taken);
    free(room.ignored);
    free(room.found);
    return status;
}

bw_status bw_evaluation_judge(bw_evaluation *evaluation, size_t index, double confidence,
                              bw_judged_picture *out, bw_error *error)
{
    const bw_dataset *set = &evaluation->set;
    *out = (bw_judged_picture){0};
    if (index >= set->image_count)
        return bw_fail(error, BW_ERROR_ARGUMENT, "there is no picture %zu of %zu", index,
                       set->image_count);
    const bw_data_image *image = &set->images[index];
    out->name = image->name;
    out->path = image->path;
    out->width = image->width;
    out->height = image->height;
    bw_status status = group_boxes(evaluation, error);
    if (status == BW_OK)
        status = collect(evaluation, index, confidence, error);
    return status == BW_OK ? judge(out, evaluation, error) : status;
}
