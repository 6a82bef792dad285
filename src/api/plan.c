#include "plan/plan.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "api/first_floats.h"
#include "base/cpu.h"
#include "calibrate/observe.h"
#include "passes/codebook.h"
#include "passes/halve.h"
#include "passes/passes.h"
#include "passes/quantize.h"
#include "plan/plan_file.h"
#include "plan/share.h"
#include "tune/tune.h"

enum { LARGEST_BATCH = 4096, LARGEST_THREADS = 1024 };

void bw_build_options_init(bw_build_options *options)
{
    *options = (bw_build_options){.batch = 1, .cpu_mask = BW_CPU_ALL, .share_noise = 0.0005f};
}

/* The bits of shared weights, in the mean over those. */
static bw_status record_sharing(bw_plan *plan, const bw_build_options *options, bw_error *error)
{
    char words[60];
    snprintf(words, sizeof words, "shared=%s bits=%.2f",
             options->share_bits == BW_SHARE_AUTO ? "auto" : "fixed", bw_share_mean_bits(plan));
    return bw_plan_note(plan, words, error);
}

/* How many steps round, where any does. */
static bw_status record_rounding(bw_plan *plan, bw_error *error)
{
    char words[40];
    int count = 0;
    for (int index = 0; index < plan->step_count; index++)
        count += bw_kernel_find(plan->steps[index].kernel)->rounds;
    snprintf(words, sizeof words, "rounded=%d", count);
    return count > 0 ? bw_plan_note(plan, words, error) : BW_OK;
}

/* What the plan is to tell about how it was built. */
static bw_status record_settings(bw_plan *plan, const bw_build_options *options, bw_error *error)
{
    char features[80];
    bw_cpu_describe(features, sizeof features, options->cpu_mask & bw_cpu_features());
    for (char *space = features; (space = strchr(space, ' ')) != NULL;)
        *space = '+';
    plan->settings =
        bw_arena_format(&plan->arena, "precision=%s batch=%d cpu=%s sharing=%s tuned=%s",
                        bw_precision_name(options->precision), options->batch, features,
                        bw_plan_sharing(plan), options->tune_seconds > 0 ? "yes" : "no");
    if (!plan->settings)
        return bw_fail_memory(error, sizeof features, "a plan's settings");
    char halvings[40];
    snprintf(halvings, sizeof halvings, "halvings=%d", options->halvings);
    bw_status status = options->halvings > 0 ? bw_plan_note(plan, halvings, error) : BW_OK;
    if (status == BW_OK)
        status = record_rounding(plan, error);
    return status == BW_OK && plan->stored ? record_sharing(plan, options, error) : status;
}

static bw_status halve(bw_graph *graph, uint32_t cpu, bw_error *error)
{
    bool *floats;
    bw_status status = bw_choose_first_floats(&floats, graph, cpu, error);
    return status == BW_OK ? bw_pass_halve(graph, floats, error) : status;
}

static bw_status set_precision(bw_graph *graph, const bw_build_options *options, uint32_t cpu,
                               bw_error *error)
{
    int largest = cpu & BW_CPU_AVX512_VNNI ? BW_LARGEST_INTEGER : BW_MIDDLE_INTEGER;
    bw_mix mix = {cpu, options->halvings, options->share_bits, options->share_noise,
                  options->exact};
    bw_portable portable = {BW_SHORT_INTEGER, options->halvings, options->symmetric};
    switch (options->precision) {
    case BW_PRECISION_FP32: return BW_OK;
    case BW_PRECISION_INT8:
        if (options->portable)
            return bw_graph_quantize_portably(graph, options->calibration, &portable, error);
        if (!options->calibration && bw_is_quantized(graph))
            return bw_pass_quantize_as_given(graph, largest, BW_LARGEST_INTEGER, error);
        return bw_graph_quantize(graph, options->calibration, largest, &mix, error);
    case BW_PRECISION_BF16: return halve(graph, cpu, error);
    case BW_PRECISION_COUNT: break;
    }
    return bw_fail(error, BW_ERROR_UNSUPPORTED, "there is no such precision here");
}

static bw_status tune(bw_plan *plan, const bw_graph *graph, const bw_build_options *options,
                      uint32_t cpu, bw_error *error)
{
    bw_meter meter;
    bw_tuning tuning = {.batch = options->batch,
                        .cpu = cpu,
                        .threads = options->threads ? options->threads : bw_cpu_count(),
                        .latency = options->latency,
                        .seed = options->seed,
                        .seconds = options->tune_seconds,
                        .path = options->timings,
                        .meter = &meter,
                        .progress = options->progress,
                        .progress_context = options->progress_context};
    size_t damaged;
    bw_status status = bw_meter_open(&meter, tuning.threads, tuning.seed, error);
    if (status != BW_OK)
        return status;
    status = bw_tune(plan, graph, &tuning, &damaged, error);
    bw_meter_close(&meter);
    if (status == BW_OK && damaged > 0)
        plan->warnings = bw_arena_format(
            &plan->arena, "damaged lines of '%s' were passed over: %zu", options->timings, damaged);
    return status;
}

