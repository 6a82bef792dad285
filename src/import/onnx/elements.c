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

/* ---- maps of channels ----------------------------------------------------------------------- */

bw_status bw_onnx_append_map(bw_onnx_lowering *lowering, int *tensor, const bw_onnx_tensor *numbers,
                             bool scales, double function(double))
{
    size_t count = (size_t)bw_onnx_shape(lowering, *tensor).channels;
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
    int from = *tensor;
    return bw_onnx_append_tensor(lowering, tensor, &node, &from, 1);
}

static bw_status map_channels(bw_onnx_lowering *lowering, int tensor, const bw_onnx_tensor *numbers,
                              bool scales, double function(double))
{
    bw_status status = bw_onnx_append_map(lowering, &tensor, numbers, scales, function);
    if (status == BW_OK)
        bw_onnx_output_item(lowering, 0, (bw_onnx_item){.role = BW_ONNX_PICTURE, .tensor = tensor});
    return status;
}

static bool all_are(bw_constant numbers, float value)
{
    bool same = true;
    for (size_t index = 0; index < numbers.count; index++)
        same = same && numbers.data[index] == value;
    return same;
}

/* Whether a picture is factor × x + offset, the same in all channels, as map_channels makes it. */
static bool is_map(const bw_onnx_lowering *lowering, int tensor, float factor, float offset, int *x)
{
    const bw_graph *graph = lowering->graph;
    const bw_node *node = &graph->nodes[graph->tensors[tensor].producer];
    if (node->op != BW_OP_BATCH_NORM)
        return false;
    *x = node->inputs[0];
    return node->attributes.epsilon == 0.0f && all_are(node->scale, factor) &&
           all_are(node->shift, offset) && all_are(node->mean, 0.0f) &&
           all_are(node->variance, 1.0f);
}

/* ---- activations with bounds ---------------------------------------------------------------- */

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

bw_status bw_onnx_hard_sigmoid(bw_onnx_lowering *lowering)
{
    if (bw_onnx_float(lowering, "beta", 0.5f) != 0.5f || !bw_onnx_is_inner(lowering))
        return bw_onnx_decline(lowering, "it is supported within a network, with a beta of 0.5");
    return activate_input(lowering, BW_HARD_LOGISTIC, bw_onnx_float(lowering, "alpha", 0.2f));
}

bw_status bw_onnx_hard_swish(bw_onnx_lowering *lowering)
{
    return activate_input(lowering, BW_HARD_SWISH, bw_activation_slope(BW_HARD_SWISH));
}

/* 6 × hard_function(x): what exporters write without the factor 1/6, a division that may follow. */
static bw_status activate_sixfold(bw_onnx_lowering *lowering, int tensor, bw_activation activation)
{
    static const float six = 6.0f;
    const bw_onnx_tensor numbers = {
        .name = "6", .type = BW_ONNX_F32, .count = 1, .data = (const uint8_t *)&six};
    bw_node node = {.op = BW_OP_ACTIVATION,
                    .attributes = {.activation = activation, .slope = 1.0f / six}};
    bw_status status = bw_onnx_append_tensor(lowering, &tensor, &node, &tensor, 1);
    return status == BW_OK ? map_channels(lowering, tensor, &numbers, true, NULL) : status;
}

/* ReLU6(x + 3) is 6 × hard_sigmoid(x). */
static bw_status clip_to(bw_onnx_lowering *lowering, float most)
{
    int tensor, from;
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensor);
    if (status != BW_OK)
        return status;
    return most == 6.0f && is_map(lowering, tensor, 1.0f, 3.0f, &from)
               ? activate_sixfold(lowering, from, BW_HARD_LOGISTIC)
               : activate(lowering, tensor, BW_CLIPPED, most);
}

bw_status bw_onnx_clip(bw_onnx_lowering *lowering)
{
    double least, most;
    bw_status status = read_bound(lowering, "min", 1, -HUGE_VAL, &least);
    if (status == BW_OK)
        status = read_bound(lowering, "max", 2, HUGE_VAL, &most);
    if (status != BW_OK)
        return status;
    if (least != 0.0 || !(most > 0.0) || (most < 1e30 && !bw_onnx_is_inner(lowering)))
        return bw_onnx_decline(lowering, "bounds of %g and %g are not supported here", least, most);
    return most < 1e30 ? clip_to(lowering, (float)most) : bw_onnx_relu(lowering);
}

/* ---- sums and products ---------------------------------------------------------------------- */

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

/* x × factor, or x ÷ factor where `divides`. What a factor of 6 undoes is not computed at all. */
static bw_status scale_channels(bw_onnx_lowering *lowering, int tensor,
                                const bw_onnx_tensor *numbers, bool divides)
{
    double factor = bw_onnx_real(numbers, 0);
    bool sixth = numbers->count == 1 && fabs((divides ? 1.0 / factor : factor) - 1.0 / 6.0) < 1e-7;
    int before;
    if (!sixth || !is_map(lowering, tensor, 6.0f, 0.0f, &before))
        return map_channels(lowering, tensor, numbers, true, divides ? invert : NULL);
    bw_onnx_output_item(lowering, 0, (bw_onnx_item){.role = BW_ONNX_PICTURE, .tensor = before});
    return BW_OK;
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
               ? scale_channels(lowering, tensor, numbers, true)
               : bw_onnx_decline(lowering, "pictures are divided by constants for channels only");
}

