/**
 * boxwright select: the pictures of a run that are most worth a person's look.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "select/describe.h"
#include "select/output.h"
#include "terminal.h"
#include "verb.h"

/* How many of the best are compared with each other: eight for each that is taken, fewer where
   that would take long, and never less than twice as many as are taken. */
enum { MOST_BUDGET = 20000, POOL_FACTOR = 8, LEAST_POOL = 200 };
#define MOST_COMPARISONS 200000000u

typedef struct select_options {
    const char *run, *out;
    int budget, threads;
    bool null_separated;
} select_options;

#define FIELD(name) offsetof(select_options, name)

static const bw_option option_table[] = {
    {"budget", "N", "how many pictures to select (required)", bw_read_int, FIELD(budget), 1,
     MOST_BUDGET, NULL},
    {"out", "DIR", "write selected.txt, selected.csv and selected.html there", bw_read_text,
     FIELD(out), 0, 0, NULL},
    {"null", NULL, "end the paths of the list with NUL, not newline", bw_read_flag,
     FIELD(null_separated), 0, 0, NULL},
    {"threads", "N", "threads that read pictures (default: one for each processor)", bw_read_int,
     FIELD(threads), 1, 512, NULL},
    {0},
};

static const bw_option_group groups[] = {{"Selection", option_table, 0}, {0}};

static int run_select(int argc, char **argv);

static const bw_short_option short_options[] = {{'o', "out"}, {0}};

const bw_verb bw_verb_select = {
    {
        .name = "select",
        .summary = "List the pictures of a run that are most worth a person's look",
        .operands = "RUN",
        .details =
            "RUN is a folder that 'annotate' wrote. Those pictures come first whose boxes are\n"
            "doubtful or of rare classes, and which are unlike those before them. Without --out\n"
            "their paths are printed, one a line, as 'annotate -' takes them.",
        .groups = groups,
        .short_options = short_options,
    },
    run_select,
};

static size_t pool_size(size_t budget)
{
    size_t pool = POOL_FACTOR * budget;
    if (pool * budget > MOST_COMPARISONS)
        pool = MOST_COMPARISONS / budget;
    if (pool < 2 * budget)
        pool = 2 * budget;
    return pool > LEAST_POOL ? pool : LEAST_POOL;
}

static bw_status put_out(const select_options *options, const bw_selection *selection,
                         bw_error *error)
{
    if (!options->out)
        return bw_selection_list(selection, stdout, error);
    bw_status status = bw_selection_write(selection, options->out, error);
    if (status == BW_OK) {
        printf("%zu of %lld pictures\n", selection->count, (long long)selection->pictures);
        bw_print_clean(stdout, options->out);
        fputs("/selected.html\n", stdout);
    }
    return status;
}

static bw_status choose(const select_options *options, bw_selection *selection,
                        const bw_candidates *candidates, bw_error *error)
{
    float *descriptions = NULL;
    size_t budget = (size_t)options->budget;
    int threads = options->threads ? options->threads : bw_cpu_count();
    bw_choice *choices = calloc(budget, sizeof *choices);
    float *nearest = calloc(candidates->count + 1, sizeof *nearest);
    bw_status status =
        choices && nearest
            ? bw_select_describe(&descriptions, candidates, selection->database, threads, error)
            : bw_fail_memory(error, budget * sizeof *choices, "a selection");
    if (status == BW_OK) {
        selection->candidates = candidates;
        selection->choices = choices;
        selection->count = bw_select_choose(choices, budget, candidates, descriptions, nearest);
        status = put_out(options, selection, error);
    }
    free(descriptions);
    free(nearest);
    free(choices);
    return status;
}

static bw_status select_pictures(const select_options *options, bw_error *error)
{
    sqlite3 *database = NULL;
    bw_candidates candidates = {0};
    bw_status status = bw_run_read(&database, options->run, error);
    if (status == BW_OK)
        bw_run_warn_unfinished(database, options->run);
    if (status == BW_OK)
        status = bw_select_measure(&candidates, database, error);
    if (status == BW_OK && candidates.count == 0)
        bw_print_warnings("the run has no picture to select from");
    bw_selection selection = {.database = database,
                              .run = options->run,
                              .pictures = (int64_t)candidates.count,
                              .null_separated = options->null_separated};
    if (status == BW_OK) {
        bw_select_best(&candidates, pool_size((size_t)options->budget));
        status = choose(options, &selection, &candidates, error);
    }
    free(candidates.all);
    sqlite3_close(database);
    return status;
}

static int run_select(int argc, char **argv)
{
    const bw_usage *usage = &bw_verb_select.usage;
    select_options options = {.budget = 0};
    int operands;
    bw_options_result result = bw_options_read(usage, &options, argc, argv, &operands);
    if (result != BW_OPTIONS_RUN)
        return result == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    if (operands != 1)
        return bw_usage_error(usage, "say of which run: one folder that 'annotate' wrote");
    if (options.budget == 0)
        return bw_usage_error(usage, "say how many pictures: --budget N");
    options.run = argv[0];
    bw_error error;
    if (select_pictures(&options, &error) == BW_OK)
        return BW_EXIT_OK;
    bw_print_message(error.message);
    return bw_exit_status(&error);
}
