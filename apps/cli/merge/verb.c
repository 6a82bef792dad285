/**
 * boxwright merge: one run of several, as if one had annotated all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "command.h"
#include "interrupt.h"
#include "merge/contact.h"
#include "merge/record.h"
#include "report/report.h"
#include "run_formats.h"
#include "run_settings.h"
#include "store/overwrite.h"
#include "store/read.h"
#include "store/replay.h"
#include "terminal.h"
#include "verb.h"

typedef struct merge_options {
    const char *out, *command;
    char **runs;
    int count, prefer; /* bw_merge_prefer */
    bool partial, renumber, no_report, overwrite, quiet;
} merge_options;

static const char *const prefer_choices[] = {"none", "first", "last", NULL};

#define FIELD(name) offsetof(merge_options, name)

static const bw_option table[] = {
    {"prefer", "WORD",
     "whose result of a picture stays where runs differ: none, first or last (default none, an "
     "error)",
     bw_read_choice, FIELD(prefer), 0, 0, prefer_choices},
    {"partial", NULL, "join what is there, though shares are missing or runs are not finished",
     bw_read_flag, FIELD(partial), 0, 0, NULL},
    {"renumber", NULL, "shares whose lists differ: give pictures of the same number new ones",
     bw_read_flag, FIELD(renumber), 0, 0, NULL},
    {"no-report", NULL, "write no report.html", bw_read_flag, FIELD(no_report), 0, 0, NULL},
    {"overwrite", NULL, "replace the run that OUT holds", bw_read_flag, FIELD(overwrite), 0, 0,
     NULL},
    {"quiet", NULL, "print nothing but errors", bw_read_flag, FIELD(quiet), 0, 0, NULL},
    {0},
};

static const bw_option_group groups[] = {{"Merging", table, 0}, {0}};

static int run_merge(int argc, char **argv);

const bw_verb bw_verb_merge = {
    {
        .name = "merge",
        .summary = "Join runs, such as shares of one, into one run",
        .operands = "OUT RUN...",
        .details =
            "RUNs are folders that 'annotate' wrote, mostly those of --shard 1/N to N/N; OUT is\n"
            "the folder for the run that they make together: the same database, labels and\n"
            "formats as of one run over all pictures. Their settings must be the same. Nothing\n"
            "is written to OUT before all is found to fit, and the RUNs are left as they are. The\n"
            "same command goes on with a merge that was interrupted.\n"
            "\n"
            "Exit status: 0 all good, 3 done but some pictures had failed, 2 wrong use or runs\n"
            "that do not fit, 1 failure, 130 interrupted.",
        .groups = groups,
    },
    run_merge,
};

/* A merge under way. */
typedef struct merge {
    const merge_options *options;
    bw_merge_runs runs;
    bw_duplicates *duplicates;
    bw_lock lock;
    bw_store *store;
    bw_sink *sink;
    bw_run_formats later;
    bool with_confidence;
    bw_join join;
    bw_sink_counts counts;
    bw_arena arena; /* of the formats and the classes' names */
} merge;

/* ---- The folder to write -------------------------------------------------------------------- */

/* What the folder holds. */
typedef enum out_state {
    OUT_EMPTY,
    OUT_RUN,        /* of annotate, or of a merge that is finished */
    OUT_UNFINISHED, /* a merge of whatever runs */
    OUT_SAME,       /* the unfinished merge of these runs */
} out_state;

static out_state examine_out(const char *folder, uint64_t sum)
{
    if (!bw_output_has_run(folder))
        return OUT_EMPTY;
    char sql[120];
    snprintf(sql, sizeof sql,
             "SELECT 1 + (value = '" BW_MERGING " %016llx') FROM settings"
             " WHERE key='state' AND value LIKE '" BW_MERGING " %%'",
             (unsigned long long)sum);
    sqlite3 *database = NULL;
    int found = -1;
    if (bw_run_read(&database, folder, NULL) == BW_OK)
        found = bw_run_pragma(database, sql);
    sqlite3_close(database);
    return found < 0 ? OUT_RUN : found == 1 ? OUT_UNFINISHED : OUT_SAME;
}

/* Sharing the lock takes away one that a merge has left that was killed after its end. */
static bw_status refuse_run(const char *folder, bw_error *error)
{
    bw_lock lock;
    bw_status status = bw_lock_share(&lock, folder, error);
    if (status != BW_OK)
        return status;
    bw_lock_release(&lock);
    return bw_fail(error, BW_ERROR_ARGUMENT,
                   "'%.200s', the folder for the result, holds a run already; choose another, or "
                   "replace that by --overwrite",
                   folder);
}