static bw_status read_pair(bw_onnx_lowering *lowering, int tensors[2])
{
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensors[0]);
    return status == BW_OK ? bw_onnx_input_picture(lowering, 1, &tensors[1]) : status;
}

bw_status bw_onnx_sum(bw_onnx_lowering *lowering)
{
    int constant;
    const bw_onnx_tensor *numbers;
    if (find_map(lowering, false, &constant, &numbers))
        return map_channels(lowering, constant, numbers, false, NULL);
    int tensors[2];
    bw_status status = read_pair(lowering, tensors);
    if (status != BW_OK)
        return status;
    if (!bw_shape_equal(bw_onnx_shape(lowering, tensors[0]), bw_onnx_shape(lowering, tensors[1])))
        return bw_onnx_decline(lowering, "tensors of different shapes cannot be added");
    bw_node node = {.op = BW_OP_ADD};
    return bw_onnx_append(lowering, &node, tensors, 2);
}

/* What x is multiplied by: a function of x itself that makes an activation, or BW_LINEAR. */
static bw_attributes gate_of(const bw_onnx_lowering *lowering, int x, const bw_onnx_item *gate)
{
    const bw_attributes none = {.activation = BW_LINEAR};
    if (gate->role == BW_ONNX_TANH_SOFTPLUS && gate->tensor == x)
        return (bw_attributes){.activation = BW_MISH};
    if (gate->role != BW_ONNX_PICTURE)
        return none;
    const bw_graph *graph = lowering->graph;
    const bw_node *node = &graph->nodes[graph->tensors[gate->tensor].producer];
    if (node->op != BW_OP_ACTIVATION || node->inputs[0] != x)
        return none;
    switch (node->attributes.activation) {
    case BW_LOGISTIC: return (bw_attributes){.activation = BW_SWISH};
    case BW_HARD_LOGISTIC:
        return (bw_attributes){.activation = BW_HARD_SWISH, .slope = node->attributes.slope};
    default: return none;
    }
}

/* x × gate, where the gate is a function of x, or six times that. */
static bool multiply_by_gate(bw_onnx_lowering *lowering, int x, const bw_onnx_item *gate,
                             bw_status *status)
{
    bw_onnx_item plain = *gate;
    bool sixfold =
        gate->role == BW_ONNX_PICTURE && is_map(lowering, gate->tensor, 6.0f, 0.0f, &plain.tensor);
    bw_attributes made = gate_of(lowering, x, &plain);
    if (made.activation == BW_LINEAR || (sixfold && made.activation != BW_HARD_SWISH))
        return false;
    *status = sixfold ? activate_sixfold(lowering, x, BW_HARD_SWISH)
                      : activate(lowering, x, made.activation, made.slope);
    return true;
}

/* Pictures of one shape, or one whose other is a factor for each channel ("squeeze and excite"). */
static bw_status multiply(bw_onnx_lowering *lowering)
{
    int tensors[2];
    bw_status status = read_pair(lowering, tensors);
    if (status != BW_OK)
        return status;
    bw_shape a = bw_onnx_shape(lowering, tensors[0]), b = bw_onnx_shape(lowering, tensors[1]);
    if (a.height == 1 && a.width == 1) {
        int first = tensors[0];
        tensors[0] = tensors[1];
        tensors[1] = first;
    }
    bool spread = (a.height == 1 && a.width == 1) || (b.height == 1 && b.width == 1);
    if (!bw_shape_equal(a, b) && (!spread || a.channels != b.channels))
        return bw_onnx_decline(lowering, "tensors of such different shapes are not multiplied");
    bw_node node = {.op = BW_OP_MULTIPLY};
    return bw_onnx_append(lowering, &node, tensors, 2);
}

bw_status bw_onnx_product(bw_onnx_lowering *lowering)
{
    int tensor;
    const bw_onnx_tensor *numbers;
    bw_status status;
    if (find_map(lowering, false, &tensor, &numbers))
        return scale_channels(lowering, tensor, numbers, false);
    for (size_t side = 0; side < 2; side++) {
        const bw_onnx_item *x = bw_onnx_input_item(lowering, side);
        const bw_onnx_item *gate = bw_onnx_input_item(lowering, 1 - side);
        if (x->role == BW_ONNX_PICTURE && multiply_by_gate(lowering, x->tensor, gate, &status))
            return status;
    }
    return bw_onnx_is_inner(lowering)
               ? multiply(lowering)
               : bw_onnx_decline(lowering, "products of pictures are supported "
                                           "within a network only");
}
