/**
 * What follows the network: the heads' tensors as they are, or decoded to boxes.
 *
 * A head's [N, anchors × (5 + classes), h, w] becomes [N, anchors, h × w, 5 + classes]; there the
 * anchors and the cells are constants that broadcast.
 */
#include "export/onnx.h"

enum { GRAPH_OUTPUT = 12 };

/* A head that is being decoded. */
typedef struct decoding {
    bw_onnx *onnx;
    const bw_head *head;
    const char *name;
    bw_shape shape;    /* of its tensor */
    float cell[2];     /* pixels of the input, across and down */
    const char *cells; /* [N, anchors, h × w, 5 + classes] */
} decoding;

static const char *part_name(const decoding *d, const char *part)
{
    return bw_onnx_name(d->onnx, d->name, part);
}

static const char *take(const decoding *d, const char *part, int first, int last)
{
    return bw_onnx_slice(d->onnx, part_name(d, part), d->cells, 3, first, last);
}

static const char *pair(const decoding *d, const char *part, float x, float y)
{
    float *values = bw_onnx_memory(d->onnx, 2, sizeof *values);
    if (values) {
        values[0] = x;
        values[1] = y;
    }
    return bw_onnx_add(
        d->onnx, &(bw_onnx_constant){part_name(d, part), BW_ONNX_FLOAT, {1, 1, 1, 2}, 4, values});
}

/* Where each cell's centre would be for x = y = 0, in pixels: [1, 1, h × w, 2]. */
static const char *add_corners(const decoding *d)
{
    int count = d->shape.height * d->shape.width;
    float shift = 0.5f * (d->head->scale_xy - 1.0f);
    float *values = bw_onnx_memory(d->onnx, 2 * (size_t)count, sizeof *values);
    for (int cell = 0; values && cell < count; cell++) {
        int column = cell % d->shape.width, row = cell / d->shape.width;
        values[2 * cell] = ((float)column - shift) * d->cell[0];
        values[2 * cell + 1] = ((float)row - shift) * d->cell[1];
    }
    return bw_onnx_add(
        d->onnx,
        &(bw_onnx_constant){part_name(d, "corners"), BW_ONNX_FLOAT, {1, 1, count, 2}, 4, values});
}

/* The anchors in pixels: [1, anchors, 1, 2]. */
static const char *add_anchors(const decoding *d)
{
    bool in_cells = d->head->kind != BW_HEAD_YOLO;
    float factor = d->head->form == BW_HEAD_SCALED ? 4.0f : 1.0f;
    int count = d->head->anchors;
    float *values = bw_onnx_memory(d->onnx, 2 * (size_t)count, sizeof *values);
    for (int index = 0; values && index < 2 * count; index++)
        values[index] =
            factor * d->head->anchor[index / 2][index % 2] * (in_cells ? d->cell[index % 2] : 1.0f);
    return bw_onnx_add(
        d->onnx,
        &(bw_onnx_constant){part_name(d, "anchors"), BW_ONNX_FLOAT, {1, count, 1, 2}, 4, values});
}

static const char *probabilities(const decoding *d, const char *part, const char *in)
{
    return d->head->form == BW_HEAD_SCALED
               ? in
               : bw_onnx_map(d->onnx, "Sigmoid", part_name(d, part), in);
}

static const char *decode_centres(const decoding *d)
{
    float scale = d->head->scale_xy;
    const char *xy = take(d, "xy", 0, 2);
    if (d->head->kind != BW_HEAD_YOLOX)
        xy = probabilities(d, "xy_sigmoid", xy);
    xy = bw_onnx_join(d->onnx, "Mul", part_name(d, "xy_scaled"), xy,
                      pair(d, "cell", scale * d->cell[0], scale * d->cell[1]));
    return bw_onnx_join(d->onnx, "Add", part_name(d, "centres"), xy, add_corners(d));
}

static const char *decode_extents(const decoding *d)
{
    const char *wh = take(d, "wh", 2, 4);
    wh = d->head->form == BW_HEAD_SCALED
             ? bw_onnx_join(d->onnx, "Mul", part_name(d, "wh_square"), wh, wh)
             : bw_onnx_map(d->onnx, "Exp", part_name(d, "wh_exp"), wh);
    return bw_onnx_join(d->onnx, "Mul", part_name(d, "extents"), wh, add_anchors(d));
}

