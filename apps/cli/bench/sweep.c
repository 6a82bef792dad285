#include "bench/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "bench/report.h"

enum { MOST_POINTS = 1000 };

/* ---- Settings ------------------------------------------------------------------------------- */

/* What of the machine's choice an axis varies. */
static int *machine_field(bw_machine_choice *machine, bw_axis_kind kind)
{
    static const size_t offsets[BW_AXES] = {
        [BW_AXIS_BATCH] = offsetof(bw_machine_choice, batch),
        [BW_AXIS_THREADS] = offsetof(bw_machine_choice, threads),
        [BW_AXIS_STREAMS] = offsetof(bw_machine_choice, streams),
    };
    return (int *)(void *)((char *)machine + offsets[kind]);
}

/* An axis that is not swept has the one value that is set. */
static void choose_axes(bw_sweep *sweep)
{
    bw_machine_choice machine = sweep->options->machine;
    if (!machine.threads)
        machine.threads = bw_cpu_count();
    if (!machine.batch)
        machine.batch = 1;
    for (int kind = 0; kind < BW_AXES; kind++) {
        bw_axis *axis = &sweep->axis[kind];
        *axis = sweep->options->axes.axis[kind];
        if (!axis->count)
            *axis = (bw_axis){{*machine_field(&machine, (bw_axis_kind)kind)}, 1};
    }
}

static bw_setting setting_at(const bw_sweep *sweep, int index)
{
    bw_setting setting = {{0}};
    for (int kind = BW_AXES - 1; kind >= 0; kind--) {
        const bw_axis *axis = &sweep->axis[kind];
        setting.value[kind] = axis->values[index % axis->count];
        index /= axis->count;
    }
    return setting;
}

/* Lists what to measure: each value with each, but no more streams than threads. */
static bw_status choose_settings(bw_sweep *sweep, bw_setting settings[MOST_POINTS], bw_error *error)
{
    int all = 1;
    choose_axes(sweep);
    for (int kind = 0; kind < BW_AXES; kind++)
        all *= sweep->axis[kind].count;
    if (all > MOST_POINTS)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "--sweep asks for %d settings, more than the limit of %d", all, MOST_POINTS);
    for (int i = 0; i < all; i++) {
        bw_setting setting = setting_at(sweep, i);
        if (setting.value[BW_AXIS_STREAMS] <= setting.value[BW_AXIS_THREADS])
            settings[sweep->wanted++] = setting;
    }
    sweep->settings = settings;
    if (!sweep->wanted)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "--sweep leaves no setting: each has more streams than threads");
    return BW_OK;
}

/* The options of one setting. */
static bw_bench_options options_at(const bw_sweep *sweep, const bw_setting *setting)
{
    bw_bench_options options = *sweep->options;
    options.model.quiet = sweep->count > 0;
    for (int kind = 0; kind < BW_AXES; kind++)
        *machine_field(&options.machine, (bw_axis_kind)kind) = setting->value[kind];
    return options;
}

/* ---- Measuring ------------------------------------------------------------------------------ */

static bw_status measure_point(bw_sweep *sweep, const bw_bench_options *options,
                               const bw_plan *plan, bw_error *error)
{
    bw_bench_point *point = &sweep->points[sweep->count];
    bw_status status = bw_bench_measure(point, NULL, options, plan, error);
    if (status != BW_OK)
        return status;
    sweep->count++;
    fprintf(stderr, "%.1f images/s, median %.3f ms\n", point->throughput, point->latency.median);
    return bw_sweep_write_table(sweep, error);
}

/* Builds a plan in place of that for another batch size. */
static bw_status replace_plan(bw_plan **plan, const bw_bench_options *options, bw_error *error)
{
    char *path;
    bw_plan_close(plan);
    bw_plan_choice choice = {
        .model = &options->model, .precision = &options->precision, .machine = &options->machine};
    bw_status status = bw_plan_open(plan, &path, &choice, error);
    if (status == BW_OK)
        free(path);
    return status;
}

