/**
 * boxwright annotate: pictures in, annotations, drawn pictures and a report out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annotate.h"
#include "classes.h"
#include "command.h"
#include "interrupt.h"
#include "observe.h"
#include "progress.h"
#include "report/report.h"
#include "stages.h"
#include "store/lock.h"
#include "terminal.h"
#include "verb.h"

/* ---- Options -------------------------------------------------------------------------------- */

static const char *const resize_choices[] = {"auto", "letterbox", "stretch", "corner", NULL};
static const char *const nms_choices[] = {"auto", "greedy", "diou", "none", NULL};
static const char *const exif_choices[] = {"apply", "ignore", NULL};

static const char *const log_choices[] = {"text", "json", NULL};

#define FIELD(name) offsetof(bw_annotate_options, name)

static const bw_option output_table[] = {
    {"out", "DIR", "folder for everything that is written (required)", bw_read_text, FIELD(out), 0,
     0, NULL},
    {"format", "LIST", "annotation formats, with commas between (default yolo,coco)", bw_read_text,
     FIELD(formats), 0, 0, NULL},
    {"save-conf", NULL, "add each box's confidence to the YOLO files", bw_read_flag,
     FIELD(save_confidence), 0, 0, NULL},
    {"draw", NULL, "write the pictures with their boxes drawn, to DIR/drawn", bw_read_flag,
     FIELD(draw), 0, 0, NULL},
    {"no-report", NULL, "write no report.html", bw_read_flag, FIELD(no_report), 0, 0, NULL},
    {"redo", NULL, "annotate all anew where DIR holds a run with other settings", bw_read_flag,
     FIELD(redo), 0, 0, NULL},
    {"overwrite", NULL, "replace the run that DIR holds, whatever it is", bw_read_flag,
     FIELD(overwrite), 0, 0, NULL},
    {"log", "WORD", "text, or json: a JSON object a line on standard error (default text)",
     bw_read_choice, FIELD(log), 0, 0, log_choices},
    {"metrics", "FILE", "write metrics in Prometheus' text format, about once a second",
     bw_read_text, FIELD(metrics), 0, 0, NULL},
    {"quiet", NULL, "print nothing but errors", bw_read_flag, FIELD(quiet), 0, 0, NULL},
    {0},
};

static const bw_option input_table[] = {
    {"list", "FILE", "take the paths that a file lists, a line each, too", bw_read_text,
     FIELD(list), 0, 0, NULL},
    {"null", NULL, "paths in lists end with NUL, not newline", bw_read_flag, FIELD(null_separated),
     0, 0, NULL},
    {"every", "N", "of videos, take every N-th frame", bw_read_int, FIELD(sources.frames.every), 1,
     1000000000, NULL},
    {"fps", "F", "of videos, take F frames a second", bw_read_float, FIELD(sources.frames.rate),
     1e-6, 1e6, NULL},
    {"start", "S", "of videos, begin after S seconds", bw_read_float, FIELD(sources.frames.start),
     0, 1e9, NULL},
    {"end", "S", "of videos, end before S seconds", bw_read_float, FIELD(sources.frames.end), 0,
     1e9, NULL},
    {"net-timeout", "S", "of servers, seconds without an answer or progress (default 30)",
     bw_read_float, FIELD(sources.remote.timeout), 0.1, 3600, NULL},
    {"net-retries", "N", "of servers, tries after the first (default 4)", bw_read_int,
     FIELD(sources.remote.retries), 0, 100, NULL},
    {"shard", "I/N", "take only the I-th of N shares of the pictures", bw_read_share, FIELD(share),
     0, 0, NULL},
    {"exif", "WORD", "apply or ignore the orientation that a picture carries (default apply)",
     bw_read_choice, FIELD(exif), 0, 0, exif_choices},
    {"fast-decode", NULL,
     "decode JPEGs of at least twice the network's input at a part of their size; may change AP "
     "slightly",
     bw_read_flag, FIELD(fast_decode), 0, 0, NULL},
    {"resize", "WORD",
     "letterbox and corner keep a picture's aspect, stretch does not (default auto: as the model "
     "asks)",
     bw_read_choice, FIELD(resize), 0, 0, resize_choices},
    {"padding", "N",
     "compute only N pixels of the padding around a picture, such as 16: faster; may change AP "
     "slightly (default all)",
     bw_read_int, FIELD(padding), 0, 65535, NULL},
    {0},
};

