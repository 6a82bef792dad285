/**
 * Non-maximum suppression by ONNX's own operator, and the rows of "detections" from what it picks.
 */
#include "export/onnx.h"

enum { GRAPH_OUTPUT = 12 };

/* [picked, 3]: image, class, box. */
static const char *pick(bw_onnx *onnx, const char *places, const char *scores)
{
    const bw_onnx_options *options = onnx->what->options;
    int64_t most = options->max_detections;
    const char *inputs[] = {places, scores, bw_onnx_list(onnx, "nms.most", &most, 1),
                            bw_onnx_scalar(onnx, "nms.iou", options->iou),
                            bw_onnx_scalar(onnx, "nms.confidence", options->confidence)};
    bw_onnx_begin(onnx, "NonMaxSuppression", inputs, 5);
    bw_onnx_integer(onnx, "center_point_box", 1);
    return bw_onnx_end(onnx, "nms.picked");
}

static const char *to_float(bw_onnx *onnx, const char *name, const char *in)
{
    bw_onnx_begin(onnx, "Cast", &in, 1);
    bw_onnx_integer(onnx, "to", BW_ONNX_FLOAT);
    return bw_onnx_end(onnx, name);
}

/* Corners of the picked boxes, in two parts [picked, 2]. */
static void take_corners(bw_onnx *onnx, const char *places, const char *image, const char *box,
                         const char *corners[2])
{
    const char *where = bw_onnx_concat(onnx, "nms.where", (const char *const[]){image, box}, 2, 1);
    const char *rows = bw_onnx_join(onnx, "GatherND", "nms.rows", places, where);
    const char *centre = bw_onnx_slice(onnx, "nms.centre", rows, 1, 0, 2);
    const char *extent = bw_onnx_slice(onnx, "nms.extent", rows, 1, 2, 4);
    const char *half =
        bw_onnx_join(onnx, "Mul", "nms.half", extent, bw_onnx_scalar(onnx, "nms.one_half", 0.5f));
    corners[0] = bw_onnx_join(onnx, "Sub", "nms.first_corner", centre, half);
    corners[1] = bw_onnx_join(onnx, "Add", "nms.second_corner", centre, half);
}

void bw_onnx_nms(bw_onnx *onnx, const char *boxes)
{
    static const int order[] = {0, 2, 1};
    int64_t column[] = {-1, 1}, sizes[] = {-2, 7};
    const char *places = bw_onnx_slice(onnx, "nms.places", boxes, 2, 0, 4);
    const char *objectness = bw_onnx_slice(onnx, "nms.objectness", boxes, 2, 4, 5);
    const char *classes = bw_onnx_slice(onnx, "nms.classes", boxes, 2, 5, 5 + onnx->what->classes);
    const char *scores = bw_onnx_join(onnx, "Mul", "nms.products", objectness, classes);
    scores = bw_onnx_transpose(onnx, "nms.scores", scores, order, 3);
    const char *picked = pick(onnx, places, scores);
    const char *image = bw_onnx_slice(onnx, "nms.image", picked, 1, 0, 1);
    const char *class_id = bw_onnx_slice(onnx, "nms.class", picked, 1, 1, 2);
    const char *box = bw_onnx_slice(onnx, "nms.box", picked, 1, 2, 3);
    const char *score = bw_onnx_join(onnx, "GatherND", "nms.score", scores, picked);
    const char *parts[5] = {to_float(onnx, "nms.image_number", image)};
    take_corners(onnx, places, image, box, parts + 1);
    parts[3] = to_float(onnx, "nms.class_number", class_id);
    parts[4] = bw_onnx_reshape(onnx, "nms.score_column", score, column, 2);
    bw_onnx_declare(onnx, GRAPH_OUTPUT, bw_onnx_concat(onnx, "detections", parts, 5, 1), sizes, 2);
}
