#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annotate.h"
#include "base/cpu.h"
#include "base/file.h"
#include "base/memory.h"
#include "classes.h"
#include "interrupt.h"
#include "observe.h"
#include "progress.h"
#include "run_formats.h"
#include "run_settings.h"
#include "stages.h"
#include "store/lock.h"
#include "store/overwrite.h"
#include "store/replay.h"
#include "terminal.h"

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
    bw_lock *lock; /* the caller's */
    bw_done *done;
    int64_t last, continued; /* of a run that goes on: its highest number, its items */
    bw_sink *sink;
    bw_run_formats later; /* that are written at the end */
    bw_pipeline pipeline;
    bw_progress progress;
    bw_observer observer;
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

/* Adds to what the earlier parts of the run took, so that all of them together are told. */
static bw_status add_time(run *state, const char *key, double value, bw_error *error)
{
    bw_arena arena = {0};
    const char *earlier = NULL;
    bw_status status = bw_store_get(state->store, key, &arena, &earlier, error);
    if (status == BW_OK)
        status =
            set_format(state, error, key, "%.6f", (earlier ? strtod(earlier, NULL) : 0) + value);
    bw_arena_free(&arena);
    return status;
}

/* Without committing it: the caller's report is part of the run. A part that was killed has left
 * neither its times nor the number of its pictures. */
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
        {"time_wait", times->wait},
        {"time_prepare", times->engine.prepare},
        {"time_network", times->engine.network},
        {"time_detect", times->engine.detect},
        {"time_write", times->sink},
    };
    const bw_sink_counts *counts = &result->counts;
    int64_t annotated = counts->pictures + counts->failed - state->continued;
    bw_status status = bw_store_set(state->store, "state", end, error);
    if (status == BW_OK)
        status = bw_store_set(state->store, "limited_by", bw_stages_limit(times), error);
    if (status == BW_OK)
        status = set_format(state, error, "pictures", "%lld", (long long)counts->pictures);
    if (status == BW_OK)
        status = add_time(state, "time_pictures", (double)annotated, error);
    for (size_t i = 0; status == BW_OK && i < sizeof values / sizeof *values; i++)
        status = add_time(state, values[i].key, (double)values[i].value / 1e9, error);
    return status;
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

/* `context` counts down the pictures that are still few. */
static bool count_few(void *context, const bw_found *found)
{
    int *left = context;
    *left -= found->container ? *left + 1 : 1;
    return *left >= 0;
}

static bool is_interrupted(void *context)
{
    (void)context;
    return bw_interrupted();
}

/* Whether there are at most `few` pictures; what holds pictures or comes from elsewhere has many.
 */
static bool has_few(const bw_sources *sources, int few)
{
    bw_list_options list = {count_few, is_interrupted, &few, .closed = true};
    return bw_list_is_countable(sources) && bw_list_sources(sources, &list);
}

/*
 * A thread that has a picture of its own waits for no other. Few pictures are shared among all
 * threads, to be done soon, and so are those of a network whose activations take much memory.
 */
static int choose_streams(const run *state)
{
    const uint64_t memory = UINT64_C(1) << 30;
    const bw_annotate_options *options = state->options;
    if (options->machine.streams || has_few(&options->sources, 4 * state->threads))
        return options->machine.streams;
    uint64_t most = memory / (state->info.arena_bytes + 1);
    int streams = most < (uint64_t)state->threads ? (int)most : state->threads;
    return streams > 1 ? streams : 0;
}

static void warn_of_threads(const run *state)
{
    char text[120];
    int processors = bw_cpu_count();
    if (state->threads <= processors || state->options->quiet)
        return;
    snprintf(text, sizeof text, "%d threads on %d processor%s wait for each other: slow",
             state->threads, processors, processors == 1 ? "" : "s");
    if (state->options->log)
        bw_observer_log("warning", text);
    else
        bw_print_warnings(text);
}

static bw_status open_engine(run *state, bw_error *error)
{
    const bw_annotate_options *options = state->options;
    state->threads = options->machine.threads ? options->machine.threads : bw_cpu_count();
    state->decoders = state->threads;
    warn_of_threads(state);
    bw_run_options choice;
    bw_run_options_init(&choice);
    choice.threads = state->threads;
    choice.streams = choose_streams(state);
    choice.confidence = options->confidence;
    choice.iou = options->iou;
    choice.max_detections = options->max_detections;
    choice.nms = (bw_nms)options->nms;
    choice.class_agnostic = options->agnostic;
    choice.resize = (bw_resize)options->resize;
    choice.padding = options->padding;
    choice.classes = state->classes;
    bw_status status = bw_engine_open(&state->engine, state->plan, &choice, error);
    if (status == BW_OK)
        bw_engine_describe(state->engine, &state->engine_info);
    return status;
}

