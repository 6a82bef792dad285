/**
 * YOLOX (Ge et al. 2021, "YOLOX: Exceeding YOLO Series in 2021").
 *
 * A scale's result joins 4 numbers of a box, the logistic objectness, and the logistic classes.
 * What follows flattens and joins the scales, and in files exported with decoding adds the cells
 * and multiplies by the strides: neither changes which boxes they are. The decoder takes logits,
 * so the logistic functions are left out. Pictures are BGR, 0 to 255, at the top left of an input
 * that is filled with 114.
 */
#include <string.h>

#include "import/onnx/lower.h"

static const char *const tail_ops[] = {
    "Identity", "Reshape",   "Flatten", "Transpose", "Concat",    "Slice",
    "Split",    "Add",       "Mul",     "Exp",       "Constant",  "Shape",
    "Gather",   "Unsqueeze", "Cast",    "Expand",    "ScatterND",
};

static bool in_tail(const bw_onnx_lowering *lowering, const bw_onnx_node *node)
{
    return node->output_count > 0 &&
           bw_onnx_item_named(lowering, node->outputs[0])->role == BW_ONNX_TAIL;
}

static bool tail_is_plain(const bw_onnx_lowering *lowering)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_onnx_node *node = &graph->nodes[index];
        bool known = !in_tail(lowering, node);
        for (size_t op = 0; !known && op < sizeof tail_ops / sizeof *tail_ops; op++)
            known = strcmp(node->op, tail_ops[op]) == 0;
        if (!known)
            return false;
    }
    return true;
}

static bw_node *producer(const bw_onnx_lowering *lowering, int tensor)
{
    return &lowering->graph->nodes[lowering->graph->tensors[tensor].producer];
}

static bool is_logistic(const bw_node *node)
{
    return node->op == BW_OP_ACTIVATION && node->attributes.activation == BW_LOGISTIC;
}

/* The number of classes of a result; 0 where it is no such head. */
static int classes_of(const bw_onnx_lowering *lowering, int tensor)
{
    const bw_node *join = producer(lowering, tensor);
    if (join->op != BW_OP_CONCAT || join->input_count != 3 ||
        bw_onnx_shape(lowering, join->inputs[0]).channels != 4 ||
        bw_onnx_shape(lowering, join->inputs[1]).channels != 1 ||
        producer(lowering, join->inputs[0])->op != BW_OP_CONV ||
        !is_logistic(producer(lowering, join->inputs[1])) ||
        !is_logistic(producer(lowering, join->inputs[2])))
        return 0;
    return bw_onnx_shape(lowering, join->inputs[2]).channels;
}

static bw_status add_head(bw_onnx_lowering *lowering, int tensor, int classes)
{
    bw_head head = {.kind = BW_HEAD_YOLOX,
                    .classes = classes,
                    .anchors = 1,
                    .anchor = {{1.0f, 1.0f}},
                    .scale_xy = 1.0f};
    bw_node *join = producer(lowering, tensor);
    for (int input = 1; input < 3; input++)
        join->inputs[input] = producer(lowering, join->inputs[input])->inputs[0];
    return bw_graph_add_output(lowering->graph, tensor, &head, lowering->error);
}

bool bw_onnx_recognise_yolox(bw_onnx_lowering *lowering, bw_status *status)
{
    static const bw_onnx_pictures pictures = {
        .swapped = true, .scale = 255.0f, .deviation = {1.0f, 1.0f, 1.0f}};
    int classes = lowering->result_count ? classes_of(lowering, lowering->results[0]) : 0;
    for (size_t index = 0; index < lowering->result_count; index++) {
        if (classes == 0 || classes_of(lowering, lowering->results[index]) != classes)
            return false;
    }
    bool another = lowering->side->head && strcmp(lowering->side->head, "yolox") != 0;
    if (classes == 0 || another || !tail_is_plain(lowering))
        return false;
    *status = BW_OK;
    for (size_t index = 0; *status == BW_OK && index < lowering->result_count; index++)
        *status = add_head(lowering, lowering->results[index], classes);
    if (*status == BW_OK)
        *status = bw_onnx_set_pictures(lowering, &pictures, BW_RESIZE_CORNER, 114.0f / 255.0f);
    lowering->out->head = "YOLOX";
    return true;
}
