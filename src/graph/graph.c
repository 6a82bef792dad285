#include "graph/graph.h"

#include <stdlib.h>
#include <string.h>

void bw_graph_init(bw_graph *graph, uint64_t tensor_limit)
{
    *graph = (bw_graph){.tensor_limit = tensor_limit};
}

void bw_graph_free(bw_graph *graph)
{
    bw_arena_free(&graph->arena);
    free(graph->nodes);
    free(graph->tensors);
    free(graph->outputs);
    *graph = (bw_graph){0};
}

static bool reserve(bw_graph *graph)
{
    return bw_array_reserve((void **)&graph->nodes, &graph->node_capacity, graph->node_count + 1,
                            sizeof *graph->nodes) &&
           bw_array_reserve((void **)&graph->tensors, &graph->tensor_capacity,
                            graph->tensor_count + 1, sizeof *graph->tensors);
}

/* Appends the node with a copy of its name and inputs, and a tensor of the given shape for it. */
static bw_status append(bw_graph *graph, int *tensor, const bw_node *node, bw_shape shape,
                        bw_error *error)
{
    size_t inputs = (size_t)node->input_count;
    bw_node copy = *node;
    copy.name = bw_arena_text(&graph->arena, node->name, strlen(node->name));
    copy.inputs = bw_arena_array(&graph->arena, inputs, sizeof *copy.inputs);
    if (!copy.name || !copy.inputs || !reserve(graph))
        return bw_fail_memory(error, sizeof *node, "a node of the network");
    if (inputs)
        memcpy(copy.inputs, node->inputs, inputs * sizeof *copy.inputs);
    copy.output = (int)graph->tensor_count;
    bool dense = node->op == BW_OP_PLAIN || (node->op == BW_OP_CONVERT && node->attributes.dense);
    graph->tensors[graph->tensor_count++] =
        (bw_tensor){.shape = shape, .producer = (int)graph->node_count, .dense = dense};
    graph->nodes[graph->node_count++] = copy;
    *tensor = copy.output;
    return BW_OK;
}

static bw_status check_size(const bw_graph *graph, const char *name, bw_shape shape,
                            bw_error *error)
{
    uint64_t pixels = (uint64_t)shape.height * (uint64_t)shape.width;
    uint64_t limit = graph->tensor_limit / sizeof(float);
    if (pixels > limit || pixels * (uint64_t)shape.channels > limit)
        return bw_fail(error, BW_ERROR_LIMIT,
                       "layer %s gives %d × %d × %d numbers, more than the limit of %llu bytes",
                       name, shape.height, shape.width, shape.channels,
                       (unsigned long long)graph->tensor_limit);
    return BW_OK;
}

static bw_status check_positive(const char *name, bw_shape shape, bw_error *error)
{
    if (shape.height < 1 || shape.width < 1 || shape.channels < 1)
        return bw_fail(error, BW_ERROR_FORMAT, "layer %s gives an empty picture, %d × %d × %d",
                       name, shape.height, shape.width, shape.channels);
    return BW_OK;
}

bw_status bw_graph_add_input(bw_graph *graph, int *tensor, bw_shape shape, bw_error *error)
{
    bw_node node = {.op = BW_OP_INPUT, .name = "input", .residual = BW_NONE};
    bw_status status = check_positive(node.name, shape, error);
    if (status == BW_OK)
        status = check_size(graph, node.name, shape, error);
    return status == BW_OK ? append(graph, tensor, &node, shape, error) : status;
}

bw_status bw_graph_add(bw_graph *graph, int *tensor, const bw_node *node, bw_error *error)
{
    bw_shape shape;
    bw_status status = bw_graph_infer(graph, node, &shape, error);
    if (status == BW_OK)
        status = check_size(graph, node->name, shape, error);
    return status == BW_OK ? append(graph, tensor, node, shape, error) : status;
}

bw_status bw_graph_insert(bw_graph *graph, int *tensor, const bw_node *node, size_t place,
                          bw_error *error)
{
    bw_status status = bw_graph_add(graph, tensor, node, error);
    if (status != BW_OK)
        return status;
    bw_node added = graph->nodes[graph->node_count - 1];
    for (size_t index = graph->node_count - 1; index > place; index--)
        graph->nodes[index] = graph->nodes[index - 1];
    graph->nodes[place] = added;
    for (size_t index = place; index < graph->node_count; index++)
        graph->tensors[graph->nodes[index].output].producer = (int)index;
    return BW_OK;
}

