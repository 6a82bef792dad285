#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "passes/passes.h"

enum { LARGEST_BATCH = 4096 };

void bw_build_options_init(bw_build_options *options)
{
    *options = (bw_build_options){.batch = 1, .cpu_mask = BW_CPU_ALL};
}

/* The plan outlives the model: it has its own copy of the names. */
static bw_status copy_info(bw_plan *plan, const bw_model *model, bw_error *error)
{
    bw_model_describe(model, &plan->model);
    const char **names = bw_arena_array(&plan->arena, (size_t)plan->model.classes, sizeof *names);
    for (int class_id = 0; names && class_id < plan->model.classes; class_id++) {
        const char *name = plan->model.names[class_id];
        names[class_id] = bw_arena_text(&plan->arena, name, strlen(name));
        if (!names[class_id])
            names = NULL;
    }
    plan->model.names = names;
    return names ? BW_OK : bw_fail_memory(error, sizeof *names, "class names");
}

static bw_status build(bw_plan *plan, const bw_model *model, const bw_build_options *options,
                       bw_error *error)
{
    bw_graph graph;
    bw_status status = bw_graph_clone(&graph, &model->import.graph, error);
    if (status != BW_OK)
        return status;
    status = bw_passes_run(&graph, error);
    if (status == BW_OK)
        status = bw_plan_lower(plan, &graph, options->batch, options->cpu_mask & bw_cpu_features(),
                               error);
    bw_graph_free(&graph);
    return status == BW_OK ? copy_info(plan, model, error) : status;
}

bw_status bw_plan_build(bw_plan **out, const bw_model *model, const bw_build_options *options,
                        bw_error *error)
{
    *out = NULL;
    bw_build_options defaults;
    bw_build_options_init(&defaults);
    options = options ? options : &defaults;
    if (options->batch < 1 || options->batch > LARGEST_BATCH)
        return bw_fail(error, BW_ERROR_ARGUMENT, "a batch of %d images; it must be 1 to %d",
                       options->batch, LARGEST_BATCH);
    bw_plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return bw_fail_memory(error, sizeof *plan, "a plan");
    bw_status status = build(plan, model, options, error);
    if (status != BW_OK)
        bw_plan_close(&plan);
    *out = plan;
    return status;
}

void bw_plan_describe(const bw_plan *plan, bw_plan_info *info)
{
    *info = (bw_plan_info){
        .model = plan->model,
        .batch = plan->batch,
        .steps = plan->step_count,
        .arena_bytes = plan->arena_bytes,
        .weight_bytes = plan->weight_bytes,
        .cpu_features = plan->cpu_features,
    };
}

void bw_plan_step(const bw_plan *plan, int index, bw_step_info *info)
{
    if (index < 0 || index >= plan->step_count) {
        *info = (bw_step_info){0};
        return;
    }
    const bw_step *step = &plan->steps[index];
    *info = (bw_step_info){step->layer, step->kernel, step->macs};
}

void bw_plan_close(bw_plan **handle)
{
    bw_plan *plan = *handle;
    if (!plan)
        return;
    bw_aligned_free(plan->weights);
    bw_arena_free(&plan->arena);
    free(plan);
    *handle = NULL;
}
