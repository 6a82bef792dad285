/**
 * The network's layers as ONNX nodes: an operation of the graph a function, found by a table.
 */
#include <string.h>

#include "export/onnx.h"

/* Writes a node of the graph under `name`, and returns the value that it gives. */
typedef const char *layer_writer(bw_onnx *onnx, const bw_node *node, const char *name);

static const char *input_of(const bw_onnx *onnx, const bw_node *node)
{
    return onnx->tensors[node->inputs[0]];
}

static const char *gate(bw_onnx *onnx, const char *name, const char *in, const char *factor)
{
    return bw_onnx_join(onnx, "Mul", bw_onnx_name(onnx, name, "activation"), in, factor);
}

static const char *clip(bw_onnx *onnx, const bw_node *node, const char *name, const char *in)
{
    const char *least = bw_onnx_scalar(onnx, bw_onnx_name(onnx, name, "least"), 0.0f);
    const char *most =
        bw_onnx_scalar(onnx, bw_onnx_name(onnx, name, "most"), node->attributes.slope);
    bw_onnx_begin(onnx, "Clip", (const char *const[]){in, least, most}, 3);
    return bw_onnx_end(onnx, bw_onnx_name(onnx, name, "activation"));
}

static const char *hard_logistic(bw_onnx *onnx, const bw_node *node, const char *to, const char *in)
{
    bw_onnx_begin(onnx, "HardSigmoid", &in, 1);
    bw_onnx_number(onnx, "alpha", node->attributes.slope);
    bw_onnx_number(onnx, "beta", 0.5f);
    return bw_onnx_end(onnx, to);
}

static const char *activate(bw_onnx *onnx, const bw_node *node, const char *name, const char *in)
{
    const char *to = bw_onnx_name(onnx, name, "activation");
    switch (node->attributes.activation) {
    case BW_RELU: return bw_onnx_map(onnx, "Relu", to, in);
    case BW_LOGISTIC: return bw_onnx_map(onnx, "Sigmoid", to, in);
    case BW_LEAKY:
        bw_onnx_begin(onnx, "LeakyRelu", &in, 1);
        bw_onnx_number(onnx, "alpha", node->attributes.slope);
        return bw_onnx_end(onnx, to);
    case BW_SWISH:
        return gate(onnx, name, in,
                    bw_onnx_map(onnx, "Sigmoid", bw_onnx_name(onnx, name, "sigmoid"), in));
    case BW_MISH:
        return gate(
            onnx, name, in,
            bw_onnx_map(onnx, "Tanh", bw_onnx_name(onnx, name, "tanh"),
                        bw_onnx_map(onnx, "Softplus", bw_onnx_name(onnx, name, "softplus"), in)));
    case BW_CLIPPED: return clip(onnx, node, name, in);
    case BW_HARD_LOGISTIC: return hard_logistic(onnx, node, to, in);
    case BW_HARD_SWISH:
        return gate(onnx, name, in,
                    hard_logistic(onnx, node, bw_onnx_name(onnx, name, "hard_sigmoid"), in));
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: break;
    }
    return in;
}

static void write_window(bw_onnx *onnx, const bw_attributes *a)
{
    bw_onnx_integers(onnx, "kernel_shape", (const int[]){a->kernel_height, a->kernel_width}, 2);
    bw_onnx_integers(onnx, "strides", (const int[]){a->stride, a->stride}, 2);
    bw_onnx_integers(onnx, "pads",
                     (const int[]){a->pad_top, a->pad_left, a->pad_bottom, a->pad_right}, 4);
}

static const char *write_conv(bw_onnx *onnx, const bw_node *node, const char *name)
{
    const char *inputs[3] = {input_of(onnx, node)};
    bw_onnx_filters(onnx, node, name, &inputs[1], &inputs[2]);
    bw_onnx_begin(onnx, "Conv", inputs, *inputs[2] ? 3 : 2);
    write_window(onnx, &node->attributes);
    bw_onnx_integer(onnx, "group", node->attributes.groups);
    const char *value = activate(onnx, node, name, bw_onnx_end(onnx, name));
    if (node->residual == BW_NONE)
        return value;
    return bw_onnx_join(onnx, "Add", bw_onnx_name(onnx, name, "sum"), value,
                        onnx->tensors[node->residual]);
}

static const char *write_max_pool(bw_onnx *onnx, const bw_node *node, const char *name)
{
    const char *in = input_of(onnx, node);
    bw_onnx_begin(onnx, "MaxPool", &in, 1);
    write_window(onnx, &node->attributes);
    return bw_onnx_end(onnx, name);
}

static const char *write_average_pool(bw_onnx *onnx, const bw_node *node, const char *name)
{
    return bw_onnx_map(onnx, "GlobalAveragePool", name, input_of(onnx, node));
}

static const char *write_add(bw_onnx *onnx, const bw_node *node, const char *name)
{
    const char *sum =
        bw_onnx_join(onnx, "Add", name, input_of(onnx, node), onnx->tensors[node->inputs[1]]);
    return activate(onnx, node, name, sum);
}

static const char *write_multiply(bw_onnx *onnx, const bw_node *node, const char *name)
{
    return bw_onnx_join(onnx, "Mul", name, input_of(onnx, node), onnx->tensors[node->inputs[1]]);
}

static const char *write_activation(bw_onnx *onnx, const bw_node *node, const char *name)
{
    return activate(onnx, node, name, input_of(onnx, node));
}

