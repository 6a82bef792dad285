#include "passes/halve.h"

#include "passes/heads.h"
#include "passes/quantize.h"

static const bw_format halves = {.type = BW_BF16};

/* Convolutions read the picture's floats, unless they add numbers of another format to it, and so
 * does what makes it dense or writes floats. */
static bool reads_floats(const bw_graph *graph, const bw_node *node)
{
    return (node->op == BW_OP_CONV && node->residual == BW_NONE) || node->op == BW_OP_CONVERT ||
           graph->tensors[node->output].format.type == BW_F32;
}

static bool needs_conversion(const bw_graph *graph, int picture)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        bool reads = node->residual == picture;
        for (int input = 0; input < node->input_count; input++)
            reads = reads || (node->inputs[input] == picture && !reads_floats(graph, node));
        if (reads)
            return true;
    }
    return false;
}

static void read_instead(bw_graph *graph, int picture, int converted)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        if (node->output == converted)
            continue;
        for (int input = 0; input < node->input_count; input++) {
            if (node->inputs[input] == picture && !reads_floats(graph, node))
                node->inputs[input] = converted;
        }
        if (node->residual == picture)
            node->residual = converted;
    }
}

/* A copy of the picture in bfloat16 for those who cannot read its floats. */
static bw_status convert_picture(bw_graph *graph, int picture, bw_error *error)
{
    if (!needs_conversion(graph, picture))
        return BW_OK;
    size_t place = (size_t)graph->tensors[picture].producer + 1;
    bw_node convert = {.op = BW_OP_CONVERT,
                       .name = graph->nodes[place - 1].name,
                       .inputs = &picture,
                       .input_count = 1,
                       .residual = BW_NONE};
    int converted;
    bw_status status = bw_graph_insert(graph, &converted, &convert, place, error);
    if (status != BW_OK)
        return status;
    graph->tensors[converted].format = halves;
    read_instead(graph, picture, converted);
    return BW_OK;
}

static void choose_formats(bw_graph *graph, const bool *floats)
{
    static const bw_format whole = {.type = BW_F32};
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        bool stays = graph->tensors[tensor].dense || (floats && floats[tensor]);
        graph->tensors[tensor].format = stays ? whole : halves;
    }
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_INPUT)
            graph->tensors[node->output].format = whole;
    }
}

bw_status bw_pass_halve(bw_graph *graph, const bool *floats, bw_error *error)
{
    choose_formats(graph, floats);
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++) {
        if (graph->nodes[index].op == BW_OP_INPUT)
            status = convert_picture(graph, graph->nodes[index].output, error);
    }
    if (status == BW_OK)
        status = bw_free_outputs(graph, error);
    if (status == BW_OK)
        status = bw_join_formats(graph, error);
    return status == BW_OK ? bw_graph_verify(graph, error) : status;
}
