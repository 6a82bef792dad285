/**
 * FastestDet (https://github.com/dog-qiuqiu/FastestDet): one scale, one box a cell.
 */
#include "detect/decode.h"

/* The class of the largest number, and its share of the softmax. */
static int best_class(const bw_decoder *state, size_t cell, float *share)
{
    float largest = -INFINITY, sum = 0.0f;
    int best = 0;
    for (int class_id = 0; class_id < state->head->classes; class_id++) {
        float raw = bw_decoder_value(state, cell, 5 + class_id);
        if (raw > largest) {
            largest = raw;
            best = class_id;
        }
    }
    for (int class_id = 0; class_id < state->head->classes; class_id++)
        sum += expf(bw_decoder_value(state, cell, 5 + class_id) - largest);
    *share = 1.0f / sum;
    return best;
}

static bw_detection decode_box(const bw_decoder *state, size_t cell, int y, int x)
{
    float cx = (tanhf(bw_decoder_value(state, cell, 1)) + (float)x) * state->cell_width;
    float cy = (tanhf(bw_decoder_value(state, cell, 2)) + (float)y) * state->cell_height;
    float width = bw_logistic(bw_decoder_value(state, cell, 3)) * state->input_width;
    float height = bw_logistic(bw_decoder_value(state, cell, 4)) * state->input_height;
    return bw_centred_box(cx, cy, width, height);
}

static bool decode_cell(const bw_decoder *state, int y, int x, float objectness)
{
    size_t cell = bw_cell_offset(state->view, y, x);
    float share;
    int class_id = best_class(state, cell, &share);
    bw_detection box = decode_box(state, cell, y, x);
    box.class_id = class_id;
    box.score = powf(bw_logistic(objectness), 0.6f) * powf(share, 0.4f);
    if (!(box.score > state->confidence) || !bw_decoder_wants(state, class_id) ||
        !bw_box_is_finite(&box))
        return true;
    return bw_decoder_append(state, &box);
}

/* A share is at most 1, so only an objectness over confidence^(1 / 0.6) can pass. */
bool bw_decode_fastest(const bw_decoder *decoder)
{
    const bw_head_view *view = decoder->view;
    float least = bw_logit(powf(decoder->confidence, 1.0f / 0.6f)) - 1e-3f;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++) {
            float raw = view->data[bw_cell_offset(view, y, x)];
            if (raw >= least && !decode_cell(decoder, y, x, raw))
                return false;
        }
    }
    return true;
}