static bw_status check_out(const merge_options *options, bw_error *error)
{
    struct stat out, run;
    if (stat(options->out, &out) != 0)
        return BW_OK;
    for (int i = 0; i < options->count; i++)
        if (stat(options->runs[i], &run) == 0 && run.st_dev == out.st_dev &&
            run.st_ino == out.st_ino)
            return bw_fail(error, BW_ERROR_ARGUMENT,
                           "'%.200s' is both to be read and to be written; the first folder is the "
                           "one for the result",
                           options->out);
    bool holds_run = examine_out(options->out, 0) == OUT_RUN && !options->overwrite;
    return holds_run ? refuse_run(options->out, error) : BW_OK;
}

/* What the database has keeps its place: the same runs give the same numbers. */
static bw_status go_on(merge *state, const char *path, bw_error *error)
{
    bw_store_totals totals = {0};
    bw_status status = bw_store_open(&state->store, path, error);
    if (status == BW_OK)
        status = bw_store_count(state->store, &totals, error);
    state->join.done = totals.last;
    return status;
}

static bw_status begin_store(merge *state, bw_error *error)
{
    const merge_options *options = state->options;
    const char *path = bw_arena_format(&state->arena, "%s/run.db", options->out);
    if (!path)
        return bw_fail_memory(error, strlen(options->out), "a file name");
    bw_status status = bw_make_folders(options->out, error);
    if (status == BW_OK)
        status = bw_lock_take(&state->lock, options->out, error);
    if (status == BW_OK)
        status = bw_output_check(options->out, error);
    if (status != BW_OK)
        return status;
    uint64_t sum = bw_duplicates_sum(state->duplicates);
    out_state found = examine_out(options->out, sum);
    if (found == OUT_SAME && !options->overwrite)
        return go_on(state, path, error);
    if (found != OUT_EMPTY && !options->overwrite)
        return bw_fail(
            error, BW_ERROR_ARGUMENT,
            "'%.200s' holds a merge of other runs, or of these before they changed, that "
            "did not come to its end; replace it by --overwrite, or choose another "
            "folder",
            options->out);
    status = bw_output_clear(options->out, error);
    if (status == BW_OK)
        status = bw_store_create(&state->store, path, error);
    return status == BW_OK
               ? bw_merge_record_begin(state->store, &state->runs, options->command, sum, error)
               : status;
}

/* ---- Joining -------------------------------------------------------------------------------- */

static bw_status get(merge *state, const char *key, const char **value, bw_error *error)
{
    bw_status status = bw_store_get(state->store, key, &state->arena, value, error);
    if (status == BW_OK && !*value)
        *value = bw_run_settings_absent(key);
    if (status == BW_OK && !*value)
        status = bw_fail(error, BW_ERROR_FORMAT, "'%.200s' does not tell its %s",
                         state->runs.all[0].folder, key);
    return status;
}

static bw_status open_sink(merge *state, bw_error *error)
{
    bw_model_info model = {0};
    bw_sink_options sink = {.directory = state->options->out, .model = &model};
    const char *formats = NULL, *confidence = NULL, *draw = NULL, *tracks = NULL;
    bw_status status = get(state, "formats", &formats, error);
    if (status == BW_OK)
        status = get(state, "save_confidence", &confidence, error);
    if (status == BW_OK)
        status = get(state, "draw", &draw, error);
    if (status == BW_OK)
        status = get(state, "tracks", &tracks, error);
    if (status == BW_OK && !bw_tracks_parse(&state->later.tracks, tracks))
        status = bw_fail(error, BW_ERROR_FORMAT, "'%.200s' tells its tracks as '%.100s'",
                         state->runs.all[0].folder, tracks);
    if (status == BW_OK)
        status = bw_run_formats_split(&state->later, sink.formats, formats, error);
    if (status == BW_OK)
        status = bw_run_classes(&model.names, &model.classes, state->runs.all[0].database,
                                &state->arena, error);
    if (status != BW_OK)
        return status;
    sink.with_confidence = state->with_confidence = strcmp(confidence, "0") != 0;
    state->join.draw = strcmp(draw, "0") != 0;
    return bw_sink_open(&state->sink, state->store, &sink, error);
}

static bw_status join(merge *state, bw_error *error)
{
    bw_progress progress = bw_progress_start(state->options->quiet);
    state->join.runs = &state->runs;
    state->join.duplicates = state->duplicates;
    state->join.progress = &progress;
    bw_status status = open_sink(state, error);
    state->join.sink = state->sink;
    if (status == BW_OK)
        status = bw_join_runs(&state->join, error);
    bw_progress_end(&progress);
    if (state->sink)
        state->counts = bw_sink_count(state->sink);
    bw_error ignored;
    bool whole = status == BW_OK && !bw_interrupted();
    bw_status closed = bw_sink_close(&state->sink, whole, status == BW_OK ? error : &ignored);
    return status == BW_OK ? closed : status;
}

