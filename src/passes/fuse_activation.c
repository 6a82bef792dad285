#include <stdlib.h>

#include "passes/passes.h"

static bool takes_activation(const bw_node *producer, const int *uses)
{
    bool writes = producer->op == BW_OP_CONV || producer->op == BW_OP_ADD;
    return writes && uses[producer->output] == 1 && producer->residual == BW_NONE &&
           producer->attributes.activation == BW_LINEAR;
}

static void fuse(bw_graph *graph, bw_node *node, int *uses)
{
    bw_node *producer = &graph->nodes[graph->tensors[node->inputs[0]].producer];
    if (node->attributes.activation == BW_LINEAR) {
        bw_graph_bypass(graph, node->output, node->inputs[0], uses);
    } else if (takes_activation(producer, uses)) {
        producer->attributes.activation = node->attributes.activation;
        producer->attributes.slope = node->attributes.slope;
        bw_graph_bypass(graph, node->output, producer->output, uses);
    }
}

bw_status bw_pass_fuse_activation(bw_graph *graph, bw_error *error)
{
    int *uses = malloc(graph->tensor_count * sizeof *uses);
    if (!uses)
        return bw_fail_memory(error, graph->tensor_count * sizeof *uses, "a pass");
    bw_graph_count_uses(graph, uses);
    for (size_t index = 0; index < graph->node_count; index++) {
        if (graph->nodes[index].op == BW_OP_ACTIVATION)
            fuse(graph, &graph->nodes[index], uses);
    }
    free(uses);
    return bw_pass_remove_dead(graph, error);
}
