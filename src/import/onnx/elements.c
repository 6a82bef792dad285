/**
 * What works number by number: activations in their several spellings, sums.
 */
#include <math.h>
#include <string.h>

#include "import/onnx/lower.h"

static bw_status activate(bw_onnx_lowering *lowering, int tensor, bw_activation activation,
                          float slope)
{
    bw_node node = {.op = BW_OP_ACTIVATION,
                    .attributes = {.activation = activation, .slope = slope}};
    return bw_onnx_append(lowering, &node, &tensor, 1);
}

static bw_status activate_input(bw_onnx_lowering *lowering, bw_activation activation, float slope)
{
    int tensor;
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensor);
    return status == BW_OK ? activate(lowering, tensor, activation, slope) : status;
}

bw_status bw_onnx_relu(bw_onnx_lowering *lowering)
{
    return activate_input(lowering, BW_RELU, 0.0f);
}

bw_status bw_onnx_leaky(bw_onnx_lowering *lowering)
{
    return activate_input(lowering, BW_LEAKY, bw_onnx_float(lowering, "alpha", 0.01f));
}

/* One slope for all channels is a leaky ReLU. */
bw_status bw_onnx_prelu(bw_onnx_lowering *lowering)
{
    const bw_onnx_tensor *slopes;
    bw_status status = bw_onnx_input_numbers(lowering, 1, &slopes);
    if (status != BW_OK)
        return status;
    if (!slopes || slopes->count == 0 || slopes->type != BW_ONNX_F32)
        return bw_onnx_decline(lowering, "it has no slopes of 32-bit floats");
    for (size_t index = 1; index < slopes->count; index++) {
        if (bw_onnx_real(slopes, index) != bw_onnx_real(slopes, 0))
            return bw_onnx_decline(lowering, "slopes that differ by channel are not supported");
    }
    if (!isfinite(bw_onnx_real(slopes, 0)))
        return bw_onnx_decline(lowering, "its slope is not finite");
    return activate_input(lowering, BW_LEAKY, (float)bw_onnx_real(slopes, 0));
}

bw_status bw_onnx_sigmoid(bw_onnx_lowering *lowering)
{
    return activate_input(lowering, BW_LOGISTIC, 0.0f);
}

bw_status bw_onnx_silu(bw_onnx_lowering *lowering)
{
    if (bw_onnx_float(lowering, "alpha", 1.0f) != 1.0f)
        return bw_onnx_decline(lowering, "an alpha other than 1 is not supported");
    return activate_input(lowering, BW_SWISH, 0.0f);
}

bw_status bw_onnx_mish(bw_onnx_lowering *lowering)
{
    return activate_input(lowering, BW_MISH, 0.0f);
}

bw_status bw_onnx_softplus(bw_onnx_lowering *lowering)
{
    int tensor;
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensor);
    if (status == BW_OK)
        bw_onnx_output_item(lowering, 0,
                            (bw_onnx_item){.role = BW_ONNX_SOFTPLUS, .tensor = tensor});
    return status;
}

bw_status bw_onnx_tanh(bw_onnx_lowering *lowering)
{
    bw_onnx_item item = *bw_onnx_input_item(lowering, 0);
    if (item.role != BW_ONNX_SOFTPLUS)
        return bw_onnx_decline(lowering, "it is supported as a part of Mish only");
    item.role = BW_ONNX_TANH_SOFTPLUS;
    bw_onnx_output_item(lowering, 0, item);
    return BW_OK;
}

/* A bound: an attribute until operator set 10, then an input. */
static bw_status read_bound(bw_onnx_lowering *lowering, const char *name, size_t input,
                            double otherwise, double *bound)
{
    const bw_onnx_tensor *numbers;
    bw_status status = bw_onnx_input_numbers(lowering, input, &numbers);
    *bound = (double)bw_onnx_float(lowering, name, (float)otherwise);
    if (status == BW_OK && numbers && numbers->count == 1 && numbers->type == BW_ONNX_F32)
        *bound = bw_onnx_real(numbers, 0);
    return status;
}

bw_status bw_onnx_clip(bw_onnx_lowering *lowering)
{
    double least, most;
    bw_status status = read_bound(lowering, "min", 1, -HUGE_VAL, &least);
    if (status == BW_OK)
        status = read_bound(lowering, "max", 2, HUGE_VAL, &most);
    if (status != BW_OK)
        return status;
    if (least != 0.0 || most < 1e30)
        return bw_onnx_decline(lowering, "bounds of %g and %g are not supported", least, most);
    return bw_onnx_relu(lowering);
}

bw_status bw_onnx_identity(bw_onnx_lowering *lowering)
{
    bw_onnx_item item = *bw_onnx_input_item(lowering, 0);
    if (item.role == BW_ONNX_ABSENT)
        return bw_onnx_decline(lowering, "nobody makes its input");
    bw_onnx_output_item(lowering, 0, item);
    return BW_OK;
}

/* Whether constants are one number for each channel of a picture, or one for all of them. */
static bool is_by_channel(const bw_onnx_tensor *numbers, int channels)
{
    if (numbers->type != BW_ONNX_F32 || numbers->rank > 4)
        return false;
    if (numbers->count == 1)
        return true;
    int axis = numbers->rank - 3; /* channels, rows, columns from the right */
    return axis >= 0 && numbers->dims[axis] == channels && (int64_t)numbers->count == channels;
}