static const bw_option detection_table[] = {
    {"conf", "X", "keep boxes whose confidence is above this (default 0.25)", bw_read_float,
     FIELD(confidence), 0, 0.999, NULL},
    {"iou", "X", "overlap above which the weaker of two boxes goes (default 0.45)", bw_read_float,
     FIELD(iou), 0, 1, NULL},
    {"nms", "WORD", "which overlap: auto, greedy, diou or none (default auto: as the model asks)",
     bw_read_choice, FIELD(nms), 0, 0, nms_choices},
    {"agnostic", NULL, "compare boxes of different classes, too", bw_read_flag, FIELD(agnostic), 0,
     0, NULL},
    {"max-det", "N", "most boxes in a picture (default 300)", bw_read_int, FIELD(max_detections), 1,
     1000000, NULL},
    {"classes", "LIST", "keep only these classes: names or numbers, such as person,car",
     bw_read_text, FIELD(classes), 0, 0, NULL},
    {0},
};

static const bw_option plan_table[] = {
    {"no-cache", NULL, "build the network's plan anew and do not keep it for later runs",
     bw_read_flag, FIELD(no_cache), 0, 0, NULL},
    {0},
};

static const bw_option_group groups[] = {
    {"Output", output_table, 0},
    {"Input", input_table, 0},
    {"Detection", detection_table, 0},
    {"Tracks", bw_tracks_table, FIELD(tracks)},
    {"Network", bw_model_options, FIELD(model)},
    {"Precision", bw_precision_options, FIELD(precision)},
    {"Accuracy", bw_gate_options, FIELD(gate)},
    {"Machine", bw_machine_options, FIELD(machine)},
    {"Plan", plan_table, 0},
    {0},
};

static int run_annotate(int argc, char **argv);

static const bw_short_option short_options[] = {{'o', "out"}, {0}};

const bw_verb bw_verb_annotate = {
    {
        .name = "annotate",
        .summary = "Find objects in pictures; write annotations and a report",
        .operands = "PATH...",
        .details =
            "PATH is a picture, a folder (searched with all below it), a video, a tar or zip\n"
            "archive, a quoted pattern such as 'shots/*.jpg', the URL of a picture or of a list\n"
            "(http, https, s3), an s3 prefix, or - for a list of paths on standard input. DIR "
            "will\n"
            "hold run.db, labels/, coco_results.json, report.html, and\n"
            "drawn/ with --draw. Pictures that cannot be used are listed and never stop a "
            "run.\n"
            "The same command goes on with a run that was interrupted, or has got new pictures.\n"
            "\n"
            "Formats: yolo, coco (results), coco-dataset, voc, kitti, cvat (images), cvat-video,\n"
            "label-studio, x-anylabeling, darknet, jsonl, csv.\n"
            "\n"
            "Exit status: 0 all good, 3 done but some pictures failed, 4 the plan of --precision\n"
            "loses too much accuracy, 2 wrong use, 1 failure, 130 interrupted.",
        .groups = groups,
        .short_options = short_options,
    },
    run_annotate,
};

