#include "prune/state.h"

#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"
#include "prune/cut.h"

void bw_keep_classes(bool *kept, const bw_pruning_facts *facts, const int *removed)
{
    memset(kept, true, (size_t)facts->classes.count);
    for (int family = 0; family < facts->classes.family_count; family++) {
        for (int index = 0; index < removed[family]; index++)
            kept[facts->orders[family].classes[index]] = false;
    }
}

static bw_status take_over(bw_graph *out, const bw_pruning_facts *facts, const bool *kept,
                           const bw_reading *reading, bw_takeover *takeover, bw_error *error)
{
    int left =
        bw_kept_channels(&facts->classes, kept, reading->tensor, 0, reading->moments.channels);
    *takeover = (bw_takeover){.tensor = reading->tensor};
    if (left == reading->moments.channels)
        return BW_OK;
    bw_status status =
        bw_takeover_open(takeover, reading, &facts->classes, kept, facts->pool, error);
    return status == BW_OK ? bw_takeover_fold(takeover, out, facts->graph, &facts->classes, kept,
                                              facts->pool, error)
                           : status;
}

bw_status bw_prune_classes(bw_graph *out, const bw_pruning_facts *facts, const bool *kept,
                           bw_takeover *takeovers, bw_error *error)
{
    bw_status status = bw_graph_clone(out, facts->graph, error);
    if (status != BW_OK)
        return status;
    bw_cut_shapes(out, &facts->classes, kept);
    status = bw_cut_weights(out, facts->graph, &facts->classes, kept, error);
    for (size_t index = 0; status == BW_OK && index < facts->reading_count; index++) {
        bw_takeover own = {0}, *takeover = takeovers ? &takeovers[index] : &own;
        status = take_over(out, facts, kept, &facts->readings[index], takeover, error);
        if (!takeovers)
            bw_takeover_close(&own);
    }
    if (status != BW_OK)
        bw_graph_free(out);
    return status;
}

bw_status bw_estimate_classes(double *cycles, const bw_pruning_facts *facts, const bool *kept,
                              bw_error *error)
{
    bw_graph graph;
    *cycles = 0.0;
    bw_status status = bw_graph_clone(&graph, facts->graph, error);
    if (status != BW_OK)
        return status;
    bw_cut_shapes(&graph, &facts->classes, kept);
    bw_plan *plan;
    status = bw_plan_outline_cheapest(&plan, &graph, facts->cpu, error);
    if (status == BW_OK)
        *cycles = bw_plan_time(plan);
    bw_plan_close(&plan);
    bw_graph_free(&graph);
    return status;
}
