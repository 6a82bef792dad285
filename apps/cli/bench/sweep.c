#include "bench/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "bench/report.h"

/* ---- Settings ------------------------------------------------------------------------------- */

/* The values of an axis; where it is not swept, the one that is set. */
static bw_axis axis_or(const bw_axis *axis, int value)
{
    return axis->count ? *axis : (bw_axis){{value}, 1};
}

static int default_threads(const bw_bench_options *options)
{
    return options->machine.threads ? options->machine.threads : bw_cpu_count();
}

/* "yolov3-tiny" of "models/yolov3-tiny.cfg"; the caller frees it. */
static char *network_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return strndup(name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

/* ---- Measuring ------------------------------------------------------------------------------ */

static void print_progress(const bw_sweep *sweep, int batch, int threads)
{
    char setting[64];
    fprintf(stderr, "%d/%d  %s: ", sweep->count + 1, sweep->batches.count * sweep->threads.count,
            bw_sweep_setting(setting, sizeof setting, batch, threads));
    fflush(stderr);
}

static bw_status measure_point(bw_sweep *sweep, const bw_plan *plan, int threads,
                               const char *folder, bw_error *error)
{
    bw_bench_point *point = &sweep->points[sweep->count];
    bw_status status = bw_bench_measure(point, NULL, sweep->options, plan, threads, error);
    if (status != BW_OK)
        return status;
    sweep->count++;
    fprintf(stderr, "%.1f images/s, median %.3f ms\n", point->throughput, point->latency.median);
    return bw_sweep_write_table(sweep, folder, error);
}

/* Builds the plan for a batch size and measures it with each number of threads. */
static bw_status measure_batch(bw_sweep *sweep, int batch, const char *folder, bw_error *error)
{
    bw_model_choice model = sweep->options->model;
    bw_machine_choice machine = sweep->options->machine;
    machine.batch = batch;
    model.quiet = sweep->count > 0;
    print_progress(sweep, batch, sweep->threads.values[0]);
    bw_plan *plan;
    char *path;
    bw_status status = bw_plan_open(&plan, &path, &model, &machine, error);
    if (status != BW_OK)
        return status;
    for (int i = 0; status == BW_OK && i < sweep->threads.count; i++) {
        if (i > 0)
            print_progress(sweep, batch, sweep->threads.values[i]);
        status = measure_point(sweep, plan, sweep->threads.values[i], folder, error);
    }
    bw_plan_close(&plan);
    free(path);
    return status;
}

static bw_status measure_all(bw_sweep *sweep, const char *folder, bw_error *error)
{
    size_t points = (size_t)sweep->batches.count * (size_t)sweep->threads.count;
    sweep->points = calloc(points, sizeof *sweep->points);
    if (!sweep->points)
        return bw_fail_memory(error, points * sizeof *sweep->points, "the sweep");
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && i < sweep->batches.count; i++)
        status = measure_batch(sweep, sweep->batches.values[i], folder, error);
    if (status != BW_OK)
        fputs("failed\n", stderr);
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

static bw_status sweep_into(bw_sweep *sweep, const char *folder, bw_error *error)
{
    bw_status status = bw_make_folders(folder, error);
    if (status == BW_OK)
        status = measure_all(sweep, folder, error);
    if (status == BW_OK)
        status = bw_sweep_write_plots(sweep, folder, error);
    if (status == BW_OK && sweep->options->json)
        status = write_points(sweep, error);
    if (status == BW_OK)
        bw_sweep_print_table(sweep);
    return status;
}

bw_status bw_sweep_run(const bw_bench_options *options, bw_error *error)
{
    const char *name = options->model.model ? options->model.model : BW_DEFAULT_MODEL;
    char *network = network_name(name);
    if (!network)
        return bw_fail_memory(error, strlen(name) + 1, "a network's name");
    bw_sweep sweep = {
        .options = options,
        .batches = axis_or(&options->axes.axis[BW_AXIS_BATCH], options->machine.batch),
        .threads = axis_or(&options->axes.axis[BW_AXIS_THREADS], default_threads(options)),
        .network = network,
    };
    bw_status status = sweep_into(&sweep, options->out ? options->out : BW_SWEEP_FOLDER, error);
    free(sweep.points);
    free(network);
    return status;
}
