#include <stdlib.h>
#include <string.h>

#include "passes/passes.h"

static void mark(const bw_graph *graph, bool *alive)
{
    for (size_t index = 0; index < graph->output_count; index++)
        alive[graph->outputs[index].tensor] = true;
    for (size_t index = graph->node_count; index-- > 0;) {
        const bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_INPUT)
            alive[node->output] = true;
        if (!alive[node->output])
            continue;
        for (int input = 0; input < node->input_count; input++)
            alive[node->inputs[input]] = true;
        if (node->residual != BW_NONE)
            alive[node->residual] = true;
    }
}

static void renumber_node(bw_node *node, const int *number)
{
    for (int input = 0; input < node->input_count; input++)
        node->inputs[input] = number[node->inputs[input]];
    if (node->residual != BW_NONE)
        node->residual = number[node->residual];
}

/* Keeps the living nodes in their order; tensor i becomes what node i gives. */
static void compact(bw_graph *graph, const bool *alive, int *number)
{
    size_t kept = 0;
    for (size_t index = 0; index < graph->node_count; index++) {
        bw_node node = graph->nodes[index];
        if (!alive[node.output])
            continue;
        number[node.output] = (int)kept;
        renumber_node(&node, number);
        node.output = (int)kept;
        graph->nodes[kept++] = node;
    }
    for (size_t index = 0; index < graph->output_count; index++)
        graph->outputs[index].tensor = number[graph->outputs[index].tensor];
    graph->node_count = kept;
}

static void compact_tensors(bw_graph *graph, const bw_tensor *old, const bool *alive,
                            const int *number)
{
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        if (alive[tensor]) {
            graph->tensors[number[tensor]] = old[tensor];
            graph->tensors[number[tensor]].producer = number[tensor];
        }
    }
    graph->tensor_count = graph->node_count;
}

bw_status bw_pass_remove_dead(bw_graph *graph, bw_error *error)
{
    size_t count = graph->tensor_count;
    bool *alive = calloc(count, sizeof *alive);
    int *number = calloc(count, sizeof *number);
    bw_tensor *old = malloc(count * sizeof *old);
    bw_status status = BW_OK;
    if (!alive || !number || !old) {
        status = bw_fail_memory(error, count * sizeof *old, "a pass");
    } else {
        memcpy(old, graph->tensors, count * sizeof *old);
        mark(graph, alive);
        compact(graph, alive, number);
        compact_tensors(graph, old, alive, number);
    }
    free(alive);
    free(number);
    free(old);
    return status;
}
