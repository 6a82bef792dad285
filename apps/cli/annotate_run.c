#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "annotate.h"
#include "base/cpu.h"
#include "base/memory.h"
#include "classes.h"
#include "export.h"
#include "interrupt.h"
#include "progress.h"
#include "store/overwrite.h"

/* What a run holds open. */
typedef struct run {
    const bw_annotate_options *options;
    bw_store *store; /* the caller's */
    bw_plan *plan;
    char *model_path;
    bw_plan_info info;
    bool *classes;
    bw_engine *engine;
    bw_engine_info engine_info;
    int threads, decoders;
    bw_sink *sink;
    const char *later[BW_SINK_FORMATS + 1]; /* formats that are written at the end */
    bw_pipeline pipeline;
    bw_progress progress;
} run;

/* ---- The record of the settings ------------------------------------------------------------- */

static bw_status set_format(run *state, bw_error *error, const char *key, const char *format, ...)
    BW_PRINTF(4, 5);

static bw_status set_format(run *state, bw_error *error, const char *key, const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return bw_store_set(state->store, key, text, error);
}

static const char *now_text(char *text, size_t size)
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, size, "%Y-%m-%d %H:%M:%S UTC", &utc);
    return text;
}

static const char *resize_name(bw_resize resize, const bw_model_info *model)
{
    bw_resize used = resize == BW_RESIZE_AUTO ? model->resize : resize;
    return used == BW_RESIZE_STRETCH  ? "stretch"
           : used == BW_RESIZE_CORNER ? "corner"
                                      : "letterbox";
}

static const char *nms_name(int nms)
{
    static const char *const names[] = {"auto", "greedy", "diou"};
    return names[nms];
}

static bw_status record_model(run *state, bw_error *error)
{
    const bw_model_info *model = &state->info.model;
    const bw_model_choice *choice = &state->options->model;
    bw_status status = bw_store_set(state->store, "model", state->model_path, error);
    if (status == BW_OK && choice->weights)
        status = bw_store_set(state->store, "weights", choice->weights, error);
    if (status == BW_OK)
        status = bw_store_set(state->store, "fingerprint", model->fingerprint, error);
    if (status == BW_OK)
        status = set_format(state, error, "input", "%d x %d", model->width, model->height);
    if (status == BW_OK)
        status = bw_store_add_classes(state->store, model->names, model->classes, error);
    return status;
}

static bw_status record_thresholds(run *state, bw_error *error)
{
    const bw_annotate_options *options = state->options;
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"confidence", (double)options->confidence},
        {"iou", (double)options->iou},
        {"max_detections", options->max_detections},
        {"class_agnostic", options->agnostic},
        {"threads", state->threads},
        {"streams", state->engine_info.streams},
        {"decoders", state->decoders},
        {"batch", state->info.batch},
    };
    bw_status status = BW_OK;
    for (size_t i = 0; status == BW_OK && i < sizeof numbers / sizeof *numbers; i++)
        status = set_format(state, error, numbers[i].key, "%g", numbers[i].value);
    return status;
}

static bw_status record_words(run *state, bw_error *error)
{
    const bw_annotate_options *options = state->options;
    char features[100], started[40];
    bw_cpu_describe(features, sizeof features, state->info.cpu_features);
    const struct {
        const char *key, *value;
    } words[] = {
        {"version", bw_version()},
        {"command", options->command},
        {"nms", nms_name(options->nms)},
        {"resize", resize_name((bw_resize)options->resize, &state->info.model)},
        {"exif", options->exif ? "ignore" : "apply"},
        {"classes", options->classes ? options->classes : "all"},
        {"formats", options->formats},
        {"cpu", bw_cpu_name()},
        {"features", features},
        {"precision", bw_precision_name(state->info.precision)},
        {"started", now_text(started, sizeof started)},
        {"state", "running"},
    };
    bw_status status = BW_OK;
    for (size_t i = 0; status == BW_OK && i < sizeof words / sizeof *words; i++)
        status = bw_store_set(state->store, words[i].key, words[i].value, error);
    return status;
}

static bw_status record_end(run *state, const bw_annotate_result *result, const char *end,
                            bw_error *error)
{
    const bw_stage_times *times = &result->times;
    const struct {
        const char *key;
        uint64_t value;
    } values[] = {
        {"time_wall", times->wall},
        {"time_decode", times->decode},
        {"time_prepare", times->engine.prepare},
        {"time_network", times->engine.network},
        {"time_detect", times->engine.detect},
        {"time_write", times->sink},
    };
    bw_status status = bw_store_set(state->store, "state", end, error);
    if (status == BW_OK)
        status = set_format(state, error, "pictures", "%lld", (long long)result->counts.pictures);
    for (size_t i = 0; status == BW_OK && i < sizeof values / sizeof *values; i++)
        status = set_format(state, error, values[i].key, "%.6f", (double)values[i].value / 1e9);
    return status == BW_OK ? bw_store_commit(state->store, error) : status;
}

/* ---- Opening -------------------------------------------------------------------------------- */

static bw_status open_model(run *state, bw_gate_outcome *gate, bw_error *error)
{
    const bw_annotate_options *options = state->options;
    bw_plan_choice choice = {.model = &options->model,
                             .precision = &options->precision,
                             .machine = &options->machine,
                             .cache = !options->no_cache,
                             .gate = &options->gate,
                             .outcome = gate};
    bw_status status = bw_plan_open(&state->plan, &state->model_path, &choice, error);
    if (status != BW_OK)
        return status;
    bw_plan_describe(state->plan, &state->info);
    if (options->classes)
        status = bw_classes_parse(&state->classes, options->classes, &state->info.model, error);
    return status;
}

