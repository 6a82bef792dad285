#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "detect/detect.h"

/* What the functions below share while one head is decoded. */
typedef struct decoder {
    const bw_head *head;
    const bw_head_view *view;
    float input_width, input_height;
    float confidence;
    float threshold; /* `confidence` in the form that objectness has in the tensor */
    const bool *classes;
    bw_candidates *candidates;
} decoder;

void bw_candidates_free(bw_candidates *candidates)
{
    free(candidates->items);
    free(candidates->scratch);
    *candidates = (bw_candidates){0};
}

static float logistic(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

/* The raw number that the logistic function turns into `probability`. */
static float logit(float probability)
{
    if (probability <= 0.0f)
        return -INFINITY;
    return probability < 1.0f ? logf(probability / (1.0f - probability)) : INFINITY;
}

static size_t channel_offset(const bw_head_view *view, int channel)
{
    return (size_t)(channel / view->lanes) * view->plane_stride + (size_t)(channel % view->lanes);
}

static float value_at(const decoder *state, size_t cell, int channel)
{
    return state->view->data[cell + channel_offset(state->view, channel)];
}

static bool scaled(const decoder *state)
{
    return state->head->form == BW_HEAD_SCALED;
}

static float probability(const decoder *state, float raw)
{
    return scaled(state) ? raw : logistic(raw);
}

static bool append(bw_candidates *candidates, const bw_detection *detection)
{
    if (!bw_array_reserve((void **)&candidates->items, &candidates->capacity, candidates->count + 1,
                          sizeof *candidates->items))
        return false;
    candidates->items[candidates->count++] = *detection;
    return true;
}

/* Width or height of a box in pixels of the input; `anchor` is in pixels too. */
static float extent(const decoder *state, float raw, float anchor)
{
    return scaled(state) ? 4.0f * raw * raw * anchor : expf(raw) * anchor;
}

/* Where in its cell a box's centre lies, and for YOLOX perhaps beyond. */
static float centre(const decoder *state, float raw)
{
    return state->head->kind == BW_HEAD_YOLOX ? raw : probability(state, raw);
}

static bw_detection decode_box(const decoder *state, size_t cell, int anchor, int y, int x)
{
    const bw_head *head = state->head;
    int channel = anchor * (5 + head->classes);
    float shift = 0.5f * (head->scale_xy - 1.0f);
    float cell_width = state->input_width / (float)state->view->width;
    float cell_height = state->input_height / (float)state->view->height;
    bool in_cells = head->kind != BW_HEAD_YOLO;
    float anchor_width = head->anchor[anchor][0] * (in_cells ? cell_width : 1.0f);
    float anchor_height = head->anchor[anchor][1] * (in_cells ? cell_height : 1.0f);
    float cx = centre(state, value_at(state, cell, channel)) * head->scale_xy - shift;
    float cy = centre(state, value_at(state, cell, channel + 1)) * head->scale_xy - shift;
    float width = extent(state, value_at(state, cell, channel + 2), anchor_width);
    float height = extent(state, value_at(state, cell, channel + 3), anchor_height);
    cx = (cx + (float)x) * cell_width;
    cy = (cy + (float)y) * cell_height;
    return (bw_detection){.left = cx - 0.5f * width,
                          .top = cy - 0.5f * height,
                          .right = cx + 0.5f * width,
                          .bottom = cy + 0.5f * height};
}

static bool finite_box(const bw_detection *box)
{
    return isfinite(box->left) && isfinite(box->top) && isfinite(box->right) &&
           isfinite(box->bottom);
}

/* Σ e^(x − largest) over the classes: the denominator of YOLOv2's softmax. */
static float softmax_sum(const decoder *state, size_t cell, int first, float *largest)
{
    float sum = 0.0f;
    *largest = -INFINITY;
    for (int class_id = 0; class_id < state->head->classes; class_id++)
        *largest = fmaxf(*largest, value_at(state, cell, first + class_id));
    for (int class_id = 0; class_id < state->head->classes; class_id++)
        sum += expf(value_at(state, cell, first + class_id) - *largest);
    return sum;
}

static bool append_softmax(const decoder *state, size_t cell, int first, float objectness,
                           bw_detection box)
{
    float largest, sum = softmax_sum(state, cell, first, &largest);
    for (int class_id = 0; class_id < state->head->classes; class_id++) {
        if (state->classes && !state->classes[class_id])
            continue;
        box.class_id = class_id;
        box.score = objectness * expf(value_at(state, cell, first + class_id) - largest) / sum;
        if (box.score > state->confidence && !append(state->candidates, &box))
            return false;
    }
    return true;
}

/* A class can pass only if its own probability exceeds confidence / objectness. */
static bool append_logistic(const decoder *state, size_t cell, int first, float objectness,
                            bw_detection box)
{
    float least = state->confidence / objectness;
    float threshold = scaled(state) ? least : logit(least) - 1e-4f;
    for (int class_id = 0; class_id < state->head->classes; class_id++) {
        float raw = value_at(state, cell, first + class_id);
        if (!(raw >= threshold) || (state->classes && !state->classes[class_id]))
            continue;
        box.class_id = class_id;
        box.score = objectness * probability(state, raw);
        if (box.score > state->confidence && !append(state->candidates, &box))
            return false;
    }
    return true;
}

static bool decode_cell(const decoder *state, size_t cell, int anchor, int y, int x, float raw)
{
    int first = anchor * (5 + state->head->classes) + 5;
    float objectness = probability(state, raw);
    bw_detection box = decode_box(state, cell, anchor, y, x);
    if (!finite_box(&box))
        return true;
    return state->head->kind == BW_HEAD_REGION
               ? append_softmax(state, cell, first, objectness, box)
               : append_logistic(state, cell, first, objectness, box);
}

static bool decode_anchor(const decoder *state, int anchor)
{
    const bw_head_view *view = state->view;
    size_t objectness = channel_offset(view, anchor * (5 + state->head->classes) + 4);
    for (int y = 0; y < view->height; y++) {
        size_t row = (size_t)y * view->row_stride;
        for (int x = 0; x < view->width; x++) {
            size_t cell = row + (size_t)x * (size_t)view->lanes;
            float raw = view->data[cell + objectness];
            if (raw > state->threshold && !decode_cell(state, cell, anchor, y, x, raw))
                return false;
        }
    }
    return true;
}

bw_status bw_head_decode(const bw_head *head, const bw_head_view *view, int input_width,
                         int input_height, float confidence, const bool *classes,
                         bw_candidates *candidates, bw_error *error)
{
    decoder state = {.head = head,
                     .view = view,
                     .input_width = (float)input_width,
                     .input_height = (float)input_height,
                     .confidence = confidence,
                     .classes = classes,
                     .candidates = candidates};
    state.threshold = scaled(&state) ? confidence : logit(confidence) - 1e-4f;
    for (int anchor = 0; anchor < head->anchors; anchor++) {
        if (!decode_anchor(&state, anchor))
            return bw_fail_memory(error, candidates->count * sizeof *candidates->items, "boxes");
    }
    return BW_OK;
}
