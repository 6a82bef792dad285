/**
 * Heads that tell how far a box's sides are from a point of their cell: YOLOv6, YOLOv8 and later,
 * NanoDet and other heads of generalised focal loss.
 */
#include "detect/decode.h"

/* The distance that a side's numbers stand for: Σ place × softmax, or the number alone. */
static float distance(const float *numbers, int bins)
{
    float largest = numbers[0], sum = 0.0f, places = 0.0f;
    if (bins == 1)
        return numbers[0];
    for (int place = 1; place < bins; place++)
        largest = fmaxf(largest, numbers[place]);
    for (int place = 0; place < bins; place++) {
        float share = expf(numbers[place] - largest);
        sum += share;
        places += (float)place * share;
    }
    return places / sum;
}

static bw_detection decode_box(const bw_decoder *state, size_t cell, int y, int x)
{
    float numbers[4 * BW_MAX_BINS], side[4];
    int bins = state->head->bins;
    bw_decoder_copy(state, cell, 0, 4 * bins, numbers);
    for (int index = 0; index < 4; index++)
        side[index] = distance(numbers + index * bins, bins);
    float cx = (float)x + state->head->origin, cy = (float)y + state->head->origin;
    return (bw_detection){.left = (cx - side[0]) * state->cell_width,
                          .top = (cy - side[1]) * state->cell_height,
                          .right = (cx + side[2]) * state->cell_width,
                          .bottom = (cy + side[3]) * state->cell_height};
}

/* Most cells hold nothing: the box is decoded when the first class passes. */
static bool decode_cell(const bw_decoder *state, int y, int x)
{
    const bw_head_view *view = state->view;
    size_t cell = bw_cell_offset(view, y, x);
    int first = 4 * state->head->bins, lane = first % view->lanes;
    const float *plane = view->data + cell + (size_t)(first / view->lanes) * view->plane_stride;
    bw_detection box;
    bool decoded = false;
    for (int class_id = 0; class_id < state->head->classes; class_id++) {
        float raw = plane[lane];
        if (++lane == view->lanes) {
            lane = 0;
            plane += view->plane_stride;
        }
        if (!(raw > state->threshold) || !bw_decoder_wants(state, class_id))
            continue;
        if (!decoded)
            box = decode_box(state, cell, y, x);
        decoded = true;
        box.class_id = class_id;
        box.score = state->head->form == BW_HEAD_SCALED ? raw : bw_logistic(raw);
        if (box.score > state->confidence && bw_box_is_finite(&box) &&
            !bw_decoder_append(state, &box))
            return false;
    }
    return true;
}

bool bw_decode_distances(const bw_decoder *decoder)
{
    for (int y = 0; y < decoder->view->height; y++) {
        for (int x = 0; x < decoder->view->width; x++) {
            if (!decode_cell(decoder, y, x))
                return false;
        }
    }
    return true;
}
