#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval/tally.h"

/* The picture that is being matched. Boxes are reached through indices sorted by class. */
typedef struct match_input {
    const bw_truth_box *truth;
    const bw_found_box *found;
    size_t truth_count, found_count;
    size_t *truth_order; /* by class, then as given */
    size_t *found_order; /* by class, then by falling score, then as given */
    double *overlaps;    /* [found][truth] of one class */
    size_t *visit;       /* the labelled boxes of one class in the order they are tried */
    uint16_t *taken;     /* by thresholds, of one class */
    size_t *pairs;       /* the labelled box that each found one takes at IoU 0.50; may be NULL */
    bool *ignored;       /* whether it counts neither way; NULL where pairs is */
} match_input;

/* One class of a picture: slices of the orders. */
typedef struct class_slice {
    const size_t *truth, *found;
    size_t truth_count, found_count;
} class_slice;

double bw_eval_threshold(int index)
{
    const double first = 0.5, last = 0.95;
    return index == BW_OVERLAPS - 1 ? last : index * ((last - first) / (BW_OVERLAPS - 1)) + first;
}

bool bw_eval_in_range(double area, int range)
{
    static const double bounds[BW_AREAS][2] = {
        {0, 1e10}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e10}};
    return area >= bounds[range][0] && area <= bounds[range][1];
}

bw_status bw_eval_open(bw_eval **out, int classes, bw_error *error)
{
    *out = NULL;
    if (classes < 1)
        return bw_fail(error, BW_ERROR_ARGUMENT, "an evaluation of %d classes", classes);
    bw_eval *eval = calloc(1, sizeof *eval);
    if (eval)
        eval->tallies = calloc((size_t)classes, sizeof *eval->tallies);
    if (!eval || !eval->tallies) {
        bw_eval_close(&eval);
        return bw_fail_memory(error, (size_t)classes * sizeof *eval->tallies, "an evaluation");
    }
    eval->classes = classes;
    *out = eval;
    return BW_OK;
}

void bw_eval_close(bw_eval **eval)
{
    if (!eval || !*eval)
        return;
    free((*eval)->tallies);
    free((*eval)->outcomes);
    free((*eval)->scratch);
    free((*eval)->sorted);
    free((*eval)->starts);
    free((*eval)->precisions);
    free((*eval)->hits);
    free(*eval);
    *eval = NULL;
}

bw_truth_box bw_truth_box_make(double left, double top, double right, double bottom,
                               int32_t class_id)
{
    bw_box box = {left, top, right - left, bottom - top};
    return (bw_truth_box){.box = box, .area = box.width * box.height, .class_id = class_id};
}

bw_found_box bw_found_box_make(const bw_detection *detection)
{
    double left = (double)detection->left, top = (double)detection->top;
    bw_box box = {left, top, (double)detection->right - left, (double)detection->bottom - top};
    return (bw_found_box){box, (double)detection->score, detection->class_id};
}

/* ---- One picture ---------------------------------------------------------------------------- */

static bool is_finite_box(const bw_box *box)
{
    return isfinite(box->x) && isfinite(box->y) && isfinite(box->width) && isfinite(box->height);
}

static bw_status check(const bw_eval *eval, const match_input *picture, bw_error *error)
{
    for (size_t i = 0; i < picture->truth_count; i++) {
        const bw_truth_box *box = &picture->truth[i];
        if (box->class_id < 0 || box->class_id >= eval->classes || !is_finite_box(&box->box) ||
            !isfinite(box->area))
            return bw_fail(error, BW_ERROR_ARGUMENT,
                           "labelled box %zu has class %d of %d or numbers that are not finite", i,
                           box->class_id, eval->classes);
    }
    for (size_t i = 0; i < picture->found_count; i++) {
        const bw_found_box *box = &picture->found[i];
        if (box->class_id < 0 || box->class_id >= eval->classes || !is_finite_box(&box->box) ||
            !isfinite(box->score))
            return bw_fail(error, BW_ERROR_ARGUMENT,
                           "found box %zu has class %d of %d or numbers that are not finite", i,
                           box->class_id, eval->classes);
    }
    return BW_OK;
}

/* What found boxes are sorted by. */
typedef struct sort_key {
    double score;
    size_t index;
    int32_t class_id;
} sort_key;

static int compare_keys(const void *left, const void *right)
{
    const sort_key *a = left, *b = right;
    if (a->class_id != b->class_id)
        return a->class_id < b->class_id ? -1 : 1;
    if (a->score > b->score || a->score < b->score)
        return a->score > b->score ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void sort_order(size_t *order, sort_key *keys, size_t count)
{
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++)
        order[i] = keys[i].index;
}

static void sort_boxes(match_input *picture, sort_key *keys)
{
    for (size_t i = 0; i < picture->truth_count; i++)
        keys[i] = (sort_key){0, i, picture->truth[i].class_id};
    sort_order(picture->truth_order, keys, picture->truth_count);
    for (size_t i = 0; i < picture->found_count; i++)
        keys[i] = (sort_key){picture->found[i].score, i, picture->found[i].class_id};
    sort_order(picture->found_order, keys, picture->found_count);
}