static bw_status lower(bw_plan *plan, const bw_graph *graph, const bw_build_options *options,
                       uint32_t cpu, bw_error *error)
{
    if (options->tune_seconds > 0)
        return tune(plan, graph, options, cpu, error);
    bw_status status = bw_plan_lower(plan, graph, options->batch, cpu, error);
    if (options->latency)
        bw_plan_share(plan, BW_SHARE_STEPS);
    return status;
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
        status = lower(plan, &graph, options, cpu, error);
    bw_graph_free(&graph);
    if (status == BW_OK)
        status = record_settings(plan, options, error);
    if (status != BW_OK)
        return status;
    bw_model_describe(model, &plan->model);
    return bw_model_info_own(&plan->model, &plan->arena, error);
}

static bw_status check_options(const bw_build_options *options, bw_error *error)
{
    if (options->batch < 1 || options->batch > LARGEST_BATCH)
        return bw_fail(error, BW_ERROR_ARGUMENT, "a batch of %d images; it must be 1 to %d",
                       options->batch, LARGEST_BATCH);
    if (options->threads < 0 || options->threads > LARGEST_THREADS)
        return bw_fail(error, BW_ERROR_ARGUMENT, "%d threads; it must be 1 to %d", options->threads,
                       LARGEST_THREADS);
    bool shares = options->share_bits != 0;
    if (shares && options->share_bits != BW_SHARE_AUTO &&
        (options->share_bits < BW_LEAST_SHARED_BITS || options->share_bits > BW_MOST_SHARED_BITS))
        return bw_fail(error, BW_ERROR_ARGUMENT, "weights of %d bits; it must be 4 to 8",
                       options->share_bits);
    if (shares && options->precision != BW_PRECISION_INT8)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "weights are shared in INT8 only; choose the precision int8");
    return BW_OK;
}

bw_status bw_plan_build(bw_plan **out, const bw_model *model, const bw_build_options *options,
                        bw_error *error)
{
    *out = NULL;
    bw_build_options defaults;
    bw_build_options_init(&defaults);
    options = options ? options : &defaults;
    bw_status status = check_options(options, error);
    if (status != BW_OK)
        return status;
    bw_plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return bw_fail_memory(error, sizeof *plan, "a plan");
    status = build(plan, model, options, error);
    if (status != BW_OK)
        bw_plan_close(&plan);
    *out = plan;
    return status;
}

bw_status bw_plan_save(const bw_plan *plan, const char *path, bw_error *error)
{
    uint8_t *bytes;
    size_t size;
    bw_status status = bw_plan_encode(&bytes, &size, plan, error);
    if (status != BW_OK)
        return status;
    const uint8_t *weights = plan->stored ? plan->stored : plan->weights;
    const bw_span spans[] = {{bytes, size}, {weights, bw_plan_stored_bytes(plan)}};
    status = bw_write_spans(path, spans, 2, error);
    free(bytes);
    return status;
}

bw_status bw_plan_load(bw_plan **out, const char *path, bw_error *error)
{
    *out = NULL;
    bw_plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return bw_fail_memory(error, sizeof *plan, "a plan");
    bw_error own; /* where the message is put together */
    bw_status status = bw_map_file(&plan->file, path, &own);
    if (status == BW_OK)
        status = bw_plan_decode(plan, plan->file.data, plan->file.size, path, &own);
    if (status != BW_OK) {
        bw_plan_close(&plan);
        if (error)
            *error = own;
    }
    *out = plan;
    return status;
}

bool bw_plan_recognise(const char *path)
{
    uint8_t start[BW_PLAN_TAG_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool plan = read(fd, start, sizeof start) == (ssize_t)sizeof start &&
                memcmp(start, bw_plan_tag, sizeof start) == 0;
    close(fd);
    return plan;
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
        .stored_bytes = bw_plan_stored_bytes(plan),
        .cpu_features = plan->cpu_features,
        .file_bytes = plan->file.size,
        .settings = plan->settings,
        .warnings = plan->warnings ? plan->warnings : "",
    };
}

bw_status bw_plan_note(bw_plan *plan, const char *words, bw_error *error)
{
    const char *settings = bw_arena_format(&plan->arena, "%s %s", plan->settings, words);
    if (!settings)
        return bw_fail_memory(error, strlen(words), "a plan's settings");
    plan->settings = settings;
    return BW_OK;
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
    *info = (bw_step_info){.layer = step->layer,
                           .kernel = step->kernel,
                           .type = bw_type_name(step->operation.in.format.type),
                           .general = step->operation.plain ? step->operation.plain->operation->name
                                                            : NULL,
                           .error = (double)step->error,
                           .cost = bw_kernel_time(bw_kernel_find(step->kernel), &step->operation),
                           .macs = step->macs,
                           .channels = step->operation.out.channels,
                           .channels_before = step->pruned.channels,
                           .pruning_error = (double)step->pruned.error,
                           .before = (double)step->pruned.before,
                           .after = (double)step->pruned.after};
}

void bw_plan_close(bw_plan **handle)
{
    bw_plan *plan = *handle;
    if (!plan)
        return;
    bw_aligned_free(plan->packed);
    bw_aligned_free(plan->coded);
    bw_unmap_file(&plan->file);
    bw_arena_free(&plan->arena);
    free(plan);
    *handle = NULL;
}
