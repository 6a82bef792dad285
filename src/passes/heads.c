#include "passes/heads.h"

#include <stdlib.h>

typedef struct frees {
    bool *able; /* of each tensor: it could be floats, and nothing but its one reader would tell */
    bool *wanted; /* its reader wants floats */
} frees;

/* Convolutions write floats at will, dense tensors become pictures of them, and joined floats are
 * joined as they are. */
static void find_able(const frees *f, const bw_graph *graph, const int *uses)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        bool able = node->op == BW_OP_CONV || node->op == BW_OP_CONCAT ||
                    (node->op == BW_OP_CONVERT && graph->tensors[node->inputs[0]].dense);
        for (int input = 0; able && node->op == BW_OP_CONCAT && input < node->input_count; input++)
            able = f->able[node->inputs[input]];
        f->able[node->output] = able && uses[node->output] == 1;
    }
}

/* General operators read floats, too. */
static void free_all(const frees *f, bw_graph *graph)
{
    for (size_t index = graph->node_count; index-- > 0;) {
        const bw_node *node = &graph->nodes[index];
        bool freed = f->wanted[node->output] && f->able[node->output];
        if (freed)
            graph->tensors[node->output].format = (bw_format){.type = BW_F32};
        bool passes_on = (freed && node->op == BW_OP_CONCAT) ||
                         (node->op == BW_OP_CONVERT && graph->tensors[node->output].dense);
        for (int input = 0; passes_on && input < node->input_count; input++)
            f->wanted[node->inputs[input]] = true;
    }
}

static bw_status convert_rest(bw_graph *graph, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < graph->output_count; index++) {
        int tensor = graph->outputs[index].tensor;
        if (graph->tensors[tensor].format.type == BW_F32)
            continue;
        bw_node convert = {.op = BW_OP_CONVERT,
                           .name = graph->nodes[graph->tensors[tensor].producer].name,
                           .inputs = &tensor,
                           .input_count = 1,
                           .residual = BW_NONE};
        status = bw_graph_add(graph, &graph->outputs[index].tensor, &convert, error);
    }
    return status;
}

bw_status bw_free_outputs(bw_graph *graph, bw_error *error)
{
    size_t count = graph->tensor_count;
    int *uses = malloc(count * sizeof *uses);
    bool *flags = calloc(count, 2 * sizeof *flags);
    bw_status status = BW_OK;
    if (uses && flags) {
        frees f = {flags, flags + count};
        bw_graph_count_uses(graph, uses);
        find_able(&f, graph, uses);
        for (size_t index = 0; index < graph->output_count; index++)
            f.wanted[graph->outputs[index].tensor] = true;
        free_all(&f, graph);
        status = convert_rest(graph, error);
    } else {
        status = bw_fail_memory(error, count * sizeof *uses, "a pass");
    }
    free(uses);
    free(flags);
    return status;
}
