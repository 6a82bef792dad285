/**
 * The pictures that a network wants, made from those that the engine gives: RGB, 0 to 1.
 */
#include <stdio.h>
#include <string.h>

#include "import/onnx/lower.h"

/* What channel `channel` of ours is to the network: its own channel, and the factor. */
static int wanted_channel(const bw_onnx_pictures *pictures, int channel, float *factor)
{
    int own = pictures->swapped ? 2 - channel : channel;
    *factor = pictures->scale / pictures->deviation[own];
    return own;
}

static bool has_mean(const bw_onnx_pictures *pictures)
{
    return pictures->mean[0] != 0.0f || pictures->mean[1] != 0.0f || pictures->mean[2] != 0.0f;
}

static bool is_neutral(const bw_onnx_pictures *pictures)
{
    for (int channel = 0; channel < 3; channel++) {
        float factor;
        if (wanted_channel(pictures, channel, &factor) != channel || factor != 1.0f)
            return false;
    }
    return !has_mean(pictures);
}

static bool reads_input(const bw_node *node)
{
    for (int input = 0; input < node->input_count; input++) {
        if (node->inputs[input] == 0)
            return true;
    }
    return false;
}

/* Padding is 0 for the network: a mean cannot go into a convolution that pads. */
static bool folds(const bw_graph *graph, const bw_onnx_pictures *pictures)
{
    bool good = !has_mean(pictures);
    for (size_t index = 0; good && index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        good = !reads_input(node) || (node->op == BW_OP_CONV && node->attributes.groups == 1);
    }
    for (size_t index = 0; good && index < graph->output_count; index++)
        good = graph->outputs[index].tensor != 0;
    return good;
}

/* One factor of all channels goes into the steps of filters that the file has as bytes. */
static bw_status fold_steps(bw_onnx_lowering *lowering, bw_node *node,
                            const bw_onnx_pictures *pictures)
{
    const float *deviation = pictures->deviation, *from = node->steps;
    size_t filters = (size_t)node->attributes.channels;
    node->steps = NULL;
    if (!from || deviation[0] != deviation[1] || deviation[0] != deviation[2])
        return BW_OK;
    float *steps = bw_arena_array(&lowering->graph->arena, filters, sizeof *steps);
    if (!steps)
        return bw_fail_memory(lowering->error, filters * sizeof *steps, "weights");
    for (size_t filter = 0; filter < filters; filter++)
        steps[filter] = from[filter] * pictures->scale / deviation[0];
    node->steps = steps;
    return BW_OK;
}

static bw_status fold(bw_onnx_lowering *lowering, bw_node *node, const bw_onnx_pictures *pictures)
{
    size_t window = (size_t)node->attributes.kernel_height * (size_t)node->attributes.kernel_width;
    float *weights = bw_arena_array(&lowering->graph->arena, node->weights.count, sizeof *weights);
    if (!weights)
        return bw_fail_memory(lowering->error, node->weights.count * sizeof *weights, "weights");
    for (size_t at = 0; at < node->weights.count; at++) {
        float factor;
        size_t filter = at / window / 3;
        int own = wanted_channel(pictures, (int)(at / window % 3), &factor);
        weights[at] =
            node->weights.data[(filter * 3 + (size_t)own) * window + at % window] * factor;
    }
    node->weights.data = weights;
    return fold_steps(lowering, node, pictures);
}

