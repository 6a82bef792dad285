/**
 * Heads that tell how boxes differ from anchors: SSD (Liu et al. 2016) and RetinaNet (Lin et al.
 * 2017); and those of queries, whose boxes need no anchors: DETR (Carion et al. 2020).
 */
#include "detect/decode.h"

/* One anchor of one cell. */
typedef struct place {
    size_t cell;
    int y, x, anchor;
} place;

static bw_detection decode_box(const bw_decoder *state, const place *at)
{
    const bw_head *head = state->head;
    const float *anchor = head->anchor[at->anchor];
    float numbers[4];
    bw_decoder_copy(state, at->cell, 4 * at->anchor, 4, numbers);
    if (head->kind == BW_HEAD_QUERIES)
        return bw_centred_box(numbers[0] * state->input_width, numbers[1] * state->input_height,
                              numbers[2] * state->input_width, numbers[3] * state->input_height);
    float cx = ((float)at->x + head->origin) * state->cell_width;
    float cy = ((float)at->y + head->origin) * state->cell_height;
    return bw_centred_box(cx + head->variance[0] * numbers[0] * anchor[0],
                          cy + head->variance[0] * numbers[1] * anchor[1],
                          anchor[0] * expf(head->variance[1] * numbers[2]),
                          anchor[1] * expf(head->variance[1] * numbers[3]));
}

/* The largest of `count` numbers from a channel on, and Σ e^(x − largest). */
static float softmax_sum(const bw_decoder *state, size_t cell, int first, int count, float *largest)
{
    float sum = 0.0f;
    *largest = -INFINITY;
    for (int index = 0; index < count; index++)
        *largest = fmaxf(*largest, bw_decoder_value(state, cell, first + index));
    for (int index = 0; index < count; index++)
        sum += expf(bw_decoder_value(state, cell, first + index) - *largest);
    return sum;
}

/* Whether only the best class of a query counts, and that is another one. */
static bool is_passed_over(const bw_decoder *state, size_t cell, int first, int class_id)
{
    const bw_head *head = state->head;
    float raw = bw_decoder_value(state, cell, first + class_id);
    bool single = head->kind == BW_HEAD_QUERIES && head->softmax;
    for (int other = 0; single && other < head->classes; other++) {
        float value = bw_decoder_value(state, cell, first + other);
        if (value > raw || (other < class_id && !(value < raw)))
            return true;
    }
    return false;
}

static float score_of(const bw_head *head, float raw, float largest, float sum)
{
    if (head->form == BW_HEAD_SCALED)
        return raw;
    return head->softmax ? expf(raw - largest) / sum : bw_logistic(raw);
}

static bool decode_place(const bw_decoder *state, const place *at)
{
    const bw_head *head = state->head;
    int numbers = head->classes + (head->background != BW_BACKGROUND_NONE);
    int first = 4 * head->anchors + at->anchor * numbers;
    float largest = 0.0f, sum = 1.0f;
    bool shared = head->softmax && head->form != BW_HEAD_SCALED;
    if (shared)
        sum = softmax_sum(state, at->cell, first, numbers, &largest);
    first += head->background == BW_BACKGROUND_FIRST;
    bw_detection box = decode_box(state, at);
    if (!bw_box_is_finite(&box))
        return true;
    for (int class_id = 0; class_id < head->classes; class_id++) {
        float raw = bw_decoder_value(state, at->cell, first + class_id);
        if ((!shared && !(raw > state->threshold)) || !bw_decoder_wants(state, class_id) ||
            is_passed_over(state, at->cell, first, class_id))
            continue;
        box.class_id = class_id;
        box.score = score_of(head, raw, largest, sum);
        if (box.score > state->confidence && !bw_decoder_append(state, &box))
            return false;
    }
    return true;
}

bool bw_decode_offsets(const bw_decoder *decoder)
{
    const bw_head_view *view = decoder->view;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++) {
            place at = {bw_cell_offset(view, y, x), y, x, 0};
            for (; at.anchor < decoder->head->anchors; at.anchor++) {
                if (!decode_place(decoder, &at))
                    return false;
            }
        }
    }
    return true;
}