static const char *write_concat(bw_onnx *onnx, const bw_node *node, const char *name)
{
    const char **inputs = bw_onnx_memory(onnx, (size_t)node->input_count, sizeof *inputs);
    if (!inputs)
        return name;
    for (int input = 0; input < node->input_count; input++)
        inputs[input] = onnx->tensors[node->inputs[input]];
    return bw_onnx_concat(onnx, name, inputs, node->input_count, 1);
}

static const char *write_slice(bw_onnx *onnx, const bw_node *node, const char *name)
{
    const bw_attributes *a = &node->attributes;
    return bw_onnx_slice(onnx, name, input_of(onnx, node), 1, a->first_channel,
                         a->first_channel + a->channels);
}

static const char *write_upsample(bw_onnx *onnx, const bw_node *node, const char *name)
{
    float factor = (float)node->attributes.stride;
    float *scales = bw_onnx_memory(onnx, 4, sizeof *scales);
    if (scales)
        memcpy(scales, (const float[]){1.0f, 1.0f, factor, factor}, 4 * sizeof *scales);
    const char *constant = bw_onnx_add(
        onnx,
        &(bw_onnx_constant){bw_onnx_name(onnx, name, "scales"), BW_ONNX_FLOAT, {4}, 1, scales});
    bw_onnx_begin(onnx, "Resize", (const char *const[]){input_of(onnx, node), "", constant}, 3);
    bw_onnx_word(onnx, "mode", "nearest");
    bw_onnx_word(onnx, "coordinate_transformation_mode", "asymmetric");
    bw_onnx_word(onnx, "nearest_mode", "floor");
    return bw_onnx_end(onnx, name);
}

/* Darknet's order of channels: see kernels/ref/reorg_ref.c. */
static const char *write_reorg(bw_onnx *onnx, const bw_node *node, const char *name)
{
    static const int order[] = {0, 3, 5, 1, 2, 4};
    bw_shape in = onnx->what->graph->tensors[node->inputs[0]].shape;
    bw_shape out = onnx->what->graph->tensors[node->output].shape;
    int step = node->attributes.stride;
    int64_t split[] = {0, in.channels / (step * step), in.height, step, in.width, step};
    int64_t merged[] = {0, out.channels, out.height, out.width};
    const char *pixels =
        bw_onnx_reshape(onnx, bw_onnx_name(onnx, name, "pixels"), input_of(onnx, node), split, 6);
    pixels = bw_onnx_transpose(onnx, bw_onnx_name(onnx, name, "sorted"), pixels, order, 6);
    return bw_onnx_reshape(onnx, name, pixels, merged, 4);
}

static const char *write_convert(bw_onnx *onnx, const bw_node *node, const char *name)
{
    (void)name;
    return input_of(onnx, node);
}

static const char *write_input(bw_onnx *onnx, const bw_node *node, const char *name)
{
    (void)onnx;
    (void)node;
    (void)name;
    return "images";
}

static layer_writer *const writers[BW_OP_COUNT] = {
    [BW_OP_INPUT] = write_input,
    [BW_OP_CONV] = write_conv,
    [BW_OP_ACTIVATION] = write_activation,
    [BW_OP_MAX_POOL] = write_max_pool,
    [BW_OP_AVERAGE_POOL] = write_average_pool,
    [BW_OP_ADD] = write_add,
    [BW_OP_MULTIPLY] = write_multiply,
    [BW_OP_CONCAT] = write_concat,
    [BW_OP_SLICE] = write_slice,
    [BW_OP_UPSAMPLE] = write_upsample,
    [BW_OP_REORG] = write_reorg,
    [BW_OP_CONVERT] = write_convert,
};

/* The layer's name as an identifier: "12 convolutional" becomes "layer_12_convolutional". */
static char *make_identifier(bw_onnx *onnx, const char *name)
{
    bool digit = *name >= '0' && *name <= '9';
    char *text = bw_arena_format(&onnx->arena, "%s%s", digit ? "layer_" : "", name);
    onnx->failed |= !text;
    for (char *c = text; c && *c; c++) {
        bool good =
            (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        *c = good ? *c : '_';
    }
    return text;
}

/* The same with a number where an earlier node of the layer has it already. */
static const char *name_layer(bw_onnx *onnx, size_t index)
{
    int earlier = 0;
    for (size_t other = 0; other < index; other++)
        earlier += onnx->layers[other] && strcmp(onnx->layers[index], onnx->layers[other]) == 0;
    if (earlier == 0)
        return onnx->layers[index];
    const char *text = bw_arena_format(&onnx->arena, "%s.%d", onnx->layers[index], earlier + 1);
    onnx->failed |= !text;
    return text ? text : "";
}

static void write_layer(bw_onnx *onnx, size_t index)
{
    const bw_graph *graph = onnx->what->graph;
    const bw_node *node = &graph->nodes[index];
    bw_format format = graph->tensors[node->output].format;
    const char *name = name_layer(onnx, index);
    const char *value = writers[node->op](onnx, node, name);
    onnx->tensors[node->output] =
        format.type == BW_U8 ? bw_onnx_quantize(onnx, name, value, format) : value;
}

bw_status bw_onnx_layers(bw_onnx *onnx, bw_error *error)
{
    const bw_graph *graph = onnx->what->graph;
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (!writers[node->op])
            return bw_fail(error, BW_ERROR_UNSUPPORTED,
                           "layer %s (%s) cannot be written as ONNX by this version", node->name,
                           bw_op_name(node->op));
        onnx->layers[index] = make_identifier(onnx, node->name);
        if (onnx->failed)
            return bw_fail_memory(error, sizeof *node, "an ONNX model");
        write_layer(onnx, index);
    }
    return BW_OK;
}
