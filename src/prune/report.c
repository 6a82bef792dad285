#include "prune/report.h"

#include <stdlib.h>

#include "plan/plan.h"

static bool is_conv(const bw_step *step)
{
    bw_family family = step->operation.family;
    return bw_family_is_dense(family) || family == BW_FAMILY_DEPTHWISE;
}

/* The estimated cycles of each convolution, in their order, in costs[node]. */
static bw_status estimate(double *costs, const bw_graph *graph, uint32_t cpu, bw_error *error)
{
    bw_plan *plan;
    bw_status status = bw_plan_outline_cheapest(&plan, graph, cpu, error);
    int step = 0;
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++) {
        if (graph->nodes[index].op != BW_OP_CONV)
            continue;
        while (step < plan->step_count && !is_conv(&plan->steps[step]))
            step++;
        if (step < plan->step_count) {
            const bw_step *own = &plan->steps[step++];
            costs[index] = bw_kernel_time(bw_kernel_find(own->kernel), &own->operation);
        }
    }
    bw_plan_close(&plan);
    return status;
}

/* The error of the families that a convolution is the first to write; they are marked as told. */
static double error_of(const bw_node *conv, const bw_pruning_facts *facts,
                       const bw_frontier *frontier, const int *levels, bool *told)
{
    double error = 0.0;
    for (int channel = 0; channel < conv->attributes.channels; channel++) {
        int family = facts->classes.families[bw_class_of(&facts->classes, conv->output, channel)];
        if (family == BW_NONE || told[family])
            continue;
        told[family] = true;
        error += frontier->curves[family].errors[levels[family]];
    }
    return error;
}

bw_status bw_report_pruning(bw_graph *pruned, const bw_pruning_facts *facts,
                            const bw_frontier *frontier, const int *levels, bw_error *error)
{
    size_t count = facts->graph->node_count;
    double *before = calloc(count + 1, sizeof *before), *after = calloc(count + 1, sizeof *after);
    bool *told = calloc((size_t)facts->classes.family_count + 1, sizeof *told);
    bw_status status = before && after && told
                           ? estimate(before, facts->graph, facts->cpu, error)
                           : bw_fail_memory(error, count * sizeof *before, "pruning");
    if (status == BW_OK)
        status = estimate(after, pruned, facts->cpu, error);
    for (size_t index = 0; status == BW_OK && index < count; index++) {
        const bw_node *conv = &facts->graph->nodes[index];
        if (conv->op != BW_OP_CONV)
            continue;
        pruned->tensors[conv->output].pruned = (bw_pruned){
            conv->attributes.channels, (float)error_of(conv, facts, frontier, levels, told),
            (float)before[index], (float)after[index]};
    }
    free(before);
    free(after);
    free(told);
    return status;
}