/* Refuses what can be told to be wrong before anything is opened. */
static int check_usage(const bw_annotate_options *options)
{
    const bw_usage *usage = &bw_verb_annotate.usage;
    int lists = 0;
    if (options->sources.count == 0 && !options->list)
        return bw_usage_error(usage, "say which pictures: a file, a folder, or - for a list");
    if (!options->out)
        return bw_usage_error(usage, "say where to write: --out DIR");
    for (int i = 0; i < options->sources.count; i++) {
        const char *path = options->sources.paths[i];
        bool is_list = strcmp(path, "-") == 0;
        lists += is_list;
        if (!is_list && !bw_list_exists(path))
            return bw_usage_error(usage, "there is no file or folder '%s', nor does one match",
                                  path);
    }
    bool listed_input = options->list && strcmp(options->list, "-") == 0;
    lists += listed_input;
    if (options->list && !listed_input && !bw_list_exists(options->list))
        return bw_usage_error(usage, "--list: there is no file '%s'", options->list);
    if (options->fast_decode && options->draw)
        return bw_usage_error(usage, "--draw needs all pixels, and --fast-decode leaves some out");
    if (options->padding >= 0 && options->resize == BW_RESIZE_STRETCH)
        return bw_usage_error(usage, "--padding: stretched pictures have none");
    if (options->sources.frames.every > 0 && options->sources.frames.rate > 0)
        return bw_usage_error(usage, "--every and --fps exclude each other");
    const bw_frame_choice *frames = &options->sources.frames;
    if (frames->end > 0 && frames->end <= frames->start)
        return bw_usage_error(usage, "--end %g is not after --start %g", (double)frames->end,
                              (double)frames->start);
    const char *problem = bw_tracks_problem(&options->tracks);
    if (problem)
        return bw_usage_error(usage, "%s", problem);
    if (lists > 1)
        return bw_usage_error(usage, "'-' stands more than once, but standard input ends once");
    bw_error error;
    const char *formats[BW_SINK_FORMATS + 1];
    if (bw_formats_parse(formats, BW_SINK_FORMATS, options->formats, &error) != BW_OK)
        return bw_usage_error(usage, "--format: %s", error.message);
    return BW_EXIT_OK;
}

/* ---- The end -------------------------------------------------------------------------------- */

/* `others` says where the rest of them stands. */
static void print_failures(bw_store *store, const char *others, int64_t failed)
{
    enum { SHOWN = 5 };
    sqlite3_stmt *query = NULL;
    printf("%lld of the pictures could not be used:\n", (long long)failed);
    if (bw_store_query(store, &query, "SELECT message FROM errors ORDER BY item LIMIT 5", NULL) ==
        BW_OK) {
        while (sqlite3_step(query) == SQLITE_ROW) {
            const char *message = (const char *)sqlite3_column_text(query, 0);
            fputs("  ", stdout);
            bw_print_clean(stdout, message ? message : "");
            putchar('\n');
        }
    }
    sqlite3_finalize(query);
    if (failed > SHOWN)
        printf("  ... and %lld more, %s\n", (long long)(failed - SHOWN), others);
}

/* What this part of a run did: all of it, unless there were pictures before. */
static void print_speed(int64_t before, int64_t annotated, double seconds)
{
    char duration[32];
    if (annotated == 0) {
        puts(before > 0 ? ", nothing new" : "");
        return;
    }
    fputs(", ", stdout);
    if (before > 0)
        printf("%lld of them ", (long long)annotated);
    printf("in %s (%.1f images/s)\n", bw_format_duration(duration, sizeof duration, seconds),
           seconds > 0 ? (double)annotated / seconds : 0);
}