/* Places `count` objects at `*used` bytes and moves that on; false when it does not fit. */
static bool place(size_t *offset, size_t *used, size_t count, size_t size)
{
    size_t bytes;
    *offset = *used;
    return bw_size_multiply(&bytes, count, size) && bytes < SIZE_MAX / 4 &&
           bw_size_add(used, *used, bw_round_up(bytes, _Alignof(max_align_t)));
}

/* Lays the arrays of a picture out in the scratch memory; returns the sort's keys in it. */
static sort_key *lay_out(bw_eval *eval, match_input *picture)
{
    size_t used = 0, truths = picture->truth_count, founds = picture->found_count, cells;
    size_t deep = founds < BW_EVAL_DEPTH ? founds : BW_EVAL_DEPTH;
    size_t orders[2], visit, taken, overlaps, keys;
    if (!bw_size_multiply(&cells, truths, deep) ||
        !place(&orders[0], &used, truths, sizeof(size_t)) ||
        !place(&orders[1], &used, founds, sizeof(size_t)) ||
        !place(&visit, &used, truths, sizeof(size_t)) ||
        !place(&taken, &used, truths, sizeof(uint16_t)) ||
        !place(&overlaps, &used, cells, sizeof(double)) ||
        !place(&keys, &used, truths > founds ? truths : founds, sizeof(sort_key)) ||
        !bw_array_reserve(&eval->scratch, &eval->scratch_capacity, used + 1, 1))
        return NULL;
    char *base = eval->scratch;
    picture->truth_order = (size_t *)(void *)(base + orders[0]);
    picture->found_order = (size_t *)(void *)(base + orders[1]);
    picture->visit = (size_t *)(void *)(base + visit);
    picture->taken = (uint16_t *)(void *)(base + taken);
    picture->overlaps = (double *)(void *)(base + overlaps);
    return (sort_key *)(void *)(base + keys);
}

/* ---- One class of it ------------------------------------------------------------------------ */

/* The area that two boxes share. */
static double intersection(const bw_box *one, const bw_box *other)
{
    double width = fmin(one->width + one->x, other->width + other->x) - fmax(one->x, other->x);
    double height = fmin(one->height + one->y, other->height + other->y) - fmax(one->y, other->y);
    return width <= 0 || height <= 0 ? 0 : width * height;
}

double bw_box_overlap(const bw_box *one, const bw_box *other)
{
    double both = intersection(one, other);
    if (both <= 0)
        return 0;
    return both / (one->width * one->height + other->width * other->height - both);
}

/* Intersection over union; of a crowd, over the found box alone. */
static double overlap(const bw_box *found, const bw_truth_box *truth)
{
    if (!truth->crowd)
        return bw_box_overlap(found, &truth->box);
    double both = intersection(found, &truth->box);
    return both > 0 ? both / (found->width * found->height) : 0;
}

static void measure_overlaps(const match_input *picture, const class_slice *slice)
{
    double *out = picture->overlaps;
    for (size_t d = 0; d < slice->found_count; d++)
        for (size_t g = 0; g < slice->truth_count; g++)
            *out++ =
                overlap(&picture->found[slice->found[d]].box, &picture->truth[slice->truth[g]]);
}

static bool is_ignored(const bw_truth_box *box, int range)
{
    return box->crowd || box->difficult || !bw_eval_in_range(box->area, range);
}

/* Orders the labelled boxes: those that count first. Returns how many do. */
static size_t order_visit(const match_input *picture, const class_slice *slice, int range)
{
    size_t counting = 0, at = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t g = 0; g < slice->truth_count; g++)
            if (is_ignored(&picture->truth[slice->truth[g]], range) == (pass == 1))
                picture->visit[at++] = g;
        if (pass == 0)
            counting = at;
    }
    return counting;
}

/*
 * The labelled box, as its place in `visit`, that found box `d` takes at a threshold; truth_count
 * when none. One that counts is preferred to any that does not; of equals the later one is taken.
 */
static size_t choose(const match_input *picture, const class_slice *slice, size_t d,
                     size_t counting, int threshold)
{
    const double *overlaps = picture->overlaps + d * slice->truth_count;
    double best = fmin(bw_eval_threshold(threshold), 1 - 1e-10);
    size_t chosen = slice->truth_count;
    for (size_t at = 0; at < slice->truth_count; at++) {
        size_t g = picture->visit[at];
        if (at == counting && chosen < counting)
            break;
        if ((picture->taken[g] >> threshold & 1) && !picture->truth[slice->truth[g]].crowd)
            continue;
        if (overlaps[g] < best)
            continue;
        best = overlaps[g];
        chosen = at;
    }
    return chosen;
}

