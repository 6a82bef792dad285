/**
 * boxwright inspect: what a network is, and the steps that its plan takes on this machine.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "layer_table.h"
#include "model.h"
#include "terminal.h"
#include "verb.h"

typedef struct inspect_options {
    bool graph, time;
    bw_model_choice model;
    bw_precision_choice precision;
    bw_machine_choice machine;
} inspect_options;

enum { LEAST_RUNS = 3, MOST_RUNS = 1000 };

static const uint64_t enough_nanoseconds = 1000000000; /* that the runs of --time take */

static const bw_option view_table[] = {
    {"time", NULL, "run the plan, and show what each step takes", bw_read_flag,
     offsetof(inspect_options, time), 0, 0, NULL},
    {"graph", NULL, "show the graph as loaded and after all passes too", bw_read_flag,
     offsetof(inspect_options, graph), 0, 0, NULL},
    {0},
};

static const bw_option_group groups[] = {
    {"View", view_table, 0},
    {"Network", bw_model_options, offsetof(inspect_options, model)},
    {"Precision", bw_precision_options, offsetof(inspect_options, precision)},
    {"Machine", bw_machine_options, offsetof(inspect_options, machine)},
    {0},
};

static void print_model(const char *path, const bw_plan_info *info)
{
    char features[80];
    const bw_model_info *model = &info->model;
    bw_cpu_describe(features, sizeof features, info->cpu_features);
    printf("Model        ");
    bw_print_clean(stdout, path);
    printf("\nFingerprint  %s\n", model->fingerprint);
    printf("Input        %d x %d pixels, %s\n", model->width, model->height,
           model->resize == BW_RESIZE_STRETCH  ? "stretched"
           : model->resize == BW_RESIZE_CORNER ? "letterboxed at the top left"
                                               : "letterboxed");
    printf("Pictures     %s, padded with %.0f\n", model->pictures, 255.0 * (double)model->padding);
    printf("Head         %s\n", model->head);
    printf("Classes      %d (", model->classes);
    for (int i = 0; i < model->classes && i < 5; i++) {
        fputs(i ? ", " : "", stdout);
        bw_print_clean(stdout, model->names[i]);
    }
    printf("%s)\n", model->classes > 5 ? ", ..." : "");
    printf("Layers       %d\n", model->layers);
    printf("Weights      %.3f million\n", (double)model->weights / 1e6);
    printf("Work         %.3f GMAC an image\n", (double)model->macs / 1e9);
    printf("Candidates   %llu boxes an image\n", (unsigned long long)model->boxes);
    printf("Plan         %d steps for batches of %d, on %s\n", info->steps, info->batch, features);
    if (info->file_bytes)
        printf("File         %.1f MB, built with %s\n", (double)info->file_bytes / 1e6,
               info->settings);
    if (info->stored_bytes < info->weight_bytes)
        printf("Sharing      weights take %.2f MB in the file, and %.2f MB packed\n",
               (double)info->stored_bytes / 1e6, (double)info->weight_bytes / 1e6);
    printf("Memory       %.1f MB activations, %.1f MB packed weights\n",
           (double)info->arena_bytes / 1e6, (double)info->weight_bytes / 1e6);
}

/* ---- Steps ---------------------------------------------------------------------------------- */

/* Nanoseconds of each step in the mean of some runs, the caller's; NULL on failure. */
static double *time_steps(bw_engine *engine, int steps, bw_error *error)
{
    uint64_t *sums = calloc((size_t)steps, sizeof *sums), start = bw_clock();
    double *times = calloc((size_t)steps, sizeof *times);
    bw_status status = sums && times ? bw_engine_profile(engine, 1, NULL, error)
                                     : bw_fail_memory(error, sizeof *times, "times");
    int runs = 0;
    while (status == BW_OK && runs < MOST_RUNS &&
           (runs < LEAST_RUNS || bw_clock() - start < enough_nanoseconds)) {
        status = bw_engine_profile(engine, 1, sums, error);
        runs++;
    }
    for (int i = 0; status == BW_OK && i < steps; i++)
        times[i] = (double)sums[i] / runs;
    free(sums);
    if (status == BW_OK)
        return times;
    free(times);
    return NULL;
}

static double *time_plan(const bw_plan *plan, const bw_plan_info *info,
                         const bw_machine_choice *machine, bw_error *error)
{
    bw_run_options run;
    bw_run_options_init(&run);
    run.threads = machine->threads;
    run.streams = machine->streams;
    bw_engine *engine;
    if (bw_engine_open(&engine, plan, &run, error) != BW_OK)
        return NULL;
    double *times = time_steps(engine, info->steps, error);
    bw_engine_close(&engine);
    return times;
}