/* Objectness and class probabilities: one part, or two where the classes share a softmax. */
static int decode_scores(const decoding *d, const char *parts[2])
{
    int end = 5 + d->head->classes;
    if (d->head->kind != BW_HEAD_REGION) {
        parts[0] = probabilities(d, "scores_sigmoid", take(d, "scores", 4, end));
        return 1;
    }
    parts[0] = probabilities(d, "objectness_sigmoid", take(d, "objectness", 4, 5));
    const char *classes = take(d, "classes", 5, end);
    bw_onnx_begin(d->onnx, "Softmax", &classes, 1);
    bw_onnx_integer(d->onnx, "axis", 3);
    parts[1] = bw_onnx_end(d->onnx, part_name(d, "classes_softmax"));
    return 2;
}

static const char *decode(decoding *d, const char *tensor)
{
    static const int order[] = {0, 1, 3, 2};
    int numbers = 5 + d->head->classes, cells = d->shape.height * d->shape.width;
    int64_t split[] = {0, d->head->anchors, numbers, cells};
    int64_t rows[] = {0, (int64_t)d->head->anchors * cells, numbers};
    const char *planes = bw_onnx_reshape(d->onnx, part_name(d, "planes"), tensor, split, 4);
    d->cells = bw_onnx_transpose(d->onnx, part_name(d, "cells"), planes, order, 4);
    const char *parts[4] = {decode_centres(d), decode_extents(d)};
    int count = 2 + decode_scores(d, parts + 2);
    const char *boxes = bw_onnx_concat(d->onnx, part_name(d, "joined"), parts, count, 3);
    return bw_onnx_reshape(d->onnx, part_name(d, "boxes"), boxes, rows, 3);
}

static const char *head_name(bw_onnx *onnx, size_t index)
{
    const char *name = bw_arena_format(&onnx->arena, "head%zu", index);
    onnx->failed |= !name;
    return name ? name : "";
}

static void write_raw(bw_onnx *onnx)
{
    const bw_graph *graph = onnx->what->graph;
    for (size_t index = 0; index < graph->output_count; index++) {
        int tensor = graph->outputs[index].tensor;
        bw_shape shape = graph->tensors[tensor].shape;
        const char *name = head_name(onnx, index);
        bw_onnx_map(onnx, "Identity", name, onnx->tensors[tensor]);
        int64_t sizes[] = {bw_onnx_batch(onnx), shape.channels, shape.height, shape.width};
        bw_onnx_declare(onnx, GRAPH_OUTPUT, name, sizes, 4);
    }
}

/* All heads' boxes, one after the other; `*count` of them. */
static const char *write_boxes(bw_onnx *onnx, int64_t *count)
{
    const bw_graph *graph = onnx->what->graph;
    bw_shape input = graph->tensors[0].shape;
    const char **parts = bw_onnx_memory(onnx, graph->output_count, sizeof *parts);
    *count = 0;
    for (size_t index = 0; parts && index < graph->output_count; index++) {
        const bw_output *output = &graph->outputs[index];
        bw_shape shape = graph->tensors[output->tensor].shape;
        decoding d = {onnx, &output->head, head_name(onnx, index), shape, {0}, ""};
        d.cell[0] = (float)input.width / (float)shape.width;
        d.cell[1] = (float)input.height / (float)shape.height;
        parts[index] = decode(&d, onnx->tensors[output->tensor]);
        *count += (int64_t)output->head.anchors * shape.height * shape.width;
    }
    return parts ? bw_onnx_concat(onnx, "boxes", parts, (int)graph->output_count, 1) : "";
}

void bw_onnx_heads(bw_onnx *onnx)
{
    int64_t sizes[] = {bw_onnx_batch(onnx), 0, 5 + onnx->what->classes};
    if (onnx->what->options->raw) {
        write_raw(onnx);
        return;
    }
    const char *boxes = write_boxes(onnx, &sizes[1]);
    if (onnx->what->options->nms)
        bw_onnx_nms(onnx, boxes);
    else
        bw_onnx_declare(onnx, GRAPH_OUTPUT, boxes, sizes, 3);
}