/* Matches at all thresholds within an area range and notes it in the slice's outcomes. */
static void match_range(const match_input *picture, const class_slice *slice, int range,
                        bw_outcome *outcomes)
{
    size_t counting = order_visit(picture, slice, range);
    memset(picture->taken, 0, slice->truth_count * sizeof *picture->taken);
    for (size_t d = 0; d < slice->found_count; d++) {
        const bw_box *box = &picture->found[slice->found[d]].box;
        bool outside = !bw_eval_in_range(box->width * box->height, range);
        for (int threshold = 0; threshold < BW_OVERLAPS; threshold++) {
            size_t at = choose(picture, slice, d, counting, threshold);
            bool chosen = at < slice->truth_count, matched = chosen;
            if (chosen) {
                size_t g = picture->visit[at];
                picture->taken[g] = (uint16_t)(picture->taken[g] | 1u << threshold);
                matched = !picture->truth[slice->truth[g]].anonymous;
            }
            bool ignored = (chosen && at >= counting) || (!matched && outside);
            if (picture->pairs && range == 0 && threshold == 0) {
                size_t found = slice->found[d];
                picture->pairs[found] =
                    matched ? slice->truth[picture->visit[at]] : picture->truth_count;
                picture->ignored[found] = ignored;
            }
            outcomes[d].matched[range] |= (uint16_t)(matched << threshold);
            outcomes[d].ignored[range] |= (uint16_t)(ignored << threshold);
        }
    }
}

static bw_status match_class(bw_eval *eval, const match_input *picture, const class_slice *slice,
                             bw_error *error)
{
    if (!bw_array_reserve((void **)&eval->outcomes, &eval->capacity,
                          eval->count + slice->found_count, sizeof *eval->outcomes))
        return bw_fail_memory(error, eval->capacity * sizeof *eval->outcomes, "an evaluation");
    bw_outcome *outcomes = eval->outcomes + eval->count;
    for (size_t d = 0; d < slice->found_count; d++) {
        const bw_found_box *found = &picture->found[slice->found[d]];
        outcomes[d] = (bw_outcome){found->score, found->class_id, (uint32_t)d, {0}, {0}};
    }
    measure_overlaps(picture, slice);
    for (int range = 0; range < BW_AREAS; range++)
        match_range(picture, slice, range, outcomes);
    eval->count += slice->found_count;
    return BW_OK;
}

static void count_truth(bw_eval *eval, const match_input *picture)
{
    int32_t last = -1;
    for (size_t i = 0; i < picture->truth_count; i++) {
        const bw_truth_box *box = &picture->truth[picture->truth_order[i]];
        bw_class_tally *tally = &eval->tallies[box->class_id];
        for (int range = 0; range < BW_AREAS; range++)
            tally->expected[range] += !is_ignored(box, range);
        if (!is_ignored(box, 0) && box->class_id != last) {
            tally->images++;
            last = box->class_id;
        }
    }
}

/* Matches class after class; both orders are walked in step. */
static bw_status match_picture(bw_eval *eval, const match_input *picture, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t d = 0, g = 0; status == BW_OK && d < picture->found_count;) {
        int32_t class_id = picture->found[picture->found_order[d]].class_id;
        class_slice slice = {.found = picture->found_order + d};
        size_t first = d;
        while (d < picture->found_count &&
               picture->found[picture->found_order[d]].class_id == class_id)
            d++;
        slice.found_count = d - first < BW_EVAL_DEPTH ? d - first : BW_EVAL_DEPTH;
        while (g < picture->truth_count &&
               picture->truth[picture->truth_order[g]].class_id < class_id)
            g++;
        slice.truth = picture->truth_order + g;
        while (g + slice.truth_count < picture->truth_count &&
               picture->truth[slice.truth[slice.truth_count]].class_id == class_id)
            slice.truth_count++;
        status = match_class(eval, picture, &slice, error);
    }
    return status;
}

static bw_status add(bw_eval *eval, match_input *picture, bw_error *error)
{
    bw_status status = check(eval, picture, error);
    if (status != BW_OK)
        return status;
    sort_key *keys = lay_out(eval, picture);
    if (!keys)
        return bw_fail_memory(error, (picture->truth_count + picture->found_count) * sizeof *keys,
                              "a picture");
    sort_boxes(picture, keys);
    count_truth(eval, picture);
    eval->images++;
    return match_picture(eval, picture, error);
}

bw_status bw_eval_add(bw_eval *eval, const bw_truth_box *truth, size_t truth_count,
                      const bw_found_box *found, size_t found_count, bw_error *error)
{
    match_input picture = {
        .truth = truth, .found = found, .truth_count = truth_count, .found_count = found_count};
    return add(eval, &picture, error);
}

bw_status bw_eval_pair(const bw_truth_box *truth, size_t truth_count, const bw_found_box *found,
                       size_t found_count, int classes, size_t *taken, bool *ignored,
                       bw_error *error)
{
    match_input picture = {.truth = truth,
                           .found = found,
                           .truth_count = truth_count,
                           .found_count = found_count,
                           .pairs = taken,
                           .ignored = ignored};
    for (size_t i = 0; i < found_count; i++) {
        taken[i] = truth_count;
        ignored[i] = true; /* beyond a picture's best */
    }
    bw_eval *eval;
    bw_status status = bw_eval_open(&eval, classes, error);
    if (status == BW_OK)
        status = add(eval, &picture, error);
    bw_eval_close(&eval);
    return status;
}