static void print_summary(const bw_annotate_options *options, const bw_annotate_result *result,
                          bw_store *store)
{
    const bw_sink_counts *counts = &result->counts;
    double seconds = (double)result->times.wall / 1e9;
    int64_t done = counts->pictures + counts->failed;
    bool continued = result->continued > 0;
    if (result->interrupted)
        printf("Interrupted; what is written is complete. The same command goes on from here.\n");
    if (continued)
        printf("Went on after %lld image%s\n", (long long)result->continued,
               result->continued == 1 ? "" : "s");
    printf("%lld image%s, %lld box%s, %lld failed%s", (long long)counts->pictures,
           counts->pictures == 1 ? "" : "s", (long long)counts->boxes,
           counts->boxes == 1 ? "" : "es", (long long)counts->failed, continued ? " in all" : "");
    print_speed(result->continued, done - result->continued, seconds);
    bw_stages_print(stdout, &result->times);
    bw_gate_print(stdout, "Accuracy: ", &result->gate);
    if (counts->failed > 0)
        print_failures(store,
                       options->no_report ? "in the table 'errors' of run.db"
                                          : "in the report, and in the table 'errors' of run.db",
                       counts->failed);
    if (done == 0 && !result->interrupted)
        printf("No picture was found; in folders, names such as *.jpg, *.png, *.webp and *.bmp "
               "are looked for%s.\n",
               options->sources.frames.start > 0 || options->sources.frames.end > 0
                   ? ", and --start and --end may leave nothing of a video"
                   : "");
    if (!options->no_report)
        printf("%s/report.html\n", options->out);
}

static int exit_status(const bw_annotate_result *result)
{
    if (result->gate.refused)
        return BW_EXIT_GATE;
    if (result->interrupted)
        return BW_EXIT_INTERRUPTED;
    return result->counts.failed > 0 ? BW_EXIT_SOME_FAILED : BW_EXIT_OK;
}

/* What comes after the detections. */
static bw_status finish(const bw_annotate_options *options, const bw_annotate_result *result,
                        bw_store *store, bw_error *error)
{
    bw_status status = BW_OK;
    if (!options->no_report)
        status = bw_report_write(store, options->out, error);
    if (status == BW_OK && !options->quiet)
        print_summary(options, result, store);
    return status;
}

static bw_status annotate(const bw_annotate_options *options, int *exit_code, bw_error *error)
{
    bw_store *store = NULL;
    bw_lock lock = {.file = -1};
    bw_annotate_result result = {0};
    bw_status status = bw_annotate_run(options, &store, &lock, &result, error);
    if (status == BW_OK)
        status = finish(options, &result, store, error);
    bw_error closing;
    if (status != BW_OK && store)
        bw_store_set(store, "state", "failed", &closing);
    if (bw_store_close(&store, &closing) != BW_OK && status == BW_OK) {
        *error = closing;
        status = closing.status;
    }
    bw_lock_release(&lock);
    *exit_code = exit_status(&result);
    return status;
}

static int run_annotate(int argc, char **argv)
{
    bw_annotate_options options = {
        .formats = "yolo,coco",
        .confidence = 0.25f,
        .iou = 0.45f,
        .padding = -1,
        .max_detections = 300,
        .sources.remote = {.retries = -1},
        .precision = bw_precision_defaults,
        .gate = bw_gate_defaults,
        .machine = bw_machine_defaults,
        .tracks = bw_tracks_default(),
    };
    char *command = bw_command_text("annotate", argc, argv);
    int operands, exit_code = BW_EXIT_FAILURE;
    bw_limits limits;
    bw_limits_init(&limits);
    options.sources.remote.limit = limits.image_bytes;
    bw_options_result read =
        bw_options_read(&bw_verb_annotate.usage, &options, argc, argv, &operands);
    options.command = command ? command : "";
    options.sources = (bw_sources){argv,
                                   operands,
                                   options.null_separated,
                                   options.list,
                                   options.sources.frames,
                                   options.sources.remote};
    if (read == BW_OPTIONS_RUN)
        exit_code = check_usage(&options);
    else
        exit_code = read == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    bw_error error;
    if (read == BW_OPTIONS_RUN && exit_code == BW_EXIT_OK) {
        bw_interrupt_catch();
        if (annotate(&options, &exit_code, &error) != BW_OK) {
            if (options.log)
                bw_observer_log("error", error.message);
            else
                bw_print_message(error.message);
            if (exit_code != BW_EXIT_GATE)
                exit_code = bw_exit_status(&error);
        }
    }
    free(command);
    return exit_code;
}
