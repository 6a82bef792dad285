/** Decoding and NMS against the formulas of the papers, written out in double precision. */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/detect.h"

enum { GRID_W = 5, GRID_H = 4, CLASSES = 3, ANCHORS = 2, CHANNELS = ANCHORS * (5 + CLASSES) };
enum { INPUT_W = 160, INPUT_H = 128, MOST = ANCHORS * GRID_W * GRID_H * CLASSES };

static float tensor[GRID_H][GRID_W][CHANNELS];

static const bw_head_view view = {.data = &tensor[0][0][0],
                                  .height = GRID_H,
                                  .width = GRID_W,
                                  .lanes = CHANNELS,
                                  .plane_stride = sizeof tensor / sizeof(float),
                                  .row_stride = GRID_W * CHANNELS};

static bw_head make_head(bw_head_kind kind, bw_head_form form, float scale_xy)
{
    return (bw_head){.kind = kind,
                     .form = form,
                     .classes = CLASSES,
                     .anchors = ANCHORS,
                     .anchor = {{10, 20}, {33, 5}},
                     .scale_xy = scale_xy};
}

static void fill(float low, float high)
{
    static uint32_t random = 7;
    float *values = &tensor[0][0][0];
    for (size_t index = 0; index < sizeof tensor / sizeof(float); index++) {
        random = random * 1664525u + 1013904223u;
        values[index] = low + (high - low) * (float)(random >> 8) / (float)(1 << 24);
    }
}

