/**
 * The graph as text, one line a node.
 */
#include "graph/graph.h"

static const char *const op_names[BW_OP_COUNT] = {
    [BW_OP_INPUT] = "input",
    [BW_OP_CONV] = "conv",
    [BW_OP_BATCH_NORM] = "batch_norm",
    [BW_OP_ACTIVATION] = "activation",
    [BW_OP_MAX_POOL] = "max_pool",
    [BW_OP_AVERAGE_POOL] = "average_pool",
    [BW_OP_ADD] = "add",
    [BW_OP_MULTIPLY] = "multiply",
    [BW_OP_CONCAT] = "concat",
    [BW_OP_SLICE] = "slice",
    [BW_OP_UPSAMPLE] = "upsample",
    [BW_OP_REORG] = "reorg",
    [BW_OP_CONVERT] = "convert",
    [BW_OP_PLAIN] = "plain",
};

const char *bw_op_name(bw_op op)
{
    return (unsigned)op < BW_OP_COUNT ? op_names[op] : "unknown";
}

static void dump_attributes(const bw_node *node, FILE *file)
{
    const bw_attributes *a = &node->attributes;
    switch (node->op) {
    case BW_OP_CONV:
        fprintf(file, " %d×%d/%d", a->kernel_height, a->kernel_width, a->stride);
        if (a->groups > 1)
            fprintf(file, " groups=%d", a->groups);
        break;
    case BW_OP_MAX_POOL:
        fprintf(file, " %d×%d/%d", a->kernel_height, a->kernel_width, a->stride);
        break;
    case BW_OP_UPSAMPLE:
    case BW_OP_REORG: fprintf(file, " ×%d", a->stride); break;
    case BW_OP_SLICE:
        fprintf(file, " channels %d…%d", a->first_channel, a->first_channel + a->channels - 1);
        break;
    case BW_OP_PLAIN: fprintf(file, " %s", node->plain->operation->name); break;
    default: break;
    }
    if (a->activation != BW_LINEAR)
        fprintf(file, " %s", bw_activation_name(a->activation));
    if (node->residual != BW_NONE)
        fprintf(file, " + %%%d", node->residual);
}

static void dump_format(bw_format format, FILE *file)
{
    if (format.type != BW_F32)
        fprintf(file, " %s", bw_type_name(format.type));
    if (format.type == BW_U8)
        fprintf(file, " of %g from %d", (double)format.scale, (int)format.zero_point);
}

void bw_graph_dump(const bw_graph *graph, FILE *file)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        bw_shape shape = graph->tensors[node->output].shape;
        fprintf(file, "%%%-4d %-24s %-12s", node->output, node->name, bw_op_name(node->op));
        for (int input = 0; input < node->input_count; input++)
            fprintf(file, "%s%%%d", input ? ", " : " ", node->inputs[input]);
        fprintf(file, " → %d×%d×%d", shape.height, shape.width, shape.channels);
        dump_attributes(node, file);
        dump_format(graph->tensors[node->output].format, file);
        fputc('\n', file);
    }
    for (size_t index = 0; index < graph->output_count; index++)
        fprintf(file, "output %zu: %%%d\n", index, graph->outputs[index].tensor);
}
