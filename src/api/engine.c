#include <stdlib.h>
#include <string.h>

#include "api/engine.h"
#include "base/memory.h"

enum { LARGEST_THREADS = 1024 };

void bw_run_options_init(bw_run_options *options)
{
    *options = (bw_run_options){
        .confidence = 0.25f,
        .iou = 0.45f,
        .max_detections = 300,
        .padding = BW_ALL_PADDING,
    };
}

void bw_detections_clear(bw_detections *detections)
{
    free(detections->items);
    *detections = (bw_detections){0};
}

static bw_status check_options(const bw_run_options *options, bw_error *error)
{
    if (!(options->confidence >= 0.0f && options->confidence < 1.0f))
        return bw_fail(error, BW_ERROR_ARGUMENT, "the confidence must be at least 0 and below 1");
    if (!(options->iou >= 0.0f && options->iou <= 1.0f))
        return bw_fail(error, BW_ERROR_ARGUMENT, "the NMS overlap must be 0 to 1");
    if (options->max_detections < 1)
        return bw_fail(error, BW_ERROR_ARGUMENT, "at least 1 detection must be allowed");
    if (options->padding < BW_ALL_PADDING)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "%d pixels of padding; it must be at least 0, or -1 for all",
                       options->padding);
    if (options->threads < 0 || options->threads > LARGEST_THREADS)
        return bw_fail(error, BW_ERROR_ARGUMENT, "%d threads; it must be 1 to %d", options->threads,
                       LARGEST_THREADS);
    return BW_OK;
}

static bw_status resolve_resize(bw_run_options *own, const bw_plan *plan, bw_error *error)
{
    if (own->resize == BW_RESIZE_AUTO)
        own->resize = plan->model.resize;
    if (own->resize == BW_RESIZE_STRETCH && own->padding != BW_ALL_PADDING)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "%d pixels of padding are asked for, but pictures are stretched and have "
                       "none: letterbox them, or leave that out",
                       own->padding);
    return BW_OK;
}

static bw_nms resolve_nms(const bw_plan *plan, bw_nms wanted)
{
    for (int head = 0; wanted == BW_NMS_AUTO && head < plan->output_count; head++)
        wanted = plan->heads[head].nms;
    return wanted == BW_NMS_AUTO ? BW_NMS_GREEDY : wanted;
}

static bw_status set_options(bw_engine *engine, const bw_run_options *options, bw_error *error)
{
    bw_run_options_init(&engine->options);
    if (options)
        engine->options = *options;
    bw_run_options *own = &engine->options;
    bw_status status = check_options(own, error);
    if (status == BW_OK)
        status = resolve_resize(own, engine->plan, error);
    if (status != BW_OK)
        return status;
    if (own->threads == 0)
        own->threads = bw_cpu_count();
    own->nms = resolve_nms(engine->plan, own->nms);
    engine->nms = (bw_nms_options){.iou = own->iou,
                                   .diou = own->nms == BW_NMS_DIOU,
                                   .class_agnostic = own->class_agnostic,
                                   .max_detections = own->max_detections,
                                   .none = own->nms == BW_NMS_NONE};
    if (own->classes) {
        size_t bytes = (size_t)engine->plan->model.classes * sizeof *engine->classes;
        engine->classes = malloc(bytes);
        if (!engine->classes)
            return bw_fail_memory(error, bytes, "the class filter");
        own->classes = memcpy(engine->classes, own->classes, bytes);
    }
    return BW_OK;
}

static bw_status open_lanes(bw_engine *engine, bw_error *error)
{
    size_t streams = (size_t)engine->options.streams;
    engine->lanes = calloc(streams, sizeof *engine->lanes);
    if (!engine->lanes)
        return bw_fail_memory(error, streams * sizeof *engine->lanes, "an engine");
    for (size_t index = 0; index < streams; index++) {
        bw_lane *lane = &engine->lanes[index];
        int threads = bw_pool_threads(bw_group_stream(engine->group, (int)index)->pool);
        lane->detectors = calloc((size_t)threads, sizeof *lane->detectors);
        if (!lane->detectors)
            return bw_fail_memory(error, (size_t)threads * sizeof *lane->detectors, "an engine");
        lane->threads = threads;
    }
    return BW_OK;
}

