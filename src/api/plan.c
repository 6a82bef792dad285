#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "calibrate/observe.h"
#include "passes/passes.h"

enum {
    LARGEST_BATCH = 4096,
    LARGEST_INTEGER = 127, /* weight where products of bytes are added in 32 bits */
    SHORT_INTEGER = 63,    /* where several are added in 16 bits first, as AVX2 has to */
};

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

static bw_status quantize(bw_graph *graph, const bw_calibration *calibration, uint32_t cpu,
                          bw_error *error)
{
    if (!calibration)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "INT8 needs a calibration: pictures like those that will be annotated");
    bw_range *ranges = NULL;
    bw_status status = bw_calibration_ranges(&ranges, calibration, graph->tensor_count, error);
    bw_quantization how = {ranges, cpu & BW_CPU_AVX512_VNNI ? LARGEST_INTEGER : SHORT_INTEGER};
    if (status == BW_OK)
        status = bw_pass_quantize(graph, &how, error);
    free(ranges);
    return status;
}

static bw_status set_precision(bw_graph *graph, const bw_build_options *options, uint32_t cpu,
                               bw_error *error)
{
    switch (options->precision) {
    case BW_PRECISION_FP32: return BW_OK;
    case BW_PRECISION_INT8: return quantize(graph, options->calibration, cpu, error);
    case BW_PRECISION_BF16:
    case BW_PRECISION_COUNT: break;
    }
    return bw_fail(error, BW_ERROR_UNSUPPORTED, "there is no such precision here");
}

static bw_status build(bw_plan *plan, const bw_model *model, const bw_build_options *options,
                       bw_error *error)
{
    bw_graph graph;
    uint32_t cpu = options->cpu_mask & bw_cpu_features();
    bw_status status = bw_graph_optimise(&graph, model, error);
    if (status != BW_OK)
        return status;
    plan->precision = options->precision;
    status = set_precision(&graph, options, cpu, error);
    if (status == BW_OK)
        status = bw_plan_lower(plan, &graph, options->batch, cpu, error);
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
        .precision = plan->precision,
        .batch = plan->batch,
        .steps = plan->step_count,
        .arena_bytes = plan->arena_bytes,
        .weight_bytes = plan->weight_bytes,
        .cpu_features = plan->cpu_features,
    };
}

const char *bw_precision_name(bw_precision precision)
{
    static const char *const names[BW_PRECISION_COUNT] = {"fp32", "bf16", "int8"};
    return (unsigned)precision < BW_PRECISION_COUNT ? names[precision] : "unknown";
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