static bool needs_plan(const bw_sweep *sweep)
{
    const bw_setting *next = &sweep->settings[sweep->count];
    return sweep->count == 0 || next[0].value[BW_AXIS_BATCH] != next[-1].value[BW_AXIS_BATCH];
}

static bw_status measure_next(bw_sweep *sweep, bw_plan **plan, bw_error *error)
{
    char words[96];
    const bw_setting *setting = &sweep->settings[sweep->count];
    bw_bench_options options = options_at(sweep, setting);
    bw_status status = BW_OK;
    if (needs_plan(sweep))
        status = replace_plan(plan, &options, error);
    if (status != BW_OK)
        return status;
    fprintf(stderr, "%d/%d  %s: ", sweep->count + 1, sweep->wanted,
            bw_setting_words(words, sizeof words, setting));
    fflush(stderr);
    status = measure_point(sweep, &options, *plan, error);
    if (status != BW_OK)
        fputs("failed\n", stderr);
    return status;
}

static bw_status measure_all(bw_sweep *sweep, bw_error *error)
{
    size_t points = (size_t)sweep->wanted;
    sweep->points = calloc(points, sizeof *sweep->points);
    if (!sweep->points)
        return bw_fail_memory(error, points * sizeof *sweep->points, "the sweep");
    bw_plan *plan = NULL;
    bw_status status = BW_OK;
    while (status == BW_OK && sweep->count < sweep->wanted)
        status = measure_next(sweep, &plan, error);
    bw_plan_close(&plan);
    return status;
}

/* ---- Results -------------------------------------------------------------------------------- */

static bw_status write_points(const bw_sweep *sweep, bw_error *error)
{
    json_t *points = json_array();
    for (int i = 0; points && i < sweep->count; i++) {
        if (json_array_append_new(points, bw_bench_json(&sweep->points[i], sweep->options)) != 0) {
            json_decref(points);
            points = NULL;
        }
    }
    json_t *root = points ? json_pack("{s:o}", "points", points) : NULL;
    return bw_bench_write_json(sweep->options->json, root, error);
}

static bw_status sweep_into_folder(bw_sweep *sweep, bw_error *error)
{
    bw_status status = bw_make_folders(sweep->folder, error);
    if (status == BW_OK)
        status = measure_all(sweep, error);
    if (status == BW_OK)
        status = bw_sweep_write_plots(sweep, error);
    if (status == BW_OK && sweep->options->json)
        status = write_points(sweep, error);
    if (status == BW_OK)
        bw_sweep_print_table(sweep);
    return status;
}

/* "yolov3-tiny" of "models/yolov3-tiny.cfg"; the caller frees it. */
static char *network_name(const char *path)
{
    const char *name = bw_base_name(path);
    const char *dot = strrchr(name, '.');
    return strndup(name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

/* A plan cannot be built anew for another batch: better told before the first is measured. */
static bw_status check_plan(const bw_sweep *sweep, const char *model, bw_error *error)
{
    const bw_setting *first = sweep->settings, *last = &sweep->settings[sweep->wanted - 1];
    bool batches = first->value[BW_AXIS_BATCH] != last->value[BW_AXIS_BATCH];
    return batches && bw_plan_recognise(model)
               ? bw_fail(error, BW_ERROR_ARGUMENT,
                         "'%s' is a plan, for batches of one size: leave batch out of --sweep, or "
                         "name the model that it was built from",
                         model)
               : BW_OK;
}

bw_status bw_sweep_run(const bw_bench_options *options, bw_error *error)
{
    const char *model = options->model.model ? options->model.model : BW_DEFAULT_MODEL;
    bw_sweep sweep = {.options = options, .folder = options->out ? options->out : BW_SWEEP_FOLDER};
    bw_setting settings[MOST_POINTS];
    bw_status status = choose_settings(&sweep, settings, error);
    if (status == BW_OK)
        status = check_plan(&sweep, model, error);
    if (status != BW_OK)
        return status;
    char *network = network_name(model);
    if (!network)
        return bw_fail_memory(error, strlen(model) + 1, "a network's name");
    sweep.network = network;
    status = sweep_into_folder(&sweep, error);
    free(sweep.points);
    free(network);
    return status;
}
