#include <stdlib.h>

#include "passes/passes.h"

/*
 * The convolution that can add `other` as it writes tensor `sum_input`: nobody else reads its
 * output, it adds nothing yet, and `other` is there before it runs.
 */
static bw_node *adding_conv(bw_graph *graph, int sum_input, int other, const int *uses)
{
    int producer = graph->tensors[sum_input].producer;
    bw_node *conv = &graph->nodes[producer];
    bool free_to_add = conv->op == BW_OP_CONV && uses[sum_input] == 1 && conv->residual == BW_NONE;
    return free_to_add && graph->tensors[other].producer < producer ? conv : NULL;
}

static void fuse(bw_graph *graph, const bw_node *add, int *uses)
{
    for (int side = 0; side < 2; side++) {
        int sum_input = add->inputs[side], other = add->inputs[1 - side];
        bw_node *conv = adding_conv(graph, sum_input, other, uses);
        if (!conv)
            continue;
        conv->residual = other;
        bw_graph_bypass(graph, add->output, conv->output, uses);
        return;
    }
}

bw_status bw_pass_fuse_residual(bw_graph *graph, bw_error *error)
{
    int *uses = malloc(graph->tensor_count * sizeof *uses);
    if (!uses)
        return bw_fail_memory(error, graph->tensor_count * sizeof *uses, "a pass");
    bw_graph_count_uses(graph, uses);
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_ADD && node->attributes.activation == BW_LINEAR)
            fuse(graph, node, uses);
    }
    free(uses);
    return bw_pass_remove_dead(graph, error);
}