/* y = factor × x + offset, a channel: factor where `scales`, else offset comes from the numbers. */
static bw_status map_channels(bw_onnx_lowering *lowering, int tensor, const bw_onnx_tensor *numbers,
                              bool scales, double function(double))
{
    int channels = bw_onnx_shape(lowering, tensor).channels;
    size_t count = (size_t)channels;
    float *table = bw_arena_array(&lowering->graph->arena, 3 * count, sizeof *table);
    if (!table)
        return bw_fail_memory(lowering->error, 3 * count * sizeof *table, "a node");
    for (size_t channel = 0; channel < count; channel++) {
        double number = bw_onnx_real(numbers, numbers->count == 1 ? 0 : channel);
        float value = (float)(function ? function(number) : number);
        if (!isfinite(value))
            return bw_onnx_decline(lowering, "one of its constants is not finite");
        table[channel] = scales ? value : 1.0f;
        table[count + channel] = scales ? 0.0f : value;
        table[2 * count + channel] = 1.0f;
    }
    float *zeros = bw_arena_array(&lowering->graph->arena, count, sizeof *zeros);
    if (!zeros)
        return bw_fail_memory(lowering->error, count * sizeof *zeros, "a node");
    bw_node node = {.op = BW_OP_BATCH_NORM,
                    .scale = {table, count},
                    .shift = {table + count, count},
                    .mean = {zeros, count},
                    .variance = {table + 2 * count, count}};
    return bw_onnx_append(lowering, &node, &tensor, 1);
}

/* A picture and constants for its channels, in either order unless it is `ordered`; else false. */
static bool find_map(const bw_onnx_lowering *lowering, bool ordered, int *tensor,
                     const bw_onnx_tensor **numbers)
{
    for (size_t side = 0; side < (ordered ? 1u : 2u); side++) {
        const bw_onnx_item *x = bw_onnx_input_item(lowering, side);
        const bw_onnx_item *other = bw_onnx_input_item(lowering, 1 - side);
        if (x->role != BW_ONNX_PICTURE || other->role != BW_ONNX_NUMBERS ||
            !is_by_channel(other->numbers, bw_onnx_shape(lowering, x->tensor).channels))
            continue;
        *tensor = x->tensor;
        *numbers = other->numbers;
        return true;
    }
    return false;
}

static double negate(double x)
{
    return -x;
}

static double invert(double x)
{
    return 1.0 / x;
}

bw_status bw_onnx_difference(bw_onnx_lowering *lowering)
{
    int tensor;
    const bw_onnx_tensor *numbers;
    return find_map(lowering, true, &tensor, &numbers)
               ? map_channels(lowering, tensor, numbers, false, negate)
               : bw_onnx_decline(lowering, "only constants for channels are taken from pictures");
}

bw_status bw_onnx_quotient(bw_onnx_lowering *lowering)
{
    int tensor;
    const bw_onnx_tensor *numbers;
    return find_map(lowering, true, &tensor, &numbers)
               ? map_channels(lowering, tensor, numbers, true, invert)
               : bw_onnx_decline(lowering, "pictures are divided by constants for channels only");
}

bw_status bw_onnx_sum(bw_onnx_lowering *lowering)
{
    int constant;
    const bw_onnx_tensor *numbers;
    if (find_map(lowering, false, &constant, &numbers))
        return map_channels(lowering, constant, numbers, false, NULL);
    int tensors[2];
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensors[0]);
    if (status == BW_OK)
        status = bw_onnx_input_picture(lowering, 1, &tensors[1]);
    if (status != BW_OK)
        return status;
    if (!bw_shape_equal(bw_onnx_shape(lowering, tensors[0]), bw_onnx_shape(lowering, tensors[1])))
        return bw_onnx_decline(lowering, "tensors of different shapes cannot be added");
    bw_node node = {.op = BW_OP_ADD};
    return bw_onnx_append(lowering, &node, tensors, 2);
}

/* What x is multiplied by: a function of x itself that makes an activation, or BW_LINEAR. */
static bw_activation gate_of(const bw_onnx_lowering *lowering, int x, const bw_onnx_item *gate)
{
    if (gate->role == BW_ONNX_TANH_SOFTPLUS && gate->tensor == x)
        return BW_MISH;
    if (gate->role != BW_ONNX_PICTURE)
        return BW_LINEAR;
    const bw_graph *graph = lowering->graph;
    const bw_node *node = &graph->nodes[graph->tensors[gate->tensor].producer];
    bool logistic = node->op == BW_OP_ACTIVATION && node->attributes.activation == BW_LOGISTIC;
    return logistic && node->inputs[0] == x ? BW_SWISH : BW_LINEAR;
}

bw_status bw_onnx_product(bw_onnx_lowering *lowering)
{
    int tensor;
    const bw_onnx_tensor *numbers;
    if (find_map(lowering, false, &tensor, &numbers))
        return map_channels(lowering, tensor, numbers, true, NULL);
    for (size_t side = 0; side < 2; side++) {
        const bw_onnx_item *x = bw_onnx_input_item(lowering, side);
        bw_activation activation =
            x->role == BW_ONNX_PICTURE
                ? gate_of(lowering, x->tensor, bw_onnx_input_item(lowering, 1 - side))
                : BW_LINEAR;
        if (activation != BW_LINEAR)
            return activate(lowering, x->tensor, activation, 0.0f);
    }
    return bw_onnx_decline(lowering, "products other than those of SiLU and Mish are not "
                                     "supported");
}
