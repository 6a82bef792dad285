/**
 * Darknet's [reorg], as `boxwright convert` writes it: the channels split into rows and columns of
 * blocks, the six sides sorted, and merged again (export/onnx_layers.c).
 */
#include <string.h>

#include "import/onnx/lower.h"

enum { SPLIT_SIDES = 6, PICTURE_SIDES = 4 };

/* The shape that a Reshape names; a batch of 0 (as it is) or 1. */
static bw_status read_sides(bw_onnx_lowering *lowering, bw_onnx_ints *sides)
{
    bw_status status = bw_onnx_read_ints(lowering, sides, "shape", 1);
    if (status == BW_OK && (sides->count == 0 || sides->values[0] < 0 || sides->values[0] > 1))
        return bw_onnx_decline(lowering, "it does not keep the batch");
    return status;
}

static bool are_sides(const bw_onnx_ints *sides, const int64_t *wanted, size_t count)
{
    return sides->count == count + 1 &&
           memcmp(sides->values + 1, wanted, count * sizeof *wanted) == 0;
}

static bw_status split(bw_onnx_lowering *lowering, const bw_onnx_ints *sides)
{
    int tensor;
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensor);
    if (status != BW_OK)
        return status;
    bw_shape shape = bw_onnx_shape(lowering, tensor);
    int64_t step = sides->count == SPLIT_SIDES ? sides->values[3] : 0;
    if (step < 2 || step > 64 || shape.channels % (step * step) != 0)
        return bw_onnx_decline(lowering, "it is supported as a part of [reorg] only");
    int64_t wanted[] = {shape.channels / (step * step), shape.height, step, shape.width, step};
    if (!are_sides(sides, wanted, SPLIT_SIDES - 1))
        return bw_onnx_decline(lowering, "it is supported as a part of [reorg] only");
    bw_onnx_output_item(
        lowering, 0,
        (bw_onnx_item){.role = BW_ONNX_SPLIT, .tensor = tensor, .step = {(int)step, (int)step}});
    return BW_OK;
}

static bw_status merge(bw_onnx_lowering *lowering, const bw_onnx_item *item,
                       const bw_onnx_ints *sides)
{
    int step = item->step[0], tensor = item->tensor;
    bw_shape shape = bw_onnx_shape(lowering, tensor);
    int64_t wanted[] = {(int64_t)shape.channels * step * step, shape.height / step,
                        shape.width / step};
    if (!are_sides(sides, wanted, PICTURE_SIDES - 1))
        return bw_onnx_decline(lowering, "it is supported as a part of [reorg] only");
    bw_node node = {.op = BW_OP_REORG, .attributes = {.stride = step}};
    return bw_onnx_append(lowering, &node, &tensor, 1);
}

bw_status bw_onnx_reshape_reorg(bw_onnx_lowering *lowering)
{
    bw_onnx_item item = *bw_onnx_input_item(lowering, 0);
    bw_onnx_ints sides;
    bw_status status = read_sides(lowering, &sides);
    if (status != BW_OK)
        return status;
    return item.role == BW_ONNX_SORTED ? merge(lowering, &item, &sides) : split(lowering, &sides);
}

bw_status bw_onnx_transpose_reorg(bw_onnx_lowering *lowering)
{
    static const int64_t wanted[SPLIT_SIDES] = {0, 3, 5, 1, 2, 4};
    bw_onnx_item item = *bw_onnx_input_item(lowering, 0);
    bw_onnx_ints order;
    bw_status status = bw_onnx_read_ints(lowering, &order, "perm", 0);
    if (status != BW_OK)
        return status;
    if (item.role != BW_ONNX_SPLIT || order.count != SPLIT_SIDES ||
        memcmp(order.values, wanted, sizeof wanted) != 0)
        return bw_onnx_decline(lowering, "it is supported as a part of [reorg] only");
    item.role = BW_ONNX_SORTED;
    bw_onnx_output_item(lowering, 0, item);
    return BW_OK;
}