bw_status bw_graph_add_output(bw_graph *graph, int tensor, const bw_head *head, bw_error *error)
{
    if (!bw_array_reserve((void **)&graph->outputs, &graph->output_capacity,
                          graph->output_count + 1, sizeof *graph->outputs))
        return bw_fail_memory(error, sizeof *graph->outputs, "an output of the network");
    graph->outputs[graph->output_count++] = (bw_output){tensor, *head};
    return BW_OK;
}

/* The table as it is: nodes may write tensors in another order than that of the nodes. */
static bw_status copy_tensors(bw_graph *out, const bw_graph *graph, bw_error *error)
{
    if (!bw_array_reserve((void **)&out->tensors, &out->tensor_capacity, graph->tensor_count,
                          sizeof *out->tensors))
        return bw_fail_memory(error, graph->tensor_count * sizeof *out->tensors, "a network");
    if (graph->tensor_count)
        memcpy(out->tensors, graph->tensors, graph->tensor_count * sizeof *out->tensors);
    out->tensor_count = graph->tensor_count;
    return BW_OK;
}

bw_status bw_graph_clone(bw_graph *out, const bw_graph *graph, bw_error *error)
{
    bw_graph_init(out, graph->tensor_limit);
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        int tensor;
        status = append(out, &tensor, node, graph->tensors[node->output].shape, error);
        if (status != BW_OK)
            break;
        out->nodes[index].output = node->output;
    }
    if (status == BW_OK)
        status = copy_tensors(out, graph, error);
    for (size_t index = 0; status == BW_OK && index < graph->output_count; index++) {
        const bw_output *output = &graph->outputs[index];
        status = bw_graph_add_output(out, output->tensor, &output->head, error);
    }
    if (status != BW_OK)
        bw_graph_free(out);
    return status;
}

bw_status bw_graph_resize(bw_graph *graph, int height, int width, bw_error *error)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        bw_shape *shape = &graph->tensors[node->output].shape;
        bw_status status = BW_OK;
        if (node->op == BW_OP_INPUT)
            *shape = (bw_shape){height, width, shape->channels};
        else
            status = bw_graph_infer(graph, node, shape, error);
        if (status == BW_OK)
            status = check_positive(node->name, *shape, error);
        if (status == BW_OK)
            status = check_size(graph, node->name, *shape, error);
        if (status != BW_OK)
            return status;
    }
    return BW_OK;
}

bool bw_shape_equal(bw_shape a, bw_shape b)
{
    return a.height == b.height && a.width == b.width && a.channels == b.channels;
}

void bw_graph_bypass(bw_graph *graph, int from, int to, int *counts)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        for (int input = 0; input < node->input_count; input++) {
            if (node->inputs[input] == from)
                node->inputs[input] = to;
        }
        if (node->residual == from)
            node->residual = to;
    }
    for (size_t index = 0; index < graph->output_count; index++) {
        if (graph->outputs[index].tensor == from)
            graph->outputs[index].tensor = to;
    }
    graph->tensors[to].given = graph->tensors[from].given;
    counts[to] = counts[to] - 1 + counts[from];
    counts[from] = 0;
}

void bw_graph_count_uses(const bw_graph *graph, int *counts)
{
    memset(counts, 0, graph->tensor_count * sizeof *counts);
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        for (int input = 0; input < node->input_count; input++)
            counts[node->inputs[input]]++;
        if (node->residual != BW_NONE)
            counts[node->residual]++;
    }
    for (size_t index = 0; index < graph->output_count; index++)
        counts[graph->outputs[index].tensor]++;
}

uint64_t bw_node_macs(const bw_graph *graph, const bw_node *node)
{
    if (node->op != BW_OP_CONV)
        return 0;
    bw_shape in = graph->tensors[node->inputs[0]].shape;
    bw_shape out = graph->tensors[node->output].shape;
    const bw_attributes *a = &node->attributes;
    uint64_t window = (uint64_t)a->kernel_height * (uint64_t)a->kernel_width;
    uint64_t filter = window * (uint64_t)(in.channels / a->groups);
    return filter * (uint64_t)out.channels * (uint64_t)out.height * (uint64_t)out.width;
}

uint64_t bw_graph_macs(const bw_graph *graph)
{
    uint64_t macs = 0;
    for (size_t index = 0; index < graph->node_count; index++)
        macs += bw_node_macs(graph, &graph->nodes[index]);
    return macs;
}