static bw_status finish(merge *state, bw_error *error)
{
    const merge_options *options = state->options;
    bw_status status = bw_run_formats_write(&state->later, options->out, state->with_confidence,
                                            state->store, error);
    if (status == BW_OK && !options->no_report)
        status = bw_merge_contact(&state->join, state->store, error);
    if (status == BW_OK)
        status = bw_merge_record_end(state->store, &state->runs, state->counts.pictures, error);
    return status == BW_OK && !options->no_report
               ? bw_report_write(state->store, options->out, error)
               : status;
}

static bw_status merge_runs(merge *state, bw_error *error)
{
    const merge_options *options = state->options;
    bw_status status = check_out(options, error);
    if (status == BW_OK)
        status = bw_merge_runs_open(&state->runs, options->runs, options->count, options->partial,
                                    error);
    if (status == BW_OK)
        status = bw_duplicates_find(&state->duplicates, &state->runs,
                                    (bw_merge_prefer)options->prefer, options->renumber, error);
    if (status == BW_OK && !bw_interrupted())
        status = begin_store(state, error);
    if (status == BW_OK && !bw_interrupted())
        status = join(state, error);
    return status == BW_OK && !bw_interrupted() ? finish(state, error) : status;
}

/* ---- The verb ------------------------------------------------------------------------------- */

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_summary(const merge *state)
{
    const bw_sink_counts *counts = &state->counts;
    bw_duplicate_counts duplicates = bw_duplicates_count(state->duplicates);
    printf("%zu run%s: %lld image%s, %lld box%s, %lld failed\n", state->runs.count,
           plural((int64_t)state->runs.count), (long long)counts->pictures,
           plural(counts->pictures), (long long)counts->boxes, counts->boxes == 1 ? "" : "es",
           (long long)counts->failed);
    if (duplicates.same > 0)
        printf("%lld in several runs with the same result, kept once\n",
               (long long)duplicates.same);
    if (duplicates.different > 0)
        printf("%lld in several runs with different results: those of the %s run stay\n",
               (long long)duplicates.different,
               state->options->prefer == BW_PREFER_LAST ? "last" : "first");
    if (state->join.moved > 0)
        printf("%lld got another number than in their run\n", (long long)state->join.moved);
    if (state->join.undrawn > 0)
        printf("%lld drawn picture%s not in their run's folder, and left out\n",
               (long long)state->join.undrawn, state->join.undrawn == 1 ? " is" : "s are");
    if (state->runs.incomplete)
        printf("Not all is there: the run can go on by 'boxwright annotate' without --shard\n");
    if (!state->options->no_report) {
        bw_print_clean(stdout, state->options->out);
        fputs("/report.html\n", stdout);
    }
}

static bw_status close_merge(merge *state, bw_status status, bw_error *error)
{
    bw_error closing;
    if (state->store && (status != BW_OK || bw_interrupted()))
        bw_store_roll_back(state->store, &closing);
    if (bw_store_close(&state->store, &closing) != BW_OK && status == BW_OK) {
        *error = closing;
        status = closing.status;
    }
    bw_lock_release(&state->lock);
    return status;
}

static void free_merge(merge *state)
{
    bw_duplicates_close(&state->duplicates);
    bw_merge_runs_close(&state->runs);
    free(state->join.thumbnails);
    bw_arena_free(&state->arena);
}

static int carry_out(const merge_options *options)
{
    merge state = {.options = options, .lock = {.file = -1}};
    bw_error error;
    bw_status status = merge_runs(&state, &error);
    status = close_merge(&state, status, &error);
    bool interrupted = bw_interrupted();
    if (status != BW_OK)
        bw_print_message(error.message);
    else if (interrupted && !options->quiet)
        printf("Interrupted; the same command goes on with it.\n");
    else if (!options->quiet)
        print_summary(&state);
    int failed = state.counts.failed > 0 ? BW_EXIT_SOME_FAILED : BW_EXIT_OK;
    free_merge(&state);
    if (status != BW_OK)
        return bw_exit_status(&error);
    return interrupted ? BW_EXIT_INTERRUPTED : failed;
}

static int run_merge(int argc, char **argv)
{
    const bw_usage *usage = &bw_verb_merge.usage;
    merge_options options = {.prefer = BW_PREFER_NONE};
    char *command = bw_command_text("merge", argc, argv);
    int operands, exit_code;
    bw_options_result result = bw_options_read(usage, &options, argc, argv, &operands);
    options.command = command ? command : "";
    if (result != BW_OPTIONS_RUN) {
        exit_code = result == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    } else if (operands < 2) {
        exit_code = bw_usage_error(usage, "say where to write, and which runs to read: OUT RUN...");
    } else {
        options.out = argv[0];
        options.runs = argv + 1;
        options.count = operands - 1;
        bw_interrupt_catch();
        exit_code = carry_out(&options);
    }
    free(command);
    return exit_code;
}
