/**
 * Conversions where tensors of floats meet those of bytes or of bfloat16.
 *
 * A convolution computes in the type that it reads, and may write that or floats; a dense one of
 * floats may write bfloat16, too. Other floats are turned into what is expected by a conversion.
 * Its residual has the type that it reads. Other operations have one type throughout: floats, where
 * any of their tensors has.
 */
#include <stdlib.h>

#include "passes/quantize.h"

typedef struct joiner {
    bw_graph *graph;
    int *floats; /* of each tensor of others, where its floats are; BW_NONE: nowhere yet */
} joiner;

static bool is_float(const joiner *j, int tensor)
{
    return j->graph->tensors[tensor].format.type == BW_F32;
}

/* Inserts a conversion of `tensor` to `format` before node `place`. */
static bw_status convert(joiner *j, int tensor, bw_format format, size_t place, int *converted,
                         bw_error *error)
{
    bw_graph *graph = j->graph;
    bw_node node = {.op = BW_OP_CONVERT,
                    .name = graph->nodes[graph->tensors[tensor].producer].name,
                    .inputs = &tensor,
                    .input_count = 1,
                    .residual = BW_NONE};
    bw_status status = bw_graph_insert(graph, converted, &node, place, error);
    if (status == BW_OK)
        graph->tensors[*converted].format = format;
    return status;
}

/* The floats of `tensor` for node `*at`, which moves up where they have to be made. */
static bw_status read_as_floats(joiner *j, size_t *at, int tensor, int *read, bw_error *error)
{
    *read = tensor;
    if (is_float(j, tensor))
        return BW_OK;
    bw_status status = BW_OK;
    if (j->floats[tensor] == BW_NONE) {
        status = convert(j, tensor, (bw_format){.type = BW_F32}, *at, &j->floats[tensor], error);
        ++*at;
    }
    *read = j->floats[tensor];
    return status;
}

static void read_instead(bw_graph *graph, size_t after, int tensor, int instead)
{
    for (size_t index = after; index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        for (int input = 0; input < node->input_count; input++) {
            if (node->inputs[input] == tensor)
                node->inputs[input] = instead;
        }
        if (node->residual == tensor)
            node->residual = instead;
    }
    for (size_t index = 0; index < graph->output_count; index++) {
        if (graph->outputs[index].tensor == tensor)
            graph->outputs[index].tensor = instead;
    }
}

/* The node writes floats, which are turned into what its readers expect. */
static bw_status write_floats(joiner *j, size_t *at, bw_error *error)
{
    bw_graph *graph = j->graph;
    int output = graph->nodes[*at].output, others;
    bw_format format = graph->tensors[output].format;
    graph->tensors[output].format = (bw_format){.type = BW_F32};
    bw_status status = convert(j, output, format, *at + 1, &others, error);
    if (status != BW_OK)
        return status;
    read_instead(graph, *at + 2, output, others);
    j->floats[others] = output;
    ++*at;
    return BW_OK;
}

/* The shortcut's floats are added by an operation of their own, which is joined next. */
static bw_status split_residual(joiner *j, size_t at, bw_error *error)
{
    bw_graph *graph = j->graph;
    int output = graph->nodes[at].output, sum, terms[] = {output, graph->nodes[at].residual};
    bw_format format = graph->tensors[output].format;
    bw_node add = {.op = BW_OP_ADD,
                   .name = graph->nodes[at].name,
                   .inputs = terms,
                   .input_count = 2,
                   .residual = BW_NONE};
    bw_status status = bw_graph_insert(graph, &sum, &add, at + 1, error);
    if (status != BW_OK)
        return status;
    graph->nodes[at].residual = BW_NONE;
    graph->tensors[output].format = (bw_format){.type = BW_F32};
    graph->tensors[sum].format = format;
    read_instead(graph, at + 2, output, sum);
    return BW_OK;
}

/* Whether a convolution that reads floats can write what is expected of it. */
static bool writes_expected(const bw_graph *graph, const bw_node *conv)
{
    bw_type type = graph->tensors[conv->output].format.type;
    int channels = graph->tensors[conv->inputs[0]].shape.channels, groups = conv->attributes.groups;
    bool depthwise = groups > 1 && groups == channels && groups == conv->attributes.channels;
    return type == BW_F32 || (type == BW_BF16 && !depthwise);
}

static bw_status join_convolution(joiner *j, size_t *at, bw_error *error)
{
    bw_graph *graph = j->graph;
    bool floats = is_float(j, graph->nodes[*at].inputs[0]);
    int residual = graph->nodes[*at].residual;
    if (residual != BW_NONE && !floats && is_float(j, residual))
        return split_residual(j, *at, error);
    bw_status status = BW_OK;
    if (residual != BW_NONE && floats) {
        status = read_as_floats(j, at, residual, &residual, error);
        graph->nodes[*at].residual = residual;
    }
    if (status == BW_OK && floats && !writes_expected(graph, &graph->nodes[*at]))
        status = write_floats(j, at, error);
    return status;
}

static bw_status join_others(joiner *j, size_t *at, bw_error *error)
{
    bw_graph *graph = j->graph;
    bool floats = is_float(j, graph->nodes[*at].output), mixed = false;
    for (int input = 0; input < graph->nodes[*at].input_count; input++)
        mixed = mixed || is_float(j, graph->nodes[*at].inputs[input]) != floats;
    bw_status status = BW_OK;
    for (int input = 0; mixed && status == BW_OK && input < graph->nodes[*at].input_count;
         input++) {
        int read;
        status = read_as_floats(j, at, graph->nodes[*at].inputs[input], &read, error);
        graph->nodes[*at].inputs[input] = read;
    }
    return status == BW_OK && mixed && !floats ? write_floats(j, at, error) : status;
}

static bw_status join_all(joiner *j, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t at = 0; status == BW_OK && at < j->graph->node_count; at++) {
        const bw_node *node = &j->graph->nodes[at];
        if (node->op == BW_OP_CONV)
            status = join_convolution(j, &at, error);
        else if (node->op != BW_OP_INPUT && node->op != BW_OP_CONVERT)
            status = join_others(j, &at, error);
    }
    return status;
}

bw_status bw_join_formats(bw_graph *graph, bw_error *error)
{
    /* A node gets at most a sum, bytes of its output, and floats of its output or of that. */
    size_t most = 4 * graph->tensor_count;
    joiner j = {graph, malloc(most * sizeof *j.floats)};
    if (!j.floats)
        return bw_fail_memory(error, most * sizeof *j.floats, "a pass");
    for (size_t tensor = 0; tensor < most; tensor++)
        j.floats[tensor] = BW_NONE;
    bw_status status = join_all(&j, error);
    free(j.floats);
    return status;
}
