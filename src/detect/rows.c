/**
 * Heads whose rows are finished boxes, each of one class.
 */
#include "detect/decode.h"

enum { SCORE = 4, CLASS = 5, NUMBERS = 6 };

static bool decode_row(const bw_decoder *state, size_t cell)
{
    float n[NUMBERS];
    bw_decoder_copy(state, cell, 0, NUMBERS, n);
    bool counts = n[SCORE] > state->confidence && n[CLASS] > -0.5f &&
                  n[CLASS] < (float)state->head->classes - 0.5f;
    if (!counts)
        return true;
    bw_detection box = {.left = n[0],
                        .top = n[1],
                        .right = n[2],
                        .bottom = n[3],
                        .score = n[SCORE],
                        .class_id = (int)(n[CLASS] + 0.5f)};
    if (!bw_box_is_finite(&box) || !isfinite(box.score) || !bw_decoder_wants(state, box.class_id))
        return true;
    return bw_decoder_append(state, &box);
}

bool bw_decode_rows(const bw_decoder *decoder)
{
    const bw_head_view *view = decoder->view;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++) {
            if (!decode_row(decoder, bw_cell_offset(view, y, x)))
                return false;
        }
    }
    return true;
}
