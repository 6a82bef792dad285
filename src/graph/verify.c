/**
 * The rules that every graph keeps between passes. What fails here is our bug, not the user's.
 */
#include "graph/graph.h"

static bw_status broken(const bw_node *node, const char *rule, bw_error *error)
{
    return bw_fail(error, BW_ERROR_ARGUMENT, "the graph is inconsistent at layer %s: %s",
                   node->name, rule);
}

static bool reads_earlier(const bw_graph *graph, int tensor, size_t node)
{
    return tensor >= 0 && (size_t)tensor < graph->tensor_count &&
           (size_t)graph->tensors[tensor].producer < node;
}

static size_t filter_count(const bw_graph *graph, const bw_node *node)
{
    const bw_attributes *a = &node->attributes;
    size_t window = (size_t)a->kernel_height * (size_t)a->kernel_width;
    size_t inputs = (size_t)(graph->tensors[node->inputs[0]].shape.channels / a->groups);
    return (size_t)a->channels * inputs * window;
}

static bw_status verify_constants(const bw_graph *graph, const bw_node *node, bw_error *error)
{
    size_t channels = (size_t)graph->tensors[node->output].shape.channels;
    if (node->op == BW_OP_CONV) {
        if (!node->weights.data || node->weights.count != filter_count(graph, node))
            return broken(node, "its weights do not fit its shape", error);
        if (node->bias.data && node->bias.count != channels)
            return broken(node, "it needs one bias a filter", error);
    }
    if (node->op == BW_OP_BATCH_NORM &&
        (node->scale.count != channels || node->shift.count != channels ||
         node->mean.count != channels || node->variance.count != channels))
        return broken(node, "it needs one scale, shift, mean and variance a channel", error);
    return BW_OK;
}

static bw_status verify_residual(const bw_graph *graph, const bw_node *node, size_t index,
                                 bw_error *error)
{
    if (node->residual == BW_NONE)
        return BW_OK;
    if (node->op != BW_OP_CONV || !reads_earlier(graph, node->residual, index))
        return broken(node, "its residual comes from nowhere", error);
    if (!bw_shape_equal(graph->tensors[node->residual].shape, graph->tensors[node->output].shape))
        return broken(node, "its residual has another shape", error);
    return BW_OK;
}

/* General operators read dense tensors, conversions any, all others pictures. */
static bool reads_its_kind(const bw_graph *graph, const bw_node *node)
{
    bool good = true;
    for (int input = 0; good && input < node->input_count; input++)
        good = node->op == BW_OP_CONVERT ||
               graph->tensors[node->inputs[input]].dense == (node->op == BW_OP_PLAIN);
    return good;
}

static bw_status verify_node(const bw_graph *graph, size_t index, bw_error *error)
{
    const bw_node *node = &graph->nodes[index];
    if (node->output < 0 || (size_t)node->output >= graph->tensor_count ||
        graph->tensors[node->output].producer != (int)index)
        return broken(node, "its output is not its own", error);
    for (int input = 0; input < node->input_count; input++) {
        if (!reads_earlier(graph, node->inputs[input], index))
            return broken(node, "it reads what comes later", error);
    }
    if (node->op == BW_OP_INPUT)
        return BW_OK;
    if (!reads_its_kind(graph, node))
        return broken(node, "its inputs are dense, or are not and should be", error);
    bw_shape shape;
    bw_status status = bw_graph_infer(graph, node, &shape, error);
    if (status != BW_OK)
        return status;
    if (!bw_shape_equal(shape, graph->tensors[node->output].shape))
        return broken(node, "its shape is not what its inputs give", error);
    status = verify_constants(graph, node, error);
    return status == BW_OK ? verify_residual(graph, node, index, error) : status;
}

bw_status bw_graph_verify(const bw_graph *graph, bw_error *error)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        bw_status status = verify_node(graph, index, error);
        if (status != BW_OK)
            return status;
    }
    for (size_t index = 0; index < graph->output_count; index++) {
        if (!reads_earlier(graph, graph->outputs[index].tensor, graph->node_count))
            return bw_fail(error, BW_ERROR_ARGUMENT, "output %zu of the graph does not exist",
                           index);
    }
    return BW_OK;
}
