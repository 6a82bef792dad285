/**
 * Guesses of heads, tried on random numbers: do our decoder and the file's tail give the same
 * boxes?
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "import/onnx/heads.h"

enum {
    SAMPLES = 48,
    MOST_CLASSES = 3,
    MOST_TARGETS = BW_ONNX_SCALES * BW_MAX_ANCHORS,
    MOST_TRIES = 24
};

/* How the four numbers of a box are written; each also in shares of the input's size. */
typedef enum box_form { CORNERS, CENTRES, ROWS_FIRST, TOP_LEFT, FORM_COUNT } box_form;

/* A table and how its first numbers are a box. */
typedef struct box_source {
    bw_onnx_table table;
    box_form form;
    bool shares;
} box_source;

/* A table and where its scores stand: before them may be an objectness to multiply by. */
typedef struct score_source {
    bw_onnx_table table;
    size_t first;
    bool multiplied;
} score_source;

typedef bool take_boxes(void *context, const box_source *source);
typedef bool take_scores(void *context, const score_source *source);

/* ---- numbers -------------------------------------------------------------------------------- */

static size_t count_numbers(const bw_onnx_scale *scale)
{
    return (size_t)scale->channels * bw_onnx_cells(scale);
}

bw_status bw_onnx_open_trial(bw_onnx_trial *out, const bw_onnx_tail *tail)
{
    uint32_t random = 12345;
    *out = (bw_onnx_trial){.tail = tail};
    for (int index = 0; index < tail->maps->scale_count + tail->maps->spare_count; index++) {
        size_t count = count_numbers(&tail->maps->scales[index]);
        float *numbers = malloc((count + 1) * sizeof *numbers);
        out->numbers[index] = numbers;
        out->probe[index] = malloc((count + 1) * sizeof *numbers);
        if (!numbers || !out->probe[index])
            return bw_fail_memory(tail->lowering->error, count * sizeof *numbers, "maps");
        memset(out->probe[index], 0, (count + 1) * sizeof *numbers);
        for (size_t at = 0; at < count; at++) {
            random = random * 1664525u + 1013904223u;
            numbers[at] = 4.0f * (float)(random >> 8) / (float)(1 << 24) - 2.0f;
        }
    }
    return bw_onnx_run_tail(&out->evaluation, tail, out->numbers, tail->lowering->error);
}

void bw_onnx_close_trial(bw_onnx_trial *trial)
{
    for (int index = 0; index < BW_ONNX_SCALES; index++) {
        free(trial->numbers[index]);
        free(trial->probe[index]);
    }
    bw_candidates_free(&trial->candidates);
    bw_onnx_evaluation_close(&trial->evaluation);
}

/* Where channel `channel` of a guess's head begins among the scale's numbers. */
static size_t channel_start(const bw_onnx_scale *scale, const bw_onnx_range *ranges, int channel)
{
    while (channel >= ranges->channels)
        channel -= (ranges++)->channels;
    return (size_t)(scale->parts[ranges->part].first + ranges->first + channel) *
           bw_onnx_cells(scale);
}

/* Our decoder's boxes of one scale are appended to the candidates. */
static bw_status decode_scale(bw_onnx_trial *trial, const bw_onnx_guess *guess, int index,
                              float *const *numbers, float confidence, const bool *classes)
{
    const bw_onnx_lowering *lowering = trial->tail->lowering;
    const bw_onnx_scale *scale = &trial->tail->maps->scales[index];
    bw_shape input = bw_onnx_shape(lowering, 0);
    size_t cells = bw_onnx_cells(scale), channels = (size_t)bw_head_channels(&guess->heads[index]);
    float *dense = malloc(cells * channels * sizeof *dense);
    if (!dense)
        return bw_fail_memory(lowering->error, cells * channels * sizeof *dense, "maps");
    for (size_t channel = 0; channel < channels; channel++) {
        const float *from =
            numbers[index] + channel_start(scale, guess->ranges[index], (int)channel);
        for (size_t cell = 0; cell < cells; cell++)
            dense[cell * channels + channel] = from[cell];
    }
    bw_head_view view = {.data = dense,
                         .height = scale->height,
                         .width = scale->width,
                         .lanes = (int)channels,
                         .plane_stride = cells * channels,
                         .row_stride = (size_t)scale->width * channels};
    bw_status status = bw_head_decode(&guess->heads[index], &view, input.width, input.height,
                                      confidence, classes, &trial->candidates, lowering->error);
    free(dense);
    return status;
}

/* ---- tables --------------------------------------------------------------------------------- */

static size_t count_rows(const bw_onnx_trial *trial, const bw_onnx_guess *guess)
{
    size_t rows = 0;
    for (int index = 0; index < trial->tail->maps->scale_count; index++)
        rows +=
            (size_t)guess->heads[index].anchors * bw_onnx_cells(&trial->tail->maps->scales[index]);
    return rows;
}

