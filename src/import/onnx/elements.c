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

bw_status bw_onnx_sum(bw_onnx_lowering *lowering)
{
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