static bw_run_means means_of(const run *state)
{
    return (bw_run_means){state->model_path, &state->info, &state->engine_info, state->threads,
                          state->decoders};
}

static bw_status begin_store(run *state, const char *path, bw_error *error)
{
    bw_run_means means = means_of(state);
    bw_status status = bw_output_clear(state->options->out, error);
    if (status == BW_OK)
        status = bw_store_create(&state->store, path, error);
    return status == BW_OK ? bw_run_settings_record(state->store, state->options, &means, error)
                           : status;
}

/* Relative paths mean the same in the same working directory only. */
static bw_status check_folder(run *state, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status =
        bw_store_query(state->store, &query,
                       "SELECT value FROM settings, items WHERE key = 'folder'"
                       " AND value <> ? AND substr(CAST(path AS BLOB), 1, 1) <> x'2F'"
                       " AND path NOT GLOB '*://*'"
                       " LIMIT 1",
                       error);
    char *here = getcwd(NULL, 0);
    if (status == BW_OK && here) {
        sqlite3_bind_text(query, 1, here, -1, SQLITE_STATIC);
        if (sqlite3_step(query) == SQLITE_ROW)
            status =
                bw_fail(error, BW_ERROR_ARGUMENT,
                        "the pictures of the run in '%s' have relative paths; call this in the "
                        "folder where it was begun, '%s', or --redo",
                        state->options->out, (const char *)sqlite3_column_text(query, 0));
    }
    sqlite3_finalize(query);
    free(here);
    return status;
}

/* A run whose labels are gone, all or some, is none to go on with. */
static bw_status check_not_replaced(run *state, bw_error *error)
{
    bw_arena arena = {0};
    const char *value = NULL;
    bw_status status = bw_store_get(state->store, "state", &arena, &value, error);
    if (status == BW_OK && value && strcmp(value, BW_STATE_REPLACED) == 0)
        status = bw_fail(error, BW_ERROR_ARGUMENT,
                         "the run in '%s' was being replaced by another when that was stopped; "
                         "--redo goes on with that",
                         state->options->out);
    bw_arena_free(&arena);
    return status;
}

static bw_status collect_done(run *state, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_done_open(&state->done, error);
    if (status == BW_OK)
        status = bw_store_query(state->store, &query, "SELECT path FROM items", error);
    while (status == BW_OK && sqlite3_step(query) == SQLITE_ROW)
        status = bw_done_add(state->done, sqlite3_column_blob(query, 0),
                             (size_t)sqlite3_column_bytes(query, 0), error);
    sqlite3_finalize(query);
    return status;
}

static bw_status continue_store(run *state, bw_error *error)
{
    bw_run_means means = means_of(state);
    bw_store_totals totals = {0};
    bw_status status = check_not_replaced(state, error);
    if (status == BW_OK)
        status = bw_run_settings_compare(state->store, state->options, &means, error);
    if (status == BW_OK)
        status = check_folder(state, error);
    if (status == BW_OK)
        status = bw_run_settings_continue(state->store, state->options, &means, error);
    if (status == BW_OK)
        status = bw_store_count(state->store, &totals, error);
    if (status == BW_OK)
        status = collect_done(state, error);
    state->last = totals.last;
    state->continued = totals.pictures + totals.failed;
    return status;
}

/* A run that is refused, or cannot be opened, stays as it was. */
static void leave_store(run *state)
{
    bw_error ignored;
    if (state->store && bw_store_roll_back(state->store, &ignored) == BW_OK)
        bw_store_close(&state->store, &ignored);
}

/* A run of other settings makes room with --redo. */
static bw_status open_store(run *state, bw_error *error)
{
    const bw_annotate_options *options = state->options;
    bw_arena arena = {0};
    const char *path = bw_arena_format(&arena, "%s/run.db", options->out);
    bw_status status = BW_OK;
    if (!path)
        status = bw_fail_memory(error, strlen(options->out), "a file name");
    else if (bw_output_has_run(options->out) && !options->overwrite) {
        status = bw_store_open(&state->store, path, error);
        if (status == BW_OK)
            status = continue_store(state, error);
        if (status == BW_ERROR_ARGUMENT && options->redo) {
            status = bw_store_close(&state->store, error);
            if (status == BW_OK)
                status = begin_store(state, path, error);
        }
    } else {
        status = begin_store(state, path, error);
    }
    bw_arena_free(&arena);
    if (status == BW_OK)
        return bw_store_commit(state->store, error);
    leave_store(state);
    return status;
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
    state->later.tracks = options->tracks;
    bw_status status = bw_run_formats_split(&state->later, sink.formats, options->formats, error);
    return status == BW_OK ? bw_sink_open(&state->sink, state->store, &sink, error) : status;
}