static float number_at(const bw_onnx_table *table, size_t row, size_t column)
{
    return table->data[row * table->row_step + column * table->column_step];
}

static bw_detection box_at(const box_source *source, size_t row, bw_shape input)
{
    float n[4];
    for (size_t index = 0; index < 4; index++) {
        bool across = (index % 2 == 0) != (source->form == ROWS_FIRST);
        n[index] = number_at(&source->table, row, index) *
                   (source->shares ? (float)(across ? input.width : input.height) : 1.0f);
    }
    if (source->form == CENTRES)
        return (bw_detection){.left = n[0] - 0.5f * n[2],
                              .top = n[1] - 0.5f * n[3],
                              .right = n[0] + 0.5f * n[2],
                              .bottom = n[1] + 0.5f * n[3]};
    if (source->form == TOP_LEFT)
        return (bw_detection){
            .left = n[0], .top = n[1], .right = n[0] + n[2], .bottom = n[1] + n[3]};
    if (source->form == ROWS_FIRST)
        return (bw_detection){.left = n[1], .top = n[0], .right = n[3], .bottom = n[2]};
    return (bw_detection){.left = n[0], .top = n[1], .right = n[2], .bottom = n[3]};
}

static float score_at(const score_source *source, size_t row, size_t class_id)
{
    float score = number_at(&source->table, row, source->first + class_id);
    return source->multiplied ? score * number_at(&source->table, row, source->first - 1) : score;
}

static bool each_form(const bw_onnx_table *table, take_boxes *take, void *context)
{
    for (int form = 0; form < FORM_COUNT; form++) {
        for (int shares = 0; shares < 2; shares++) {
            box_source source = {*table, (box_form)form, shares == 1};
            if (take(context, &source))
                return true;
        }
    }
    return false;
}

/* Calls `take` for every table that may hold boxes of the guess, until it says that it is done. */
static bool each_box_source(const bw_onnx_trial *trial, const bw_onnx_evaluation *evaluation,
                            const bw_onnx_guess *guess, take_boxes *take, void *context)
{
    const bw_onnx_graph *graph = &trial->tail->file.graph;
    size_t rows = count_rows(trial, guess), classes = (size_t)guess->heads[0].classes;
    for (size_t node = graph->node_count; node-- > 0;) {
        for (size_t output = 0; output < graph->nodes[node].output_count; output++) {
            bw_onnx_table table;
            if (bw_onnx_find_table(&table, evaluation, graph->nodes[node].outputs[output], rows) &&
                (table.columns == 4 || table.columns == 4 + classes ||
                 table.columns == 5 + classes) &&
                each_form(&table, take, context))
                return true;
        }
    }
    return false;
}

/* The same for scores. */
static bool each_score_source(const bw_onnx_trial *trial, const bw_onnx_evaluation *evaluation,
                              const bw_onnx_guess *guess, take_scores *take, void *context)
{
    const bw_onnx_graph *graph = &trial->tail->file.graph;
    size_t rows = count_rows(trial, guess), classes = (size_t)guess->heads[0].classes;
    bw_background background = guess->heads[0].background;
    for (size_t node = graph->node_count; node-- > 0;) {
        for (size_t output = 0; output < graph->nodes[node].output_count; output++) {
            score_source source = {.first = 0};
            if (!bw_onnx_find_table(&source.table, evaluation, graph->nodes[node].outputs[output],
                                    rows))
                continue;
            size_t columns = source.table.columns;
            size_t places[4] = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
            places[0] = columns == classes ? 0 : SIZE_MAX;
            places[1] =
                columns == classes + 1 && background ? background == BW_BACKGROUND_FIRST : SIZE_MAX;
            places[2] = columns == 4 + classes ? 4 : SIZE_MAX;
            places[3] = columns == 5 + classes ? 5 : SIZE_MAX;
            for (int place = 0; place < 4; place++) {
                source.first = places[place];
                source.multiplied = place == 3;
                if (source.first != SIZE_MAX && take(context, &source))
                    return true;
            }
        }
    }
    return false;
}

/* ---- whether all boxes are there ------------------------------------------------------------ */

/* Some of our boxes, and the rows where a table has them. */
typedef struct comparison {
    const bw_onnx_trial *trial;
    const bw_onnx_guess *guess;
    bw_shape input;
    bw_detection samples[SAMPLES];
    size_t rows[SAMPLES], count, row_count;
} comparison;

static bool is_near(float a, float b)
{
    return fabsf(a - b) <= 0.02f + 1e-3f * fabsf(b);
}