static double logistic(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double class_score(const bw_head *head, const float *cell, int class_id)
{
    double objectness = head->form == BW_HEAD_SCALED ? (double)cell[4] : logistic((double)cell[4]);
    if (head->form == BW_HEAD_SCALED)
        return objectness * (double)cell[5 + class_id];
    if (head->kind != BW_HEAD_REGION)
        return objectness * logistic((double)cell[5 + class_id]);
    double sum = 0.0;
    for (int other = 0; other < CLASSES; other++)
        sum += exp((double)cell[5 + other]);
    return objectness * exp((double)cell[5 + class_id]) / sum;
}

static bw_detection expected_box(const bw_head *head, const float *cell, int anchor, int y, int x)
{
    bool scaled = head->form == BW_HEAD_SCALED, in_cells = head->kind != BW_HEAD_YOLO;
    double s = (double)head->scale_xy, shift = (s - 1.0) / 2.0;
    double cx = (scaled ? (double)cell[0] : logistic((double)cell[0])) * s - shift + x;
    double cy = (scaled ? (double)cell[1] : logistic((double)cell[1])) * s - shift + y;
    if (head->kind == BW_HEAD_YOLOX) {
        cx = (double)cell[0] + x;
        cy = (double)cell[1] + y;
    }
    double w = (double)head->anchor[anchor][0], h = (double)head->anchor[anchor][1];
    w *= scaled ? pow(2.0 * (double)cell[2], 2) : exp((double)cell[2]);
    h *= scaled ? pow(2.0 * (double)cell[3], 2) : exp((double)cell[3]);
    double stride_x = (double)INPUT_W / GRID_W, stride_y = (double)INPUT_H / GRID_H;
    w *= in_cells ? stride_x : 1.0;
    h *= in_cells ? stride_y : 1.0;
    cx *= stride_x;
    cy *= stride_y;
    return (bw_detection){(float)(cx - w / 2),
                          (float)(cy - h / 2),
                          (float)(cx + w / 2),
                          (float)(cy + h / 2),
                          0.0f,
                          0};
}

static const bw_detection *find(const bw_candidates *candidates, const bw_detection *box,
                                double score, int class_id)
{
    for (size_t index = 0; index < candidates->count; index++) {
        const bw_detection *item = &candidates->items[index];
        if (item->class_id == class_id && fabs((double)item->score - score) < 1e-5 &&
            fabsf(item->left - box->left) < 1e-3f && fabsf(item->right - box->right) < 1e-3f &&
            fabsf(item->top - box->top) < 1e-3f && fabsf(item->bottom - box->bottom) < 1e-3f)
            return item;
    }
    return NULL;
}

static void check_decoding(const bw_head *head, double confidence)
{
    bw_candidates candidates = {0};
    size_t expected = 0;
    check_ok(bw_head_decode(head, &view, INPUT_W, INPUT_H, (float)confidence, NULL, &candidates,
                            &error));
    for (int y = 0; y < GRID_H; y++) {
        for (int x = 0; x < GRID_W; x++) {
            for (int score_index = 0; score_index < ANCHORS * CLASSES; score_index++) {
                int anchor = score_index / CLASSES, class_id = score_index % CLASSES;
                const float *cell = &tensor[y][x][anchor * (5 + CLASSES)];
                double score = class_score(head, cell, class_id);
                bw_detection box = expected_box(head, cell, anchor, y, x);
                bool passes = score > confidence;
                expected += passes;
                assert_true(!passes || find(&candidates, &box, score, class_id));
            }
        }
    }
    assert_true(expected > 0 && expected < MOST);
    assert_int_equal(candidates.count, expected);
    bw_candidates_free(&candidates);
}

static void decodes_yolo(void **state)
{
    (void)state;
    fill(-3.0f, 3.0f);
    bw_head head = make_head(BW_HEAD_YOLO, BW_HEAD_RAW, 1.0f);
    check_decoding(&head, 0.25);
    head.scale_xy = 1.2f;
    check_decoding(&head, 0.01);
}

static void decodes_new_coords(void **state)
{
    (void)state;
    fill(0.0f, 1.0f);
    bw_head head = make_head(BW_HEAD_YOLO, BW_HEAD_SCALED, 2.0f);
    check_decoding(&head, 0.25);
}

static void decodes_region(void **state)
{
    (void)state;
    fill(-3.0f, 3.0f);
    bw_head head = make_head(BW_HEAD_REGION, BW_HEAD_RAW, 1.0f);
    check_decoding(&head, 0.2);
}

static void decodes_yolox(void **state)
{
    (void)state;
    fill(-3.0f, 3.0f);
    bw_head head = make_head(BW_HEAD_YOLOX, BW_HEAD_RAW, 1.0f);
    check_decoding(&head, 0.2);
    check_decoding(&head, 0.01);
}

static void decodes_logits_as_new_coords(void **state)
{
    (void)state;
    fill(-3.0f, 3.0f);
    bw_head head = make_head(BW_HEAD_YOLO, BW_HEAD_SCALED_LOGITS, 2.0f);
    bw_candidates logits = {0}, probabilities = {0};
    check_ok(bw_head_decode(&head, &view, INPUT_W, INPUT_H, 0.2f, NULL, &logits, &error));
    float *values = &tensor[0][0][0];
    for (size_t index = 0; index < sizeof tensor / sizeof(float); index++)
        values[index] = (float)logistic((double)values[index]);
    head.form = BW_HEAD_SCALED;
    check_decoding(&head, 0.2);
    check_ok(bw_head_decode(&head, &view, INPUT_W, INPUT_H, 0.2f, NULL, &probabilities, &error));
    assert_int_equal(logits.count, probabilities.count);
    for (size_t index = 0; index < logits.count; index++)
        assert_true(find(&probabilities, &logits.items[index], (double)logits.items[index].score,
                         logits.items[index].class_id));
    bw_candidates_free(&logits);
    bw_candidates_free(&probabilities);
}

/* ---- heads without an objectness, in lanes of fewer numbers than they have channels ---------- */

enum { LANES = 8, WIDE_CHANNELS = 20, PLANES = (WIDE_CHANNELS + LANES - 1) / LANES };

static float planes[PLANES][GRID_H][GRID_W][LANES];

static const bw_head_view wide = {.data = &planes[0][0][0][0],
                                  .height = GRID_H,
                                  .width = GRID_W,
                                  .lanes = LANES,
                                  .plane_stride = GRID_H * GRID_W * LANES,
                                  .row_stride = GRID_W * LANES};

static double wide_at(int channel, int y, int x)
{
    return (double)planes[channel / LANES][y][x][channel % LANES];
}

static void fill_wide(void)
{
    static uint32_t random = 11;
    float *values = &planes[0][0][0][0];
    for (size_t index = 0; index < sizeof planes / sizeof(float); index++) {
        random = random * 1664525u + 1013904223u;
        values[index] = 4.0f * (float)(random >> 8) / (float)(1 << 24) - 2.0f;
    }
}

/* Decodes all of `wide` and checks that each expected box is there, and no other. */
typedef void expect_cell(const bw_head *head, int y, int x, bw_candidates *out);

static void check_wide(const bw_head *head, expect_cell *expect, float confidence)
{
    bw_candidates found = {0},
                  expected = {.items = calloc(GRID_W * GRID_H * 64, sizeof(bw_detection))};
    size_t passing = 0;
    fill_wide();
    assert_int_equal(bw_head_channels(head), WIDE_CHANNELS);
    check_ok(bw_head_decode(head, &wide, INPUT_W, INPUT_H, confidence, NULL, &found, &error));
    for (int y = 0; y < GRID_H; y++) {
        for (int x = 0; x < GRID_W; x++)
            expect(head, y, x, &expected);
    }
    for (size_t index = 0; index < expected.count; index++) {
        const bw_detection *box = &expected.items[index];
        bool passes = box->score > confidence;
        passing += passes;
        assert_true(!passes || find(&found, box, (double)box->score, box->class_id));
    }
    assert_true(passing > 0 && passing < expected.count);
    assert_int_equal(found.count, passing);
    bw_candidates_free(&found);
    bw_candidates_free(&expected);
}

static void add(bw_candidates *out, double cx, double cy, double w, double h, double score, int id)
{
    out->items[out->count++] =
        (bw_detection){(float)(cx - w / 2), (float)(cy - h / 2), (float)(cx + w / 2),
                       (float)(cy + h / 2), (float)score,        id};
}

static void expect_distances(const bw_head *head, int y, int x, bw_candidates *out)
{
    double side[4], cell_x = (double)INPUT_W / GRID_W, cell_y = (double)INPUT_H / GRID_H;
    for (int index = 0; index < 4; index++) {
        double sum = 0.0, places = 0.0;
        for (int place = 0; place < head->bins; place++) {
            double share = exp(wide_at(index * head->bins + place, y, x));
            sum += share;
            places += share * place;
        }
        side[index] = head->bins > 1 ? places / sum : wide_at(index, y, x);
    }
    for (int id = 0; id < head->classes; id++) {
        double left = x + (double)head->origin - side[0],
               right = x + (double)head->origin + side[2];
        double top = y + (double)head->origin - side[1],
               bottom = y + (double)head->origin + side[3];
        add(out, (left + right) / 2 * cell_x, (top + bottom) / 2 * cell_y, (right - left) * cell_x,
            (bottom - top) * cell_y, logistic(wide_at(4 * head->bins + id, y, x)), id);
    }
}

static void decodes_distances(void **state)
{
    (void)state;
    bw_head head = {
        .kind = BW_HEAD_DISTANCES, .classes = 4, .anchors = 1, .bins = 4, .origin = 0.5f};
    check_wide(&head, expect_distances, 0.4f);
    head.bins = 1;
    head.classes = 16;
    head.origin = 0.0f;
    check_wide(&head, expect_distances, 0.4f);
}

static void expect_offsets(const bw_head *head, int y, int x, bw_candidates *out)
{
    int numbers = head->classes + (head->background != BW_BACKGROUND_NONE);
    for (int anchor = 0; anchor < head->anchors; anchor++) {
        double w = (double)head->anchor[anchor][0], h = (double)head->anchor[anchor][1], sum = 0.0;
        double a = (double)head->variance[0], b = (double)head->variance[1];
        int scores = 4 * head->anchors + anchor * numbers;
        for (int id = 0; id < numbers; id++)
            sum += exp(wide_at(scores + id, y, x));
        for (int id = 0; id < head->classes; id++) {
            double raw = wide_at(scores + id + (head->background == BW_BACKGROUND_FIRST), y, x);
            add(out, (x + (double)head->origin) * 16 + a * wide_at(4 * anchor, y, x) * w,
                (y + (double)head->origin) * 16 + a * wide_at(4 * anchor + 1, y, x) * h,
                w * exp(b * wide_at(4 * anchor + 2, y, x)),
                h * exp(b * wide_at(4 * anchor + 3, y, x)),
                head->softmax ? exp(raw) / sum : logistic(raw), id);
        }
    }
}

static void decodes_offsets(void **state)
{
    (void)state;
    bw_head head = {.kind = BW_HEAD_OFFSETS,
                    .classes = 5,
                    .anchors = 2,
                    .anchor = {{10, 20}, {33, 5}},
                    .origin = 0.5f,
                    .stride = 16.0f,
                    .variance = {0.1f, 0.2f},
                    .softmax = true,
                    .background = BW_BACKGROUND_FIRST};
    check_wide(&head, expect_offsets, 0.2f);
    head.background = BW_BACKGROUND_LAST;
    check_wide(&head, expect_offsets, 0.2f);
    head.background = BW_BACKGROUND_NONE;
    head.softmax = false;
    head.classes = 6;
    check_wide(&head, expect_offsets, 0.5f);
}

static void expect_queries(const bw_head *head, int y, int x, bw_candidates *out)
{
    double sum = head->softmax ? exp(wide_at(4 + head->classes, y, x)) : 0.0;
    int best = 0;
    for (int id = 0; id < head->classes; id++) {
        sum += exp(wide_at(4 + id, y, x));
        best = wide_at(4 + id, y, x) > wide_at(4 + best, y, x) ? id : best;
    }
    for (int id = 0; id < head->classes; id++) {
        double raw = wide_at(4 + id, y, x);
        if (!head->softmax || id == best)
            add(out, wide_at(0, y, x) * INPUT_W, wide_at(1, y, x) * INPUT_H,
                wide_at(2, y, x) * INPUT_W, wide_at(3, y, x) * INPUT_H,
                head->softmax ? exp(raw) / sum : logistic(raw), id);
    }
}

static void decodes_queries(void **state)
{
    (void)state;
    bw_head head = {.kind = BW_HEAD_QUERIES, .classes = 16, .anchors = 1};
    check_wide(&head, expect_queries, 0.5f);
    head.softmax = true;
    head.classes = 15;
    head.background = BW_BACKGROUND_LAST;
    check_wide(&head, expect_queries, 0.2f);
}

static void decodes_rows(void **state)
{
    (void)state;
    enum { ROWS = 6, WIDTH = 8 };
    static const float rows[ROWS][WIDTH] = {
        {1, 2, 30, 40, 0.9f, 2}, {5, 6, 7, 8, 0.2f, 1},    {3, 4, 9, 10, 0.8f, 3},
        {3, 4, 9, 10, 0.8f, -1}, {NAN, 4, 9, 10, 0.8f, 0}, {1, 1, 2, 2, 0.5f, 0},
    };
    bw_head head = {.kind = BW_HEAD_ROWS, .classes = 3, .anchors = 1};
    bw_head_view view_of_rows = {
        .data = rows[0], .height = ROWS, .width = 1, .lanes = WIDTH, .row_stride = WIDTH};
    bw_candidates found = {0};
    assert_int_equal(bw_head_channels(&head), 6);
    check_ok(bw_head_decode(&head, &view_of_rows, 64, 64, 0.3f, NULL, &found, &error));
    assert_int_equal(found.count, 2);
    assert_int_equal(found.items[0].class_id, 2);
    assert_true(found.items[0].right == 30.0f && found.items[0].bottom == 40.0f);
    assert_true(found.items[1].score == 0.5f && found.items[1].class_id == 0);
    bw_candidates_free(&found);
}

static void expect_fastest(const bw_head *head, int y, int x, bw_candidates *out)
{
    double sum = 0.0;
    int best = 0;
    for (int id = 0; id < head->classes; id++) {
        sum += exp(wide_at(5 + id, y, x));
        best = wide_at(5 + id, y, x) > wide_at(5 + best, y, x) ? id : best;
    }
    double share = exp(wide_at(5 + best, y, x)) / sum;
    add(out, (tanh(wide_at(1, y, x)) + x) * INPUT_W / GRID_W,
        (tanh(wide_at(2, y, x)) + y) * INPUT_H / GRID_H, logistic(wide_at(3, y, x)) * INPUT_W,
        logistic(wide_at(4, y, x)) * INPUT_H,
        pow(logistic(wide_at(0, y, x)), 0.6) * pow(share, 0.4), best);
}

static void decodes_fastest(void **state)
{
    (void)state;
    bw_head head = {.kind = BW_HEAD_FASTEST, .classes = 15, .anchors = 1};
    check_wide(&head, expect_fastest, 0.35f);
}

static void filters_classes(void **state)
{
    (void)state;
    const bool classes[CLASSES] = {false, true, false};
    bw_candidates candidates = {0};
    fill(-1.0f, 3.0f);
    bw_head head = make_head(BW_HEAD_YOLO, BW_HEAD_RAW, 1.0f);
    check_ok(bw_head_decode(&head, &view, INPUT_W, INPUT_H, 0.1f, classes, &candidates, &error));
    assert_true(candidates.count > 0);
    for (size_t index = 0; index < candidates.count; index++)
        assert_int_equal(candidates.items[index].class_id, 1);
    bw_candidates_free(&candidates);
}

static void survives_nan_and_infinity(void **state)
{
    (void)state;
    const float poison[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f};
    bw_head head = make_head(BW_HEAD_YOLO, BW_HEAD_RAW, 1.0f);
    for (size_t index = 0; index < sizeof poison / sizeof *poison; index++) {
        bw_candidates candidates = {0};
        fill(0.0f, 1.0f);
        for (int channel = 0; channel < CHANNELS; channel++)
            tensor[1][channel % GRID_W][channel] = poison[index];
        check_ok(bw_head_decode(&head, &view, INPUT_W, INPUT_H, 0.1f, NULL, &candidates, &error));
        for (size_t item = 0; item < candidates.count; item++) {
            assert_true(isfinite(candidates.items[item].left));
            assert_true(isfinite(candidates.items[item].score));
        }
        bw_candidates_free(&candidates);
    }
}

static void put(bw_candidates *candidates, float left, float score, int class_id)
{
    bw_detection box = {left, 0, left + 10, 10, score, class_id};
    candidates->items[candidates->count++] = box;
}

static size_t suppress(bw_candidates *candidates, bw_nms_options options)
{
    candidates->count = 0;
    put(candidates, 0, 0.5f, 0);
    put(candidates, 1, 0.9f, 0);  /* overlaps the first by 9/11 */
    put(candidates, 1, 0.8f, 1);  /* the same place, another class */
    put(candidates, 6, 0.7f, 0);  /* overlaps the second by 5/15 */
    put(candidates, 40, 0.6f, 1); /* alone */
    check_ok(bw_nms_apply(candidates, &options, &error));
    return candidates->count;
}

static void suppresses(void **state)
{
    (void)state;
    bw_candidates candidates = {.items = malloc(8 * sizeof(bw_detection)), .capacity = 8};
    assert_int_equal(suppress(&candidates, (bw_nms_options){0.45f, false, false, 300, false}), 4);
    assert_true(candidates.items[0].score == 0.9f && candidates.items[3].score == 0.6f);
    assert_int_equal(suppress(&candidates, (bw_nms_options){0.30f, false, false, 300, false}), 3);
    assert_int_equal(suppress(&candidates, (bw_nms_options){0.45f, false, true, 300, false}), 3);
    assert_int_equal(suppress(&candidates, (bw_nms_options){0.45f, false, false, 2, false}), 2);
    /* 1/3 − (5 / √(15² + 10²))² = 0.256: DIoU spares what plain overlap removes. */
    assert_int_equal(suppress(&candidates, (bw_nms_options){0.30f, true, false, 300, false}), 4);
    assert_int_equal(suppress(&candidates, (bw_nms_options){0.1f, false, true, 4, true}), 4);
    assert_true(candidates.items[0].score == 0.9f && candidates.items[3].score == 0.6f);
    bw_candidates_free(&candidates);
}

static void ties_keep_their_order(void **state)
{
    (void)state;
    bw_candidates candidates = {.items = malloc(64 * sizeof(bw_detection)), .capacity = 64};
    for (int index = 0; index < 64; index++)
        put(&candidates, 20.0f * (float)index, 0.5f, index % 3);
    bw_nms_options options = {0.45f, false, false, 300, false};
    check_ok(bw_nms_apply(&candidates, &options, &error));
    assert_int_equal(candidates.count, 64);
    for (int index = 0; index < 64; index++)
        assert_true(candidates.items[index].left == 20.0f * (float)index);
    bw_candidates_free(&candidates);
}

enum { CROWD = 400, CROWD_CLASSES = 5 };

/* Many boxes on top of each other; scores of eight values, so that most are tied. */
static void put_crowd(bw_candidates *candidates, uint32_t *random)
{
    candidates->count = 0;
    for (int index = 0; index < CROWD; index++) {
        *random = *random * 1664525u + 1013904223u;
        put(candidates, (float)(*random >> 24 & 63), 0.1f * (float)(1 + (*random >> 16 & 7)),
            (int)(*random >> 20) % CROWD_CLASSES);
    }
}

static float overlap_of(const bw_detection *a, const bw_detection *b)
{
    float width = fminf(a->right, b->right) - fmaxf(a->left, b->left);
    return width <= 0.0f ? 0.0f : width * 10.0f / (200.0f - width * 10.0f);
}

/* The definition: again and again the best that no better one of its class, already kept, covers.
 */
static size_t suppress_plainly(const bw_candidates *candidates, const bw_nms_options *options,
                               bw_detection *kept)
{
    bool taken[CROWD] = {false};
    size_t count = 0;
    for (int round = 0; round < CROWD && count < (size_t)options->max_detections; round++) {
        int best = -1;
        for (int index = 0; index < CROWD; index++) {
            if (!taken[index] &&
                (best < 0 || candidates->items[index].score > candidates->items[best].score))
                best = index;
        }
        taken[best] = true;
        const bw_detection *box = &candidates->items[best];
        bool covered = false;
        for (size_t better = 0; !options->none && better < count; better++) {
            bool rivals = options->class_agnostic || kept[better].class_id == box->class_id;
            covered = covered || (rivals && overlap_of(&kept[better], box) > options->iou);
        }
        if (!covered)
            kept[count++] = *box;
    }
    return count;
}

static void suppresses_crowds_as_defined(void **state)
{
    (void)state;
    uint32_t random = 1;
    bw_detection kept[CROWD];
    bw_candidates candidates = {.items = malloc(CROWD * sizeof(bw_detection)), .capacity = CROWD};
    for (int round = 0; round < 64; round++) {
        bw_nms_options options = {.iou = 0.2f * (float)(round % 5),
                                  .class_agnostic = round & 1,
                                  .max_detections = round % 3 == 0 ? 7 : CROWD,
                                  .none = round % 7 == 0};
        put_crowd(&candidates, &random);
        size_t count = suppress_plainly(&candidates, &options, kept);
        check_ok(bw_nms_apply(&candidates, &options, &error));
        assert_int_equal(candidates.count, count);
        assert_memory_equal(candidates.items, kept, count * sizeof *kept);
    }
    bw_candidates_free(&candidates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_yolo),
        cmocka_unit_test(decodes_new_coords),
        cmocka_unit_test(decodes_region),
        cmocka_unit_test(decodes_yolox),
        cmocka_unit_test(decodes_distances),
        cmocka_unit_test(decodes_offsets),
        cmocka_unit_test(decodes_queries),
        cmocka_unit_test(decodes_rows),
        cmocka_unit_test(decodes_fastest),
        cmocka_unit_test(decodes_logits_as_new_coords),
        cmocka_unit_test(filters_classes),
        cmocka_unit_test(survives_nan_and_infinity),
        cmocka_unit_test(suppresses),
        cmocka_unit_test(ties_keep_their_order),
        cmocka_unit_test(suppresses_crowds_as_defined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
