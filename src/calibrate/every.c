#include "calibrate/every.h"

#include <stdlib.h>

#include "base/cpu.h"

/* A copy of the graph whose outputs are all its tensors, in their order. */
static bw_status show_all_tensors(bw_graph *out, const bw_graph *graph, bw_error *error)
{
    bw_status status = bw_graph_clone(out, graph, error);
    if (status != BW_OK)
        return status;
    out->output_count = 0;
    for (size_t tensor = 0; status == BW_OK && tensor < out->tensor_count; tensor++)
        status = bw_graph_add_output(out, (int)tensor, &(bw_head){0}, error);
    if (status != BW_OK)
        bw_graph_free(out);
    return status;
}

bw_status bw_plan_every_tensor(bw_plan **out, const bw_graph *graph, bw_error *error)
{
    bw_graph all;
    *out = NULL;
    bw_status status = show_all_tensors(&all, graph, error);
    if (status != BW_OK)
        return status;
    bw_plan *plan = calloc(1, sizeof *plan);
    status = plan ? bw_plan_lower(plan, &all, 1, bw_cpu_features(), error)
                  : bw_fail_memory(error, sizeof *plan, "a plan");
    bw_graph_free(&all);
    if (status != BW_OK)
        bw_plan_close(&plan);
    *out = plan;
    return status;
}