static bool same_box(const bw_detection *a, const bw_detection *b)
{
    return is_near(a->left, b->left) && is_near(a->top, b->top) && is_near(a->right, b->right) &&
           is_near(a->bottom, b->bottom);
}

static bool has_boxes(comparison *all, const box_source *source)
{
    for (size_t sample = 0; sample < all->count; sample++) {
        size_t row = 0;
        for (; row < all->row_count; row++) {
            bw_detection box = box_at(source, row, all->input);
            if (same_box(&box, &all->samples[sample]))
                break;
        }
        if (row == all->row_count)
            return false;
        all->rows[sample] = row;
    }
    return true;
}

static bool has_scores(void *context, const score_source *source)
{
    const comparison *all = context;
    for (size_t sample = 0; sample < all->count; sample++) {
        const bw_detection *box = &all->samples[sample];
        float score = score_at(source, all->rows[sample], (size_t)box->class_id);
        if (!(fabsf(score - box->score) <= 1e-3f))
            return false;
    }
    return true;
}

static bool compare(void *context, const box_source *source)
{
    comparison *all = context;
    return has_boxes(all, source) &&
           each_score_source(all->trial, all->trial->evaluation, all->guess, has_scores, all);
}

static bw_status decode_all(bw_onnx_trial *trial, const bw_onnx_guess *guess, const bool *classes)
{
    bw_status status = BW_OK;
    trial->candidates.count = 0;
    for (int index = 0; status == BW_OK && index < trial->tail->maps->scale_count; index++)
        status = decode_scale(trial, guess, index, trial->numbers, -1.0f, classes);
    return status;
}

/* One flag a class: the first few and the last. */
static bool *choose_classes(const bw_onnx_guess *guess)
{
    size_t count = (size_t)guess->heads[0].classes;
    bool *classes = calloc(count, sizeof *classes);
    for (size_t index = 0; classes && index < count; index++)
        classes[index] = index + 1 < MOST_CLASSES || index + 1 == count;
    return classes;
}

bw_status bw_onnx_try(bw_onnx_trial *trial, const bw_onnx_guess *guess, bool *right)
{
    bool *classes = choose_classes(guess);
    *right = false;
    if (!classes)
        return bw_fail_memory(trial->tail->lowering->error, 1, "classes");
    bw_status status = decode_all(trial, guess, classes);
    free(classes);
    size_t count = trial->candidates.count;
    if (status != BW_OK || count == 0)
        return status;
    comparison all = {.trial = trial,
                      .guess = guess,
                      .input = bw_onnx_shape(trial->tail->lowering, 0),
                      .count = count < SAMPLES ? count : SAMPLES,
                      .row_count = count_rows(trial, guess)};
    for (size_t sample = 0; sample < all.count; sample++)
        all.samples[sample] = trial->candidates.items[sample * (count - 1) / SAMPLES];
    *right = each_box_source(trial, trial->evaluation, guess, compare, &all);
    return BW_OK;
}

/* ---- anchors -------------------------------------------------------------------------------- */

/* An anchor of the cell at the top left, and the score that marks it. */
typedef struct target {
    int scale, anchor;
    float score;
    size_t row;
} target;

typedef struct search {
    bw_onnx_trial *trial;
    bw_onnx_guess *guess;
    bw_onnx_evaluation *evaluation; /* of the probe */
    target targets[MOST_TARGETS];
    int count, tries;
    bw_status status;
    bool right;
} search;

/* The channel of an anchor's objectness (`class_id` −1) or class. */
static int score_channel(const bw_head *head, int anchor, int class_id)
{
    if (head->kind != BW_HEAD_OFFSETS)
        return anchor * (5 + head->classes) + 5 + class_id;
    int numbers = head->classes + (head->background != BW_BACKGROUND_NONE);
    return 4 * head->anchors + anchor * numbers + class_id +
           (head->background == BW_BACKGROUND_FIRST);
}

static bool is_box_channel(const bw_head *head, int channel)
{
    if (head->kind == BW_HEAD_OFFSETS)
        return channel < 4 * head->anchors;
    return channel % (5 + head->classes) < 4;
}

