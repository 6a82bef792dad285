#include "detect/decode.h"

#include <stdlib.h>

#include "base/memory.h"

void bw_candidates_free(bw_candidates *candidates)
{
    free(candidates->items);
    free(candidates->scratch);
    *candidates = (bw_candidates){0};
}

bool bw_decoder_append(const bw_decoder *decoder, const bw_detection *detection)
{
    bw_candidates *candidates = decoder->candidates;
    if (!bw_array_reserve((void **)&candidates->items, &candidates->capacity, candidates->count + 1,
                          sizeof *candidates->items))
        return false;
    candidates->items[candidates->count++] = *detection;
    return true;
}

void bw_decoder_copy(const bw_decoder *decoder, size_t cell, int first, int count, float *to)
{
    const bw_head_view *view = decoder->view;
    const float *plane = view->data + cell + (size_t)(first / view->lanes) * view->plane_stride;
    int lane = first % view->lanes;
    for (int index = 0; index < count; index++) {
        to[index] = plane[lane];
        if (++lane == view->lanes) {
            lane = 0;
            plane += view->plane_stride;
        }
    }
}

static bw_cells_decoder *const decoders[BW_HEAD_COUNT] = {
    [BW_HEAD_YOLO] = bw_decode_anchors,        [BW_HEAD_REGION] = bw_decode_anchors,
    [BW_HEAD_YOLOX] = bw_decode_anchors,       [BW_HEAD_FASTEST] = bw_decode_fastest,
    [BW_HEAD_DISTANCES] = bw_decode_distances, [BW_HEAD_OFFSETS] = bw_decode_offsets,
    [BW_HEAD_QUERIES] = bw_decode_offsets,     [BW_HEAD_ROWS] = bw_decode_rows,
};

bw_status bw_head_decode(const bw_head *head, const bw_head_view *view, int input_width,
                         int input_height, float confidence, const bool *classes,
                         bw_candidates *candidates, bw_error *error)
{
    bool probabilities = head->form == BW_HEAD_SCALED;
    bw_decoder decoder = {
        .head = head,
        .view = view,
        .input_width = (float)input_width,
        .input_height = (float)input_height,
        .cell_width = head->stride > 0.0f ? head->stride : (float)input_width / (float)view->width,
        .cell_height =
            head->stride > 0.0f ? head->stride : (float)input_height / (float)view->height,
        .confidence = confidence,
        .threshold = probabilities ? confidence : bw_logit(confidence) - 1e-4f,
        .classes = classes,
        .candidates = candidates,
    };
    if (decoders[head->kind](&decoder))
        return BW_OK;
    return bw_fail_memory(error, candidates->count * sizeof *candidates->items, "boxes");
}