/* Multiply-accumulates of a step in a nanosecond: GMAC/s. */
static double speed_of(const bw_step_info *step, int batch, double time)
{
    return time > 0 ? (double)step->macs * batch / time : 0;
}

static double best_speed(const bw_plan *plan, const bw_plan_info *info, const double *times)
{
    double best = 0;
    for (int i = 0; i < info->steps; i++) {
        bw_step_info step;
        bw_plan_step(plan, i, &step);
        double speed = speed_of(&step, info->batch, times[i]);
        best = speed > best ? speed : best;
    }
    return best;
}

/* `times` may be NULL. */
static void print_steps(const bw_plan *plan, const bw_plan_info *info, const double *times)
{
    double limit = times ? best_speed(plan, info, times) : 0;
    bw_plan_sums sums = bw_plan_add_up(plan, info->steps);
    printf("\n%5s  %-32s %-34s %10s %7s", "Step", "Layer", "Kernel", "MMAC", "Share");
    printf("%s", sums.error > 0 ? "  Type    Cost   Error" : "");
    printf("%s\n", times ? "        ms   GMAC/s   Limit" : "");
    for (int i = 0; i < info->steps; i++) {
        bw_step_info step;
        bw_plan_step(plan, i, &step);
        double share = info->model.macs ? (double)step.macs / (double)info->model.macs : 0;
        printf("%5d  %-32.32s %-34.34s %10.2f %6.1f%%", i, step.layer, step.kernel,
               (double)step.macs / 1e6, 100 * share);
        if (sums.error > 0)
            bw_print_precision(stdout, &step, &sums);
        double speed = times ? speed_of(&step, info->batch, times[i]) : 0;
        if (times)
            printf(" %9.3f %8.1f %6.1f%%", times[i] / 1e6, speed,
                   limit > 0 ? 100 * speed / limit : 0);
        putchar('\n');
    }
}

/* ---- The verb ------------------------------------------------------------------------------- */

static bw_status print_graphs(const inspect_options *options, bw_error *error)
{
    bw_model_choice choice = options->model;
    choice.quiet = true;
    bw_model *model;
    char *path;
    bw_status status = bw_model_open(&model, &path, &choice, error);
    if (status != BW_OK)
        return status;
    for (int optimised = 0; status == BW_OK && optimised < 2; optimised++) {
        char *text = bw_model_graph(model, optimised);
        if (text)
            printf("\n%s\n%s", optimised ? "After all passes" : "As loaded", text);
        else
            status = bw_fail_memory(error, sizeof choice, "the graph");
        bw_free(text);
    }
    bw_model_close(&model);
    free(path);
    return status;
}

static bw_status print_plan(const bw_plan *plan, const char *path, const inspect_options *options,
                            bw_error *error)
{
    bw_plan_info info;
    bw_plan_describe(plan, &info);
    double *times = options->time ? time_plan(plan, &info, &options->machine, error) : NULL;
    if (options->time && !times)
        return error->status;
    print_model(path, &info);
    bw_print_general(stdout, plan, times, INT_MAX);
    print_steps(plan, &info, times);
    bw_print_pruned_layers(stdout, plan, info.steps);
    free(times);
    return options->graph ? print_graphs(options, error) : BW_OK;
}

static int run_inspect(int argc, char **argv);

const bw_verb bw_verb_inspect = {
    {
        .name = "inspect",
        .summary = "Show a network: its size, its work, and the kernels chosen for each step",
        .operands = "[MODEL]",
        .groups = groups,
    },
    run_inspect,
};

static int run_inspect(int argc, char **argv)
{
    inspect_options options = {.precision = bw_precision_defaults, .machine = bw_machine_defaults};
    int operands;
    bw_options_result result =
        bw_options_read(&bw_verb_inspect.usage, &options, argc, argv, &operands);
    if (result != BW_OPTIONS_RUN)
        return result == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    if (operands > 1 || (operands == 1 && options.model.model))
        return bw_usage_error(&bw_verb_inspect.usage, "one model at a time");
    if (operands == 1)
        options.model.model = argv[0];
    bw_plan *plan;
    char *path;
    bw_error error;
    bw_plan_choice choice = {
        .model = &options.model, .precision = &options.precision, .machine = &options.machine};
    bw_status status = bw_plan_open(&plan, &path, &choice, &error);
    if (status == BW_OK) {
        status = print_plan(plan, path, &options, &error);
        bw_plan_close(&plan);
        free(path);
    }
    if (status == BW_OK)
        return BW_EXIT_OK;
    bw_print_message(error.message);
    return bw_exit_status(&error);
}
