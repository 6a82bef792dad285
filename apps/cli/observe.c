#include "observe.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/utf8.h"
#include "stages.h"

#define UPDATE_INTERVAL 1000000000u
#define LOG_INTERVAL 10000000000u
#define DIGITS JSON_REAL_PRECISION(6)

/* ---- Files ---------------------------------------------------------------------------------- */

/* Replaces a file by a text. It tells of a moment, so that it need not survive a power cut. */
static bw_status replace_file(const char *path, const char *text, bw_error *error)
{
    char *temporary;
    if (!text || asprintf(&temporary, "%s.part", path) < 0)
        return bw_fail_memory(error, strlen(path), "a file that tells how far the run is");
    FILE *file = fopen(temporary, "we");
    bool written = file && fputs(text, file) >= 0;
    written = file && fclose(file) == 0 && written;
    bw_status status = BW_OK;
    if (!written || rename(temporary, path) != 0)
        status = bw_fail_errno(error, "write", path);
    free(temporary);
    return status;
}

/* ---- The log -------------------------------------------------------------------------------- */

static const char *now_text(char text[40])
{
    struct timespec now;
    struct tm utc;
    char seconds[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, 40, "%s.%03uZ", seconds, (unsigned)(now.tv_nsec / 1000000) % 1000);
    return text;
}

/* Text of any bytes as JSON can hold it. */
static json_t *text_json(const char *text)
{
    char *clean = bw_utf8_clean(text, false);
    json_t *value = clean ? json_string(clean) : NULL;
    free(clean);
    return value ? value : json_null();
}

/* Writes a line; takes `fields`, which may be NULL. */
static void log_line(const char *level, const char *message, json_t *fields)
{
    char now[40];
    json_t *line = json_pack("{s:s, s:s, s:o}", "time", now_text(now), "level", level, "message",
                             text_json(message));
    if (line && fields)
        json_object_update(line, fields);
    char *text = line ? json_dumps(line, JSON_COMPACT | DIGITS) : NULL;
    if (text)
        fprintf(stderr, "%s\n", text);
    free(text);
    json_decref(line);
    json_decref(fields);
}

void bw_observer_log(const char *level, const char *message)
{
    log_line(level, message, NULL);
}

void bw_observer_item(bw_observer *observer, const bw_item *item)
{
    if (observer->log && item->error.status != BW_OK)
        log_line("warning", item->error.message,
                 json_pack("{s:I, s:o, s:s}", "number", (json_int_t)item->number, "path",
                           text_json(item->path), "kind", bw_status_name(item->error.status)));
}

/* ---- Progress ------------------------------------------------------------------------------- */

static json_t *stages_json(const bw_stage_times *times)
{
    bw_stage_share share[BW_STAGES];
    bw_stages_share(share, times);
    json_t *stages = json_object();
    for (int i = 0; i < BW_STAGES; i++)
        json_object_set_new(
            stages, share[i].key,
            json_pack("{s:f, s:f}", "seconds", (double)share[i].time / 1e9, "busy", share[i].busy));
    return stages;
}

static json_t *progress_json(const bw_observer *observer, const bw_observed *observed)
{
    const bw_sink_counts *counts = &observed->counts;
    double seconds = (double)(bw_clock() - observer->start) / 1e9;
    int64_t done = counts->pictures + counts->failed;
    double rate = seconds > 0 ? (double)(done - observer->before) / seconds : 0;
    bool told = observed->total >= done && rate > 0;
    json_t *object = json_pack(
        "{s:s, s:I, s:I, s:I, s:f, s:f, s:o, s:o}", "state", observed->state, "pictures",
        (json_int_t)counts->pictures, "failed", (json_int_t)counts->failed, "boxes",
        (json_int_t)counts->boxes, "seconds", seconds, "rate", rate, "total",
        observed->total >= 0 ? json_integer(observed->total) : json_null(), "seconds_left",
        told ? json_real((double)(observed->total - done) / rate) : json_null());
    return object;
}

static bw_status write_progress(const bw_observer *observer, const bw_observed *observed,
                                bw_error *error)
{
    char *path, now[40];
    if (asprintf(&path, "%s/progress.json", observer->directory) < 0)
        return bw_fail_memory(error, strlen(observer->directory), "a file name");
    json_t *object = progress_json(observer, observed);
    json_object_set_new(object, "time", json_string(now_text(now)));
    json_object_set_new(object, "stages", stages_json(observed->times));
    json_object_set_new(object, "limited_by", json_string(bw_stages_limit(observed->times)));
    char *text = json_dumps(object, JSON_INDENT(2) | DIGITS);
    bw_status status = replace_file(path, text, error);
    free(text);
    json_decref(object);
    free(path);
    return status;
}

