/**
 * NonMaxSuppression: of each picture and class the boxes that no better one overlaps too much.
 *
 * boxes are [pictures, boxes, 4], scores [pictures, classes, boxes]; the output is
 * [selected, 3]: picture, class, box, in the order of pictures, classes and falling scores.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "kernels/plain/operator.h"

/* The number in an optional input of one float. */
static float number(const bw_plain_call *call, size_t index, float otherwise)
{
    const bw_plain_tensor *in = bw_plain_input(call, index);
    return in ? *(const float *)in->data : otherwise;
}

/* How many boxes a class of a picture may keep; none where it is not said. */
static bw_status read_most(const bw_plain_call *call, int64_t *most, bw_error *error)
{
    bw_plain_list list;
    bw_status status = bw_plain_list_input(&list, call, 2, "max_output_boxes_per_class", error);
    *most = list.count == 1 && list.values[0] > 0 ? list.values[0] : 0;
    return status;
}

bw_status bw_plain_nms_infer(const bw_plain_operator *self, const bw_plain_call *call,
                             bw_error *error)
{
    (void)self;
    char left[128], right[128];
    const bw_plain_tensor *boxes = call->inputs[0], *scores = call->inputs[1];
    int64_t most;
    size_t rows;
    bw_status status = bw_plain_need_type(boxes, BW_PLAIN_TYPE(F32), error);
    if (status == BW_OK)
        status = bw_plain_need_type(scores, BW_PLAIN_TYPE(F32), error);
    if (status == BW_OK)
        status = read_most(call, &most, error);
    for (size_t index = 3; index < 5 && status == BW_OK; index++) {
        const bw_plain_tensor *in = bw_plain_input(call, index);
        if (in && (in->type != BW_ELEMENT_F32 || bw_plain_count(in) != 1))
            status = bw_fail(error, BW_ERROR_FORMAT, "input %zu is not one float", index);
    }
    if (status != BW_OK)
        return status;
    if (boxes->rank != 3 || scores->rank != 3 || boxes->dims[2] != 4 ||
        boxes->dims[0] != scores->dims[0] || boxes->dims[1] != scores->dims[2])
        return bw_fail(error, BW_ERROR_FORMAT, "boxes are %s, scores are %s",
                       bw_plain_describe(boxes, left, sizeof left),
                       bw_plain_describe(scores, right, sizeof right));
    most = most < boxes->dims[1] ? most : boxes->dims[1];
    if (!bw_size_multiply(&rows, bw_plain_span(scores, 0, 2), (size_t)most) || rows > INT64_MAX)
        return bw_fail(error, BW_ERROR_LIMIT, "more boxes may be selected than memory holds");
    *call->outputs[0] =
        (bw_plain_tensor){.type = BW_ELEMENT_I64, .rank = 2, .dims = {(int64_t)rows, 3}};
    return BW_OK;
}

typedef struct candidate {
    float score;
    int64_t box;
} candidate;

static int by_score(const void *left, const void *right)
{
    const candidate *a = left, *b = right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->box < b->box ? -1 : a->box > b->box;
}

/* The corners of a box that is given by any two, or by its centre, width and height. */
static void corners(const float *box, bool by_centre, float *to)
{
    if (by_centre) {
        to[0] = box[0] - box[2] / 2;
        to[1] = box[1] - box[3] / 2;
        to[2] = box[0] + box[2] / 2;
        to[3] = box[1] + box[3] / 2;
        return;
    }
    for (int axis = 0; axis < 2; axis++) {
        to[axis] = fminf(box[axis], box[axis + 2]);
        to[axis + 2] = fmaxf(box[axis], box[axis + 2]);
    }
}

/* Whether the intersection of two boxes is more than `threshold` of their union. */
static bool overlap(const float *first, const float *second, bool by_centre, float threshold)
{
    float a[4], b[4];
    corners(first, by_centre, a);
    corners(second, by_centre, b);
    float height = fminf(a[2], b[2]) - fmaxf(a[0], b[0]);
    float width = fminf(a[3], b[3]) - fmaxf(a[1], b[1]);
    float area_a = (a[2] - a[0]) * (a[3] - a[1]), area_b = (b[2] - b[0]) * (b[3] - b[1]);
    if (!(height > 0) || !(width > 0) || area_a <= 0 || area_b <= 0)
        return false;
    float common = height * width;
    return common / (area_a + area_b - common) > threshold;
}

typedef struct selection {
    const float *boxes, *scores; /* of one picture and class */
    int64_t count, most;         /* boxes, and how many may be kept */
    float overlap_threshold, score_threshold;
    bool by_centre;
    candidate *candidates; /* room for all boxes */
} selection;

/* Writes rows of (picture, class, box); returns how many. */
static int64_t select_boxes(const selection *s, int64_t picture, int64_t class, int64_t *to)
{
    size_t found = 0;
    int64_t kept = 0;
    for (int64_t box = 0; box < s->count; box++) {
        if (s->scores[box] > s->score_threshold)
            s->candidates[found++] = (candidate){s->scores[box], box};
    }
    qsort(s->candidates, found, sizeof *s->candidates, by_score);
    for (size_t index = 0; index < found && kept < s->most; index++) {
        int64_t box = s->candidates[index].box;
        bool suppressed = false;
        for (int64_t other = 0; other < kept && !suppressed; other++)
            suppressed = overlap(s->boxes + 4 * box, s->boxes + 4 * to[3 * other + 2], s->by_centre,
                                 s->overlap_threshold);
        if (suppressed)
            continue;
        to[3 * kept] = picture;
        to[3 * kept + 1] = class;
        to[3 * kept++ + 2] = box;
    }
    return kept;
}

bw_status bw_plain_nms_run(const bw_plain_operator *self, const bw_plain_call *call,
                           bw_error *error)
{
    (void)self;
    const bw_plain_tensor *boxes = call->inputs[0], *scores = call->inputs[1];
    int64_t *to = call->outputs[0]->block, rows = 0;
    selection s = {.count = boxes->dims[1],
                   .overlap_threshold = number(call, 3, 0),
                   .score_threshold = number(call, 4, -INFINITY),
                   .by_centre = bw_plain_int(call, "center_point_box", 0) != 0};
    bw_status status = read_most(call, &s.most, error);
    if (status != BW_OK)
        return status;
    size_t bytes = (size_t)s.count * sizeof *s.candidates;
    s.candidates = bw_aligned_alloc(bytes);
    if (!s.candidates)
        return bw_fail_memory(error, bytes, "the candidates of NonMaxSuppression");
    for (int64_t picture = 0; picture < scores->dims[0]; picture++) {
        for (int64_t class = 0; class < scores->dims[1]; class ++) {
            int64_t line = picture * scores->dims[1] + class;
            s.boxes = (const float *)boxes->data + picture * s.count * 4;
            s.scores = (const float *)scores->data + line * s.count;
            rows += select_boxes(&s, picture, class, to + 3 * rows);
        }
    }
    bw_aligned_free(s.candidates);
    call->outputs[0]->dims[0] = rows;
    return BW_OK;
}