static bw_status open_engine(run *state, bw_error *error)
{
    const bw_annotate_options *options = state->options;
    state->threads = options->machine.threads ? options->machine.threads : bw_cpu_count();
    state->decoders = state->threads / 2 > 1 ? state->threads / 2 : 1;
    bw_run_options choice;
    bw_run_options_init(&choice);
    choice.threads = state->threads;
    choice.streams = options->machine.streams;
    choice.confidence = options->confidence;
    choice.iou = options->iou;
    choice.max_detections = options->max_detections;
    choice.nms = (bw_nms)options->nms;
    choice.class_agnostic = options->agnostic;
    choice.resize = (bw_resize)options->resize;
    choice.classes = state->classes;
    bw_status status = bw_engine_open(&state->engine, state->plan, &choice, error);
    if (status == BW_OK)
        bw_engine_describe(state->engine, &state->engine_info);
    return status;
}

static bw_status open_store(run *state, bw_error *error)
{
    bw_arena arena = {0};
    const char *path = bw_arena_format(&arena, "%s/run.db", state->options->out);
    bw_status status = path ? bw_store_create(&state->store, path, error)
                            : bw_fail_memory(error, strlen(state->options->out), "a file name");
    bw_arena_free(&arena);
    if (status == BW_OK)
        status = record_model(state, error);
    if (status == BW_OK)
        status = record_thresholds(state, error);
    if (status == BW_OK)
        status = record_words(state, error);
    return status == BW_OK ? bw_store_commit(state->store, error) : status;
}

/* Whether each picture has its own file, so that labels are there while the run goes on. */
static bool writes_at_once(const char *name)
{
    bw_format_info format;
    for (int i = 0; bw_format_describe(i, &format); i++)
        if (strcmp(format.name, name) == 0)
            return format.suffix && format.order == BW_ORDER_NUMBER;
    return false;
}

static bw_status open_sink(run *state, bw_error *error)
{
    const bw_annotate_options *options = state->options;
    bw_sink_options sink = {
        .directory = options->out,
        .with_confidence = options->save_confidence,
        .draw = options->draw,
        .thumbnails = !options->no_report,
        .model = &state->info.model,
    };
    const char *formats[BW_SINK_FORMATS + 1];
    bw_status status = bw_formats_parse(formats, BW_SINK_FORMATS, options->formats, error);
    int now = 0, later = 0;
    for (int i = 0; status == BW_OK && formats[i]; i++) {
        if (writes_at_once(formats[i]))
            sink.formats[now++] = formats[i];
        else
            state->later[later++] = formats[i];
    }
    return status == BW_OK ? bw_sink_open(&state->sink, state->store, &sink, error) : status;
}

/* Writes the formats that have one file for all pictures. */
static bw_status export_later(run *state, bw_error *error)
{
    bw_export_options export = {.directory = state->options->out,
                                .formats = state->later,
                                .with_confidence = state->options->save_confidence};
    bw_export_counts counts;
    if (!state->later[0])
        return BW_OK;
    return bw_export_run(bw_store_database(state->store), &export, &counts, error);
}

static bw_status open_run(run *state, bw_gate_outcome *gate, bw_error *error)
{
    const bw_annotate_options *options = state->options;
    bw_status status = open_model(state, gate, error);
    if (status == BW_OK)
        status = open_engine(state, error);
    if (status == BW_OK)
        status = bw_output_check(options->out, options->overwrite, error);
    if (status == BW_OK)
        status = bw_output_clear(options->out, error);
    if (status == BW_OK)
        status = open_store(state, error);
    if (status == BW_OK)
        status = open_sink(state, error);
    return status;
}

static void close_run(run *state)
{
    bw_engine_close(&state->engine);
    bw_plan_close(&state->plan);
    free(state->classes);
    free(state->model_path);
}

/* ---- Running -------------------------------------------------------------------------------- */

static bw_status take_item(void *context, bw_item *item, bw_error *error)
{
    run *state = context;
    bw_status status = bw_sink_take(state->sink, item, error);
    bw_sink_counts counts = bw_sink_count(state->sink);
    bw_progress_update(&state->progress, counts.pictures + counts.failed, counts.failed,
                       bw_pipeline_total(&state->pipeline));
    return status;
}

static bw_status run_stages(run *state, bw_annotate_result *result, bw_error *error)
{
    const bw_annotate_options *options = state->options;
    bw_pipeline_options pipeline = {
        .sources = options->sources,
        .ignore_exif = options->exif != 0,
        .decoders = state->decoders,
        .batch = state->info.batch * state->engine_info.streams,
        .engine = state->engine,
        .sink = take_item,
        .sink_context = state,
    };
    state->progress = bw_progress_start(options->quiet);
    bw_status status = bw_pipeline_run(&state->pipeline, &pipeline, &result->times, error);
    bw_progress_end(&state->progress);
    result->counts = bw_sink_count(state->sink);
    result->interrupted = bw_interrupted();
    return status;
}

bw_status bw_annotate_run(const bw_annotate_options *options, bw_store **store,
                          bw_annotate_result *result, bw_error *error)
{
    run state = {.options = options};
    bw_error ignored;
    bw_status status = open_run(&state, &result->gate, error);
    bool ran = status == BW_OK;
    if (ran)
        status = run_stages(&state, result, error);
    bw_status closed =
        bw_sink_close(&state.sink, status == BW_OK, status == BW_OK ? error : &ignored);
    if (status == BW_OK)
        status = closed;
    if (ran && status == BW_OK)
        status = export_later(&state, error);
    if (ran && status == BW_OK)
        status =
            record_end(&state, result, result->interrupted ? "interrupted" : "complete", error);
    else if (ran)
        record_end(&state, result, "failed", &ignored);
    close_run(&state);
    *store = state.store;
    return status;
}