/* ---- Metrics -------------------------------------------------------------------------------- */

static void write_metric(FILE *file, const char *name, const char *kind, const char *help,
                         double value)
{
    fprintf(file, "# HELP %s %s\n# TYPE %s %s\n%s %.17g\n", name, help, name, kind, name, value);
}

static void write_labels(FILE *file, const char *model)
{
    fputs("{model=\"", file);
    for (; *model; model++) {
        if (*model == '"' || *model == '\\')
            fputc('\\', file);
        fputc(*model == '\n' ? ' ' : *model, file);
    }
    fputs("\",version=\"1\"}", file);
}

/* Metrics that inference servers have, too, under the names that dashboards know them by. */
static void write_inference(FILE *file, const char *model, const bw_engine_times *times)
{
    const struct {
        const char *name, *help;
        uint64_t value;
    } metrics[] = {
        {"nv_inference_count", "Pictures that the network has seen", times->images},
        {"nv_inference_compute_input_duration_us", "Resizing pictures, microseconds",
         times->prepare / 1000},
        {"nv_inference_compute_infer_duration_us", "Network, microseconds", times->network / 1000},
        {"nv_inference_compute_output_duration_us", "Boxes and NMS, microseconds",
         times->detect / 1000},
    };
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        fprintf(file, "# HELP %s %s\n# TYPE %s counter\n%s", metrics[i].name, metrics[i].help,
                metrics[i].name, metrics[i].name);
        write_labels(file, model);
        fprintf(file, " %llu\n", (unsigned long long)metrics[i].value);
    }
}

static void write_stages(FILE *file, const bw_stage_times *times)
{
    bw_stage_share share[BW_STAGES];
    bw_stages_share(share, times);
    fputs("# HELP boxwright_stage_seconds_total Time of each stage, summed over its threads\n"
          "# TYPE boxwright_stage_seconds_total counter\n",
          file);
    for (int i = 0; i < BW_STAGES; i++)
        fprintf(file, "boxwright_stage_seconds_total{stage=\"%s\"} %.6f\n", share[i].key,
                (double)share[i].time / 1e9);
}

static bw_status write_metrics(const bw_observer *observer, const bw_observed *observed,
                               bw_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return bw_fail_memory(error, 4096, "the metrics");
    const bw_sink_counts *counts = &observed->counts;
    write_metric(file, "boxwright_pictures_total", "counter", "Pictures annotated",
                 (double)counts->pictures);
    write_metric(file, "boxwright_failed_total", "counter", "Pictures that could not be used",
                 (double)counts->failed);
    write_metric(file, "boxwright_boxes_total", "counter", "Boxes found", (double)counts->boxes);
    write_metric(file, "boxwright_running", "gauge", "1 while the run goes on",
                 strcmp(observed->state, "running") == 0);
    if (observed->total >= 0)
        write_metric(file, "boxwright_pictures_found", "gauge", "Pictures there are",
                     (double)observed->total);
    write_stages(file, observed->times);
    write_inference(file, observer->model, &observed->times->engine);
    bool written = fclose(file) == 0;
    bw_status status = replace_file(observer->metrics, written ? text : NULL, error);
    free(text);
    return status;
}

/* ---- The run -------------------------------------------------------------------------------- */

/* An earlier run's file would tell of this one what is not so. */
static void remove_stale(const char *directory)
{
    char *path;
    if (asprintf(&path, "%s/progress.json", directory) < 0)
        return;
    unlink(path);
    free(path);
}

void bw_observer_start(bw_observer *observer)
{
    remove_stale(observer->directory);
    observer->start = observer->last = observer->last_log = bw_clock();
    if (observer->log)
        log_line("info", "run started",
                 json_pack("{s:o, s:o}", "out", text_json(observer->directory), "model",
                           text_json(observer->model)));
}

bool bw_observer_is_due(const bw_observer *observer)
{
    return bw_clock() - observer->last >= UPDATE_INTERVAL;
}

bw_status bw_observer_update(bw_observer *observer, const bw_observed *observed, bw_error *error)
{
    bool running = strcmp(observed->state, "running") == 0;
    observer->last = bw_clock();
    if (observer->log && (!running || observer->last - observer->last_log >= LOG_INTERVAL)) {
        observer->last_log = observer->last;
        log_line("info", running ? "progress" : "run ended", progress_json(observer, observed));
    }
    bw_status status = write_progress(observer, observed, error);
    if (status == BW_OK && observer->metrics)
        status = write_metrics(observer, observed, error);
    return status;
}
