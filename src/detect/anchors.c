/**
 * The heads of YOLO with an objectness: anchors in cells.
 */
#include "detect/decode.h"

static float probability(const bw_decoder *state, float raw)
{
    return state->head->form == BW_HEAD_SCALED ? raw : bw_logistic(raw);
}

/* Width or height of a box in pixels of the input; `anchor` is in pixels too. */
static float extent(const bw_decoder *state, float raw, float anchor)
{
    if (state->head->form == BW_HEAD_RAW)
        return expf(raw) * anchor;
    float half = probability(state, raw);
    return 4.0f * half * half * anchor;
}

/* Where in its cell a box's centre lies, and for YOLOX perhaps beyond. */
static float centre(const bw_decoder *state, float raw)
{
    return state->head->kind == BW_HEAD_YOLOX ? raw : probability(state, raw);
}

static bw_detection decode_box(const bw_decoder *state, size_t cell, int anchor, int y, int x)
{
    const bw_head *head = state->head;
    int channel = anchor * (5 + head->classes);
    float shift = 0.5f * (head->scale_xy - 1.0f);
    bool in_cells = head->kind != BW_HEAD_YOLO;
    float anchor_width = head->anchor[anchor][0] * (in_cells ? state->cell_width : 1.0f);
    float anchor_height = head->anchor[anchor][1] * (in_cells ? state->cell_height : 1.0f);
    float cx = centre(state, bw_decoder_value(state, cell, channel)) * head->scale_xy - shift;
    float cy = centre(state, bw_decoder_value(state, cell, channel + 1)) * head->scale_xy - shift;
    float width = extent(state, bw_decoder_value(state, cell, channel + 2), anchor_width);
    float height = extent(state, bw_decoder_value(state, cell, channel + 3), anchor_height);
    cx = (cx + (float)x) * state->cell_width;
    cy = (cy + (float)y) * state->cell_height;
    return bw_centred_box(cx, cy, width, height);
}

/* Σ e^(x − largest) over the classes: the denominator of YOLOv2's softmax. */
static float softmax_sum(const bw_decoder *state, size_t cell, int first, float *largest)
{
    float sum = 0.0f;
    *largest = -INFINITY;
    for (int class_id = 0; class_id < state->head->classes; class_id++)
        *largest = fmaxf(*largest, bw_decoder_value(state, cell, first + class_id));
    for (int class_id = 0; class_id < state->head->classes; class_id++)
        sum += expf(bw_decoder_value(state, cell, first + class_id) - *largest);
    return sum;
}

static bool append_softmax(const bw_decoder *state, size_t cell, int first, float objectness,
                           bw_detection box)
{
    float largest, sum = softmax_sum(state, cell, first, &largest);
    for (int class_id = 0; class_id < state->head->classes; class_id++) {
        if (!bw_decoder_wants(state, class_id))
            continue;
        box.class_id = class_id;
        box.score =
            objectness * expf(bw_decoder_value(state, cell, first + class_id) - largest) / sum;
        if (box.score > state->confidence && !bw_decoder_append(state, &box))
            return false;
    }
    return true;
}

/* A class can pass only if its own probability exceeds confidence / objectness. */
static bool append_logistic(const bw_decoder *state, size_t cell, int first, float objectness,
                            bw_detection box)
{
    float least = state->confidence / objectness;
    float threshold = state->head->form == BW_HEAD_SCALED ? least : bw_logit(least) - 1e-4f;
    for (int class_id = 0; class_id < state->head->classes; class_id++) {
        float raw = bw_decoder_value(state, cell, first + class_id);
        if (!(raw >= threshold) || !bw_decoder_wants(state, class_id))
            continue;
        box.class_id = class_id;
        box.score = objectness * probability(state, raw);
        if (box.score > state->confidence && !bw_decoder_append(state, &box))
            return false;
    }
    return true;
}

static bool decode_cell(const bw_decoder *state, size_t cell, int anchor, int y, int x, float raw)
{
    int first = anchor * (5 + state->head->classes) + 5;
    float objectness = probability(state, raw);
    bw_detection box = decode_box(state, cell, anchor, y, x);
    if (!bw_box_is_finite(&box))
        return true;
    return state->head->kind == BW_HEAD_REGION
               ? append_softmax(state, cell, first, objectness, box)
               : append_logistic(state, cell, first, objectness, box);
}

static bool decode_anchor(const bw_decoder *state, int anchor)
{
    const bw_head_view *view = state->view;
    size_t objectness = bw_channel_offset(view, anchor * (5 + state->head->classes) + 4);
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++) {
            size_t cell = bw_cell_offset(view, y, x);
            float raw = view->data[cell + objectness];
            if (raw > state->threshold && !decode_cell(state, cell, anchor, y, x, raw))
                return false;
        }
    }
    return true;
}

bool bw_decode_anchors(const bw_decoder *decoder)
{
    for (int anchor = 0; anchor < decoder->head->anchors; anchor++) {
        if (!decode_anchor(decoder, anchor))
            return false;
    }
    return true;
}
