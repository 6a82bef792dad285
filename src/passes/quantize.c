#include "passes/quantize.h"

#include <math.h>

#include "passes/gains.h"
#include "passes/heads.h"

bool bw_moves_bytes(bw_op op)
{
    return op == BW_OP_CONCAT || op == BW_OP_SLICE || op == BW_OP_MAX_POOL ||
           op == BW_OP_UPSAMPLE || op == BW_OP_REORG;
}

static bw_op producer_of(const bw_graph *graph, size_t tensor)
{
    return graph->nodes[graph->tensors[tensor].producer].op;
}

/* ---- Classes -------------------------------------------------------------------------------- */

static int find(const int *classes, int tensor)
{
    while (classes[tensor] != tensor)
        tensor = classes[tensor];
    return tensor;
}

/* Tensors share a format where an operation moves bytes between them unchanged. */
int *bw_find_classes(bw_graph *graph)
{
    int *classes = bw_arena_array(&graph->arena, graph->tensor_count, sizeof *classes);
    if (!classes)
        return NULL;
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++)
        classes[tensor] = (int)tensor;
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        for (int input = 0; bw_moves_bytes(node->op) && input < node->input_count; input++) {
            int a = find(classes, node->output), b = find(classes, node->inputs[input]);
            classes[a > b ? a : b] = a > b ? b : a;
        }
    }
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++)
        classes[tensor] = find(classes, (int)tensor);
    return classes;
}

static bool make_factors(bw_graph *graph, float **factors)
{
    bool good = factors != NULL;
    for (size_t tensor = 0; good && tensor < graph->tensor_count; tensor++) {
        int channels = graph->tensors[tensor].shape.channels;
        factors[tensor] = bw_arena_array(&graph->arena, (size_t)channels, sizeof **factors);
        good = factors[tensor] != NULL;
        for (int channel = 0; good && channel < channels; channel++)
            factors[tensor][channel] = 1.0f;
    }
    return good;
}

bw_status bw_quantization_open(bw_quantization *how, bw_graph *graph,
                               const bw_statistics *statistics, int largest_dense, bw_error *error)
{
    size_t count = graph->tensor_count;
    *how = (bw_quantization){
        .statistics = statistics, .largest_dense = largest_dense, .largest_whole = largest_dense};
    how->factors = bw_arena_array(&graph->arena, count, sizeof *how->factors);
    how->classes = bw_find_classes(graph);
    how->ranges = bw_arena_array(&graph->arena, count, sizeof *how->ranges);
    if (!make_factors(graph, how->factors) || !how->classes || !how->ranges)
        return bw_fail_memory(error, count * sizeof *how->ranges, "a pass");
    return bw_equalize_channels(graph, how, error);
}

/* ---- Ranges --------------------------------------------------------------------------------- */

/* Of the class that begins with `first`: what counts is tensors that are rounded to bytes there. */
static void choose_range(const bw_quantization *how, const bw_graph *graph, float *const *gains,
                         int first, bw_range_rule rule, bw_channels *members)
{
    size_t count = 0;
    bw_range range;
    for (size_t tensor = (size_t)first; tensor < graph->tensor_count; tensor++) {
        if (how->classes[tensor] == first && !bw_moves_bytes(producer_of(graph, tensor)))
            members[count++] =
                (bw_channels){how->statistics[tensor].channels, how->factors[tensor], gains[tensor],
                              (size_t)graph->tensors[tensor].shape.channels};
    }
    bw_histogram_range(members, count, rule, &range.low, &range.high);
    for (size_t tensor = (size_t)first; tensor < graph->tensor_count; tensor++) {
        if (how->classes[tensor] == first)
            how->ranges[tensor] = range;
    }
}

bw_status bw_choose_ranges(bw_quantization *how, bw_graph *graph, bw_range_rule rule,
                           bw_error *error)
{
    float **gains;
    bw_status status = bw_noise_gains(&gains, graph, how->statistics, error);
    if (status != BW_OK)
        return status;
    bw_channels *members = bw_arena_array(&graph->arena, graph->tensor_count, sizeof *members);
    if (!members)
        return bw_fail_memory(error, graph->tensor_count * sizeof *members, "a pass");
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        if (how->classes[tensor] == (int)tensor)
            choose_range(how, graph, gains, (int)tensor, rule, members);
    }
    return BW_OK;
}

/* ---- Formats -------------------------------------------------------------------------------- */

static bool holds_picture(const bw_quantization *how, const bw_graph *graph, int class_id)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_INPUT && how->classes[node->output] == class_id)
            return true;
    }
    return false;
}

bw_format bw_range_bytes(bw_range range)
{
    float scale = (range.high - range.low) / 255.0f;
    return (bw_format){BW_U8, scale,
                       (int32_t)fminf(fmaxf(roundf(-range.low / scale), 0.0f), 255.0f)};
}

bw_format bw_range_format(const bw_quantization *how, const bw_graph *graph, int tensor)
{
    if (holds_picture(how, graph, how->classes[tensor]))
        return (bw_format){BW_U8, 1.0f / 255.0f, 0};
    return how->formats ? how->formats[tensor] : bw_range_bytes(how->ranges[tensor]);
}

/* The picture's bytes are what its file holds; nothing else may be rounded to them. */
static bw_status check_picture(const bw_graph *graph, const bw_quantization *how, int tensor,
                               bw_error *error)
{
    const bw_node *producer = &graph->nodes[graph->tensors[tensor].producer];
    if (producer->op == BW_OP_INPUT || bw_moves_bytes(producer->op) ||
        !holds_picture(how, graph, how->classes[tensor]))
        return BW_OK;
    return bw_fail(error, BW_ERROR_UNSUPPORTED,
                   "layer %s joins the picture with other numbers, which INT8 cannot do",
                   producer->name);
}

static bw_status set_formats(bw_graph *graph, const bw_quantization *how, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t tensor = 0; status == BW_OK && tensor < graph->tensor_count; tensor++) {
        bool floats = how->floats && how->floats[how->classes[tensor]];
        if (floats || graph->tensors[tensor].dense)
            graph->tensors[tensor].format = (bw_format){.type = BW_F32};
        else
            graph->tensors[tensor].format = bw_range_format(how, graph, (int)tensor);
        status = check_picture(graph, how, (int)tensor, error);
    }
    return status;
}

bw_status bw_give_formats(bw_graph *graph, const bw_quantization *how, bw_error *error)
{
    bw_status status = set_formats(graph, how, error);
    if (status == BW_OK)
        status = bw_free_outputs(graph, error);
    return status == BW_OK ? bw_join_formats(graph, error) : status;
}

bw_status bw_pass_quantize(bw_graph *graph, const bw_quantization *how, bw_error *error)
{
    bw_status status = set_formats(graph, how, error);
    if (status == BW_OK)
        status = bw_free_outputs(graph, error);
    if (status == BW_OK)
        status = bw_quantize_weights(graph, how, error);
    if (status == BW_OK)
        status = bw_join_formats(graph, error);
    return status == BW_OK ? bw_graph_verify(graph, error) : status;
}