static bw_status open_run(run *state, bw_gate_outcome *gate, bw_error *error)
{
    const bw_annotate_options *options = state->options;
    bw_status status = open_model(state, gate, error);
    if (status == BW_OK)
        status = open_engine(state, error);
    if (status == BW_OK)
        status = bw_make_folders(options->out, error);
    if (status == BW_OK)
        status = bw_lock_take(state->lock, options->out, error);
    if (status == BW_OK)
        status = bw_output_check(options->out, error);
    if (status == BW_OK)
        status = open_store(state, error);
    if (status == BW_OK)
        status = open_sink(state, error);
    return status;
}

static void close_run(run *state)
{
    bw_done_close(&state->done);
    bw_engine_close(&state->engine);
    bw_plan_close(&state->plan);
    free(state->classes);
    free(state->model_path);
}

/* ---- Running -------------------------------------------------------------------------------- */

static bw_status observe(run *state, const char *now, bw_error *error)
{
    bw_stage_times times;
    bw_pipeline_read_times(&state->pipeline, &times);
    bw_observed observed = {now, bw_sink_count(state->sink), bw_pipeline_total(&state->pipeline),
                            &times};
    return bw_observer_update(&state->observer, &observed, error);
}

static bw_status take_item(void *context, bw_item *item, bw_error *error)
{
    run *state = context;
    bw_status status = bw_sink_take(state->sink, item, error);
    bw_sink_counts counts = bw_sink_count(state->sink);
    bw_progress_update(&state->progress, counts.pictures + counts.failed, counts.failed,
                       bw_pipeline_total(&state->pipeline));
    bw_observer_item(&state->observer, item);
    if (status == BW_OK && bw_observer_is_due(&state->observer))
        status = observe(state, "running", error);
    return status;
}

static bw_status let_rest(void *context, bw_error *error)
{
    run *state = context;
    return bw_sink_rest(state->sink, error);
}

static void choose_decoding(const run *state, bw_decode_options *decode)
{
    const bw_annotate_options *options = state->options;
    const bw_model_info *model = &state->info.model;
    bw_decode_options_init(decode);
    decode->ignore_exif = options->exif != 0;
    if (!options->fast_decode)
        return;
    decode->input_width = model->width;
    decode->input_height = model->height;
    decode->resize = options->resize == BW_RESIZE_AUTO ? model->resize : (bw_resize)options->resize;
}

static bw_status run_stages(run *state, bw_annotate_result *result, bw_error *error)
{
    const bw_annotate_options *options = state->options;
    bw_pipeline_options pipeline = {
        .sources = options->sources,
        .share = options->share,
        .done = state->done,
        .last = state->last,
        .decoders = state->decoders,
        .engine = state->engine,
        .streams = state->engine_info.streams,
        .by_shape = options->padding >= 0,
        .batch = state->info.batch,
        .sink = take_item,
        .idle = let_rest,
        .sink_context = state,
    };
    choose_decoding(state, &pipeline.decode);
    state->progress = bw_progress_start(options->quiet || options->log);
    state->progress.before = state->continued;
    state->observer = (bw_observer){.directory = options->out,
                                    .metrics = options->metrics,
                                    .model = state->model_path,
                                    .log = options->log,
                                    .before = state->continued};
    bw_observer_start(&state->observer);
    bw_status status = bw_pipeline_run(&state->pipeline, &pipeline, &result->times, error);
    bw_progress_end(&state->progress);
    result->counts = bw_sink_count(state->sink);
    result->interrupted = bw_interrupted();
    result->continued = state->continued;
    bw_observed observed = {status != BW_OK       ? "failed"
                            : result->interrupted ? "interrupted"
                                                  : "complete",
                            result->counts, bw_pipeline_total(&state->pipeline), &result->times};
    bw_error ignored;
    bw_status told =
        bw_observer_update(&state->observer, &observed, status == BW_OK ? error : &ignored);
    if (status == BW_OK)
        status = told;
    return status;
}

/* What was not committed has no files, or not all. */
static void record_failure(run *state, const bw_annotate_result *result)
{
    bw_error ignored;
    bool outage = bw_pipeline_lost_network(&state->pipeline);
    if ((outage ? bw_store_forget_failed(state->store, &ignored)
                : bw_store_roll_back(state->store, &ignored)) == BW_OK)
        record_end(state, result, "failed", &ignored);
}

bw_status bw_annotate_run(const bw_annotate_options *options, bw_store **store, bw_lock *lock,
                          bw_annotate_result *result, bw_error *error)
{
    run state = {.options = options, .lock = lock};
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
        status = bw_run_formats_write(&state.later, options->out, options->save_confidence,
                                      state.store, error);
    if (ran && status == BW_OK)
        status =
            record_end(&state, result, result->interrupted ? "interrupted" : "complete", error);
    else if (ran)
        record_failure(&state, result);
    close_run(&state);
    *store = state.store;
    return status;
}
