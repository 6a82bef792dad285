/**
 * What the decoders of the kinds of heads share.
 */
#ifndef BW_DETECT_DECODE_H
#define BW_DETECT_DECODE_H

#include <math.h>

#include "detect/detect.h"

/** One head of one image that is being decoded. */
typedef struct bw_decoder {
    const bw_head *head;
    const bw_head_view *view;
    float input_width, input_height;
    float cell_width, cell_height; /* pixels of the input */
    float confidence;
    float threshold;     /* `confidence` in the form that scores have in the tensor */
    const bool *classes; /* NULL: all */
    bw_candidates *candidates;
} bw_decoder;

/** Appends the boxes of all cells; false where there is no memory. */
typedef bool bw_cells_decoder(const bw_decoder *decoder);
bw_cells_decoder bw_decode_anchors, bw_decode_fastest, bw_decode_distances, bw_decode_offsets,
    bw_decode_rows;

static inline float bw_logistic(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

/** The raw number that the logistic function turns into `probability`. */
static inline float bw_logit(float probability)
{
    if (probability <= 0.0f)
        return -INFINITY;
    return probability < 1.0f ? logf(probability / (1.0f - probability)) : INFINITY;
}

static inline size_t bw_channel_offset(const bw_head_view *view, int channel)
{
    return (size_t)(channel / view->lanes) * view->plane_stride + (size_t)(channel % view->lanes);
}

/** Where the numbers of a cell's first lanes stand in view->data. */
static inline size_t bw_cell_offset(const bw_head_view *view, int y, int x)
{
    return (size_t)y * view->row_stride + (size_t)x * (size_t)view->lanes;
}

static inline float bw_decoder_value(const bw_decoder *decoder, size_t cell, int channel)
{
    return decoder->view->data[cell + bw_channel_offset(decoder->view, channel)];
}

/** Copies `count` channels of a cell, from `first` on. */
void bw_decoder_copy(const bw_decoder *decoder, size_t cell, int first, int count, float *to);

static inline bool bw_decoder_wants(const bw_decoder *decoder, int class_id)
{
    return !decoder->classes || decoder->classes[class_id];
}

static inline bool bw_box_is_finite(const bw_detection *box)
{
    return isfinite(box->left) && isfinite(box->top) && isfinite(box->right) &&
           isfinite(box->bottom);
}

/** A box by its centre and its extents. */
static inline bw_detection bw_centred_box(float x, float y, float width, float height)
{
    return (bw_detection){.left = x - 0.5f * width,
                          .top = y - 0.5f * height,
                          .right = x + 0.5f * width,
                          .bottom = y + 0.5f * height};
}

bool bw_decoder_append(const bw_decoder *decoder, const bw_detection *detection);

#endif