static bw_status open_engine(bw_engine *engine, const bw_run_options *options, bw_error *error)
{
    bw_status status = set_options(engine, options, error);
    if (status == BW_OK)
        status =
            bw_group_open(&engine->group, engine->backend, engine->plan, engine->options.padding,
                          engine->options.streams, engine->options.threads, error);
    if (status != BW_OK)
        return status;
    engine->options.streams = bw_group_streams(engine->group);
    return open_lanes(engine, error);
}

bw_status bw_engine_open(bw_engine **out, const bw_plan *plan, const bw_run_options *options,
                         bw_error *error)
{
    *out = NULL;
    bw_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return bw_fail_memory(error, sizeof *engine, "an engine");
    engine->plan = plan;
    engine->backend = &bw_backend_cpu;
    bw_status status = open_engine(engine, options, error);
    if (status != BW_OK)
        bw_engine_close(&engine);
    *out = engine;
    return status;
}

static void close_lanes(bw_engine *engine)
{
    for (int index = 0; engine->lanes && index < engine->options.streams; index++) {
        bw_lane *lane = &engine->lanes[index];
        for (int worker = 0; worker < lane->threads; worker++)
            bw_candidates_free(&lane->detectors[worker].candidates);
        free(lane->detectors);
    }
    free(engine->lanes);
}

void bw_engine_close(bw_engine **handle)
{
    bw_engine *engine = *handle;
    if (!engine)
        return;
    bw_group_close(&engine->group);
    close_lanes(engine);
    free(engine->classes);
    free(engine);
    *handle = NULL;
}

void bw_engine_describe(const bw_engine *engine, bw_engine_info *info)
{
    *info = (bw_engine_info){engine->options.threads, engine->options.streams};
}

void bw_engine_read_times(const bw_engine *engine, bw_engine_times *times)
{
    uint64_t streams = (uint64_t)engine->options.streams;
    *times = (bw_engine_times){0};
    for (uint64_t index = 0; index < streams; index++) {
        bw_lane_times *one = &engine->lanes[index].times;
        times->images += atomic_load(&one->images);
        times->prepare += atomic_load(&one->prepare);
        times->network += atomic_load(&one->network);
        times->detect += atomic_load(&one->detect);
    }
    times->prepare /= streams;
    times->network /= streams;
    times->detect /= streams;
}

/* ---- The network alone ---------------------------------------------------------------------- */

typedef struct profile {
    const bw_engine *engine;
    int runs;
    uint64_t *step_times; /* [stream][step], or NULL */
} profile;

static bw_status run_network(void *context, bw_stream *stream, size_t piece, bw_error *error)
{
    const profile *call = context;
    const bw_plan *plan = call->engine->plan;
    uint64_t *times = call->step_times ? call->step_times + piece * (size_t)plan->step_count : NULL;
    bw_status status = BW_OK;
    for (int run = 0; status == BW_OK && run < call->runs; run++)
        status = call->engine->backend->run(stream->executor, plan->batch, times, error);
    return status;
}

static void add_means(uint64_t *step_times, const profile *call)
{
    size_t steps = (size_t)call->engine->plan->step_count;
    size_t streams = (size_t)call->engine->options.streams;
    for (size_t step = 0; step < steps; step++) {
        uint64_t sum = 0;
        for (size_t stream = 0; stream < streams; stream++)
            sum += call->step_times[stream * steps + step];
        step_times[step] += sum / streams;
    }
}

bw_status bw_engine_profile(bw_engine *engine, int runs, uint64_t *step_times, bw_error *error)
{
    profile call = {.engine = engine, .runs = runs};
    size_t numbers = (size_t)engine->plan->step_count * (size_t)engine->options.streams;
    if (step_times && !(call.step_times = calloc(numbers + 1, sizeof *call.step_times)))
        return bw_fail_memory(error, numbers * sizeof *call.step_times, "the times of the steps");
    bw_status status = bw_group_each(engine->group, run_network, &call, error);
    if (step_times)
        add_means(step_times, &call);
    free(call.step_times);
    return status;
}
