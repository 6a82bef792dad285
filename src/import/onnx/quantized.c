/**
 * Networks of bytes: QuantizeLinear and DequantizeLinear around what is computed (QDQ).
 *
 * The bytes are not rounded to here: the graph is one of floats, in which tensors are noted the
 * bytes that the file gives them, and convolutions the scales of their filters. What a file's
 * bytes cut off at zero, it has no ReLU for: it gets one.
 */
#include <math.h>
#include <string.h>

#include "import/onnx/lower.h"

static const float least_scale = 0x1p-60f, largest_scale = 0x1p60f;

bool bw_onnx_is_rounding(const bw_onnx_node *node)
{
    return strcmp(node->op, "QuantizeLinear") == 0 || strcmp(node->op, "DequantizeLinear") == 0;
}

static bool is_scale(float scale)
{
    return scale >= least_scale && scale <= largest_scale;
}

/* The bytes that scale and zero point of the node at hand say: signed ones are moved by 128. */
static bw_status read_bytes(bw_onnx_lowering *lowering, bw_format *out)
{
    const bw_onnx_tensor *scale, *zero;
    bw_status status = bw_onnx_input_numbers(lowering, 1, &scale);
    if (status == BW_OK)
        status = bw_onnx_input_numbers(lowering, 2, &zero);
    if (status != BW_OK)
        return status;
    bool plain = scale && scale->count == 1 && scale->type == BW_ONNX_F32 &&
                 is_scale((float)bw_onnx_real(scale, 0));
    bool bytes =
        !zero || (zero->count == 1 && (zero->type == BW_ONNX_U8 || zero->type == BW_ONNX_I8));
    if (!plain || !bytes)
        return bw_onnx_decline(lowering, "only bytes with one scale are taken from pictures");
    bool is_signed = zero && zero->type == BW_ONNX_I8;
    int byte = !zero ? 0 : is_signed ? (int8_t)*zero->data + 128 : *zero->data;
    *out = (bw_format){BW_U8, (float)bw_onnx_real(scale, 0), byte};
    return BW_OK;
}

/* Patches of a picture, and what else is between, go on as they are. */
bw_status bw_onnx_to_bytes(bw_onnx_lowering *lowering)
{
    bw_onnx_item item = *bw_onnx_input_item(lowering, 0);
    bw_format bytes;
    bw_status status = read_bytes(lowering, &bytes);
    if (status != BW_OK)
        return status;
    if (lowering->complete ||
        (item.role != BW_ONNX_PICTURE && item.role != BW_ONNX_PATCH && item.role != BW_ONNX_FOCUS))
        return bw_onnx_decline(lowering, "only pictures become bytes");
    if (item.role == BW_ONNX_PICTURE)
        item.role = BW_ONNX_QUANTIZED;
    bw_onnx_output_item(lowering, 0, item);
    return BW_OK;
}

/* What computes a number that is below zero, which bytes without numbers below it cut off. */
static bool is_cut_off(const bw_onnx_lowering *lowering, int tensor, bw_format bytes)
{
    const bw_graph *graph = lowering->graph;
    bw_op op = graph->nodes[graph->tensors[tensor].producer].op;
    return bytes.zero_point == 0 && (op == BW_OP_CONV || op == BW_OP_ADD || op == BW_OP_BATCH_NORM);
}

bw_status bw_onnx_from_bytes(bw_onnx_lowering *lowering)
{
    bw_onnx_item item = *bw_onnx_input_item(lowering, 0);
    bw_format bytes;
    bw_status status = read_bytes(lowering, &bytes);
    if (status != BW_OK)
        return status;
    if (item.role != BW_ONNX_QUANTIZED && item.role != BW_ONNX_PATCH && item.role != BW_ONNX_FOCUS)
        return bw_onnx_decline(lowering, "its bytes are not those of a picture");
    if (item.role != BW_ONNX_QUANTIZED) {
        bw_onnx_output_item(lowering, 0, item);
        return BW_OK;
    }
    item.role = BW_ONNX_PICTURE;
    if (is_cut_off(lowering, item.tensor, bytes)) {
        bw_node node = {.op = BW_OP_ACTIVATION, .attributes = {.activation = BW_RELU}};
        status = bw_onnx_append_tensor(lowering, &item.tensor, &node, &item.tensor, 1);
    }
    bw_format *given = status == BW_OK ? &lowering->graph->tensors[item.tensor].given : NULL;
    if (given && given->type != BW_U8)
        *given = bytes;
    if (given)
        bw_onnx_output_item(lowering, 0, item);
    return status;
}

bw_status bw_onnx_filter_steps(bw_onnx_lowering *lowering, const float **steps, int filters)
{
    const bw_onnx_node *node = bw_onnx_input_item(lowering, 1)->node;
    *steps = NULL;
    if (!node || strcmp(node->op, "DequantizeLinear") != 0 || node->input_count < 2)
        return BW_OK;
    const bw_onnx_tensor *scale = bw_onnx_item_named(lowering, node->inputs[1])->numbers;
    if (!scale || scale->type != BW_ONNX_F32 ||
        (scale->count != 1 && scale->count != (size_t)filters))
        return BW_OK;
    float *list = bw_arena_array(&lowering->graph->arena, (size_t)filters, sizeof *list);
    if (!list)
        return bw_fail_memory(lowering->error, (size_t)filters * sizeof *list, "weights");
    for (size_t filter = 0; filter < (size_t)filters; filter++) {
        list[filter] = (float)bw_onnx_real(scale, scale->count == 1 ? 0 : filter);
        if (!is_scale(list[filter]))
            return BW_OK;
    }
    *steps = list;
    return BW_OK;
}
