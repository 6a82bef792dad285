#include "passes/heads.h"

bw_status bw_free_outputs(bw_graph *graph, const int *uses, bw_error *error)
{
    for (size_t index = 0; index < graph->output_count; index++) {
        int tensor = graph->outputs[index].tensor;
        const bw_node *producer = &graph->nodes[graph->tensors[tensor].producer];
        if (graph->tensors[tensor].dense)
            continue;
        if (producer->op == BW_OP_CONV && uses[tensor] == 1) {
            graph->tensors[tensor].format = (bw_format){.type = BW_F32};
            continue;
        }
        bw_node convert = {.op = BW_OP_CONVERT,
                           .name = producer->name,
                           .inputs = &tensor,
                           .input_count = 1,
                           .residual = BW_NONE};
        bw_status status = bw_graph_add(graph, &graph->outputs[index].tensor, &convert, error);
        if (status != BW_OK)
            return status;
    }
    return BW_OK;
}