/* A convolution of 1 × 1 that makes the network's pictures. */
static bw_status insert(bw_onnx_lowering *lowering, const bw_onnx_pictures *pictures)
{
    bw_graph *graph = lowering->graph;
    int input = 0, tensor;
    float *weights = bw_arena_array(&graph->arena, 9, sizeof *weights);
    float *bias = bw_arena_array(&graph->arena, 3, sizeof *bias);
    if (!weights || !bias)
        return bw_fail_memory(lowering->error, 12 * sizeof *weights, "weights");
    for (int channel = 0; channel < 3; channel++) {
        float factor;
        int own = wanted_channel(pictures, channel, &factor);
        weights[own * 3 + channel] = factor;
        bias[own] = -pictures->mean[own] / pictures->deviation[own];
    }
    bw_node node = {.op = BW_OP_CONV,
                    .name = "pictures",
                    .inputs = &input,
                    .input_count = 1,
                    .residual = BW_NONE,
                    .attributes = {.kernel_height = 1,
                                   .kernel_width = 1,
                                   .stride = 1,
                                   .groups = 1,
                                   .channels = 3},
                    .weights = {weights, 9},
                    .bias = {bias, 3}};
    bw_status status = bw_graph_insert(graph, &tensor, &node, 1, lowering->error);
    if (status == BW_OK)
        graph->tensors[tensor].given = graph->tensors[input].given;
    for (size_t index = 2; status == BW_OK && index < graph->node_count; index++) {
        for (int from = 0; from < graph->nodes[index].input_count; from++) {
            if (graph->nodes[index].inputs[from] == 0)
                graph->nodes[index].inputs[from] = tensor;
        }
    }
    return status;
}

bw_status bw_onnx_prepare_input(bw_onnx_lowering *lowering, const bw_onnx_pictures *pictures)
{
    bw_graph *graph = lowering->graph;
    bw_status status = BW_OK;
    if (is_neutral(pictures))
        return BW_OK;
    if (!folds(graph, pictures))
        return insert(lowering, pictures);
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++) {
        if (reads_input(&graph->nodes[index]))
            status = fold(lowering, &graph->nodes[index], pictures);
    }
    return status;
}

/* What the side file says goes before what the family wants. */
static bw_onnx_pictures choose_pictures(const bw_onnx_pictures *family, const bw_side *side)
{
    bw_onnx_pictures out = *family;
    if (side->order != BW_ORDER_UNSAID)
        out.swapped = side->order == BW_ORDER_BGR;
    if (!side->has_mean && !side->has_scale)
        return out;
    for (int channel = 0; channel < 3; channel++) {
        float unit = 255.0f / family->scale;
        out.mean[channel] = side->has_mean ? side->mean[channel] : family->mean[channel] * unit;
        out.deviation[channel] =
            side->has_scale ? side->deviation[channel] : family->deviation[channel] * unit;
    }
    out.scale = 255.0f;
    return out;
}

/* "BGR, 0 to 255", or "RGB, mean 0.485, … and deviation 0.229, … of 0 to 1". */
static bw_status describe_pictures(bw_onnx_lowering *lowering, const bw_onnx_pictures *pictures)
{
    const float *mean = pictures->mean, *deviation = pictures->deviation;
    const char *order = pictures->swapped ? "BGR" : "RGB";
    bool even = deviation[0] == deviation[1] && deviation[0] == deviation[2];
    bw_arena *arena = &lowering->graph->arena;
    if (!has_mean(pictures) && even)
        lowering->out->pictures =
            bw_arena_format(arena, "%s, 0 to %g", order, (double)(pictures->scale / deviation[0]));
    else
        lowering->out->pictures = bw_arena_format(
            arena, "%s, 0 to %g, less %g, %g, %g, over %g, %g, %g", order, (double)pictures->scale,
            (double)mean[0], (double)mean[1], (double)mean[2], (double)deviation[0],
            (double)deviation[1], (double)deviation[2]);
    return lowering->out->pictures ? BW_OK : bw_fail_memory(lowering->error, 80, "a text");
}

bw_status bw_onnx_set_pictures(bw_onnx_lowering *lowering, const bw_onnx_pictures *pictures,
                               bw_resize resize, float padding)
{
    const bw_side *side = lowering->side;
    bw_onnx_pictures chosen = choose_pictures(pictures, side);
    lowering->out->resize = side->placement != BW_RESIZE_AUTO ? side->placement : resize;
    lowering->out->padding = side->has_padding ? side->padding / 255.0f : padding;
    bw_status status = describe_pictures(lowering, &chosen);
    return status == BW_OK ? bw_onnx_prepare_input(lowering, &chosen) : status;
}