/* Boxes of zero; scores of almost nothing, but for the first class of the first cell's anchors. */
static void make_probe(search *s, int index)
{
    const bw_onnx_scale *scale = &s->trial->tail->maps->scales[index];
    const bw_head *head = &s->guess->heads[index];
    size_t cells = bw_onnx_cells(scale);
    float *probe = s->trial->probe[index];
    int channels = (int)bw_head_channels(head), other = 1;
    memset(probe, 0, count_numbers(scale) * sizeof *probe);
    for (int channel = 0; channel < channels; channel++) {
        float *at = probe + channel_start(scale, s->guess->ranges[index], channel);
        for (size_t cell = 0; cell < cells && !is_box_channel(head, channel); cell++)
            at[cell] = -14.0f;
    }
    if (head->background != BW_BACKGROUND_NONE)
        other = head->background == BW_BACKGROUND_FIRST ? -1 : head->classes;
    for (int anchor = 0; anchor < head->anchors && s->count < MOST_TARGETS; anchor++) {
        float mark = -3.0f + 6.0f * (float)s->count / MOST_TARGETS;
        int chosen = score_channel(head, anchor, 0);
        probe[channel_start(scale, s->guess->ranges[index], chosen)] = mark;
        int base = score_channel(head, anchor, head->kind == BW_HEAD_OFFSETS ? other : -1);
        bool shared = head->kind == BW_HEAD_OFFSETS && head->softmax;
        float *at =
            probe + channel_start(scale, s->guess->ranges[index], base < channels ? base : chosen);
        for (size_t cell = 0; shared && cell < cells; cell++)
            at[cell] = 0.0f;
        if (head->kind != BW_HEAD_OFFSETS)
            at[0] = 14.0f;
        s->targets[s->count++] = (target){index, anchor, 1.0f / (1.0f + expf(-mark)), SIZE_MAX};
    }
}

/* The rows whose scores of the first class are nearest to the targets'. */
static bool find_targets(search *s, const score_source *source)
{
    size_t rows = count_rows(s->trial, s->guess);
    for (int index = 0; index < s->count; index++) {
        target *aim = &s->targets[index];
        float nearest = 1e-3f;
        aim->row = SIZE_MAX;
        for (size_t row = 0; row < rows; row++) {
            float away = fabsf(score_at(source, row, 0) - aim->score);
            if (away < nearest) {
                nearest = away;
                aim->row = row;
            }
        }
        if (aim->row == SIZE_MAX)
            return false;
    }
    return true;
}

/* Where the box's centre lies, in cells; false where this can be no anchor of the first cell. */
static bool find_origin(const search *s, const target *aim, const bw_detection *box, float *origin)
{
    bw_shape input = bw_onnx_shape(s->trial->tail->lowering, 0);
    const bw_onnx_scale *scale = &s->trial->tail->maps->scales[aim->scale];
    float width = box->right - box->left, height = box->bottom - box->top;
    float x = 0.5f * (box->left + box->right) * (float)scale->width / (float)input.width;
    float y = 0.5f * (box->top + box->bottom) * (float)scale->height / (float)input.height;
    *origin = fabsf(x - 0.5f) < 0.02f ? 0.5f : fabsf(x) < 0.01f ? 0.0f : x;
    return width > 0.1f && height > 0.1f && width < 65536.0f && height < 65536.0f &&
           fabsf(x - y) < 0.02f && x > -0.5f && x < 1.5f &&
           (s->guess->heads[0].kind == BW_HEAD_OFFSETS || *origin == 0.5f);
}

/* The boxes of the targets become anchors; where they start in the cell is OFFSETS' origin. */
static bool set_anchors(search *s, const box_source *source)
{
    bw_shape input = bw_onnx_shape(s->trial->tail->lowering, 0);
    for (int index = 0; index < s->count; index++) {
        const target *aim = &s->targets[index];
        bw_head *head = &s->guess->heads[aim->scale];
        bw_detection box = box_at(source, aim->row, input);
        float origin;
        if (!find_origin(s, aim, &box, &origin))
            return false;
        head->anchor[aim->anchor][0] = box.right - box.left;
        head->anchor[aim->anchor][1] = box.bottom - box.top;
        if (head->kind == BW_HEAD_OFFSETS)
            head->origin = origin;
    }
    return true;
}

static bool try_source(void *context, const box_source *source)
{
    search *s = context;
    if (set_anchors(s, source)) {
        s->status = bw_onnx_try(s->trial, s->guess, &s->right);
        s->tries++;
    }
    return s->right || s->status != BW_OK || s->tries == MOST_TRIES;
}

static bool try_scores(void *context, const score_source *source)
{
    search *s = context;
    return find_targets(s, source) &&
           each_box_source(s->trial, s->evaluation, s->guess, try_source, s);
}

bw_status bw_onnx_try_anchors(bw_onnx_trial *trial, bw_onnx_guess *guess, bool *right)
{
    search s = {.trial = trial, .guess = guess};
    for (int index = 0; index < trial->tail->maps->scale_count; index++)
        make_probe(&s, index);
    s.status =
        bw_onnx_run_tail(&s.evaluation, trial->tail, trial->probe, trial->tail->lowering->error);
    if (s.status == BW_OK)
        each_score_source(trial, s.evaluation, guess, try_scores, &s);
    bw_onnx_evaluation_close(&s.evaluation);
    *right = s.right;
    return s.status;
}
