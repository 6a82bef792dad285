/**
 * The plots of a sweep: speed against batch size, latency against throughput; a line for each
 * number of threads.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "bench/sweep.h"
#include "plot/plot.h"

/* The lines of both plots and the memory behind them. */
typedef struct sweep_lines {
    bw_arena arena;
    bw_plot_series *speed, *latency;
    double *batches;
    const char *subtitle;
} sweep_lines;

static const bw_bench_point *point_at(const bw_sweep *sweep, int batch, int threads)
{
    return &sweep->points[batch * sweep->threads.count + threads];
}

/* The first point of a line says what its number is. */
static const char *batch_label(bw_arena *arena, int batch, bool first)
{
    return bw_arena_format(arena, first ? "batch %d" : "%d", batch);
}

static bool fill_line(sweep_lines *lines, const bw_sweep *sweep, int threads)
{
    int count = sweep->batches.count, number = sweep->threads.values[threads];
    bw_plot_point *speed = bw_arena_array(&lines->arena, (size_t)count, sizeof *speed);
    bw_plot_point *latency = bw_arena_array(&lines->arena, (size_t)count, sizeof *latency);
    const char *name =
        bw_arena_format(&lines->arena, "%d thread%s", number, number == 1 ? "" : "s");
    if (!speed || !latency || !name)
        return false;
    for (int i = 0; i < count; i++) {
        const bw_bench_point *point = point_at(sweep, i, threads);
        const char *label = batch_label(&lines->arena, point->batch, i == 0);
        speed[i] = (bw_plot_point){point->batch, point->throughput, NULL};
        latency[i] = (bw_plot_point){point->throughput, point->latency.median, label};
    }
    lines->speed[threads] = (bw_plot_series){name, speed, count};
    lines->latency[threads] = (bw_plot_series){name, latency, count};
    return true;
}

static bool make_lines(sweep_lines *lines, const bw_sweep *sweep)
{
    const bw_bench_point *first = sweep->points;
    bw_arena *arena = &lines->arena;
    size_t count = (size_t)sweep->threads.count;
    lines->speed = bw_arena_array(arena, count, sizeof *lines->speed);
    lines->latency = bw_arena_array(arena, count, sizeof *lines->latency);
    lines->batches = bw_arena_array(arena, (size_t)sweep->batches.count, sizeof *lines->batches);
    lines->subtitle = bw_arena_format(arena, "%s, %d × %d pixels, %s, %s", sweep->network,
                                      first->width, first->height, first->precision, bw_cpu_name());
    if (!lines->speed || !lines->latency || !lines->batches || !lines->subtitle)
        return false;
    for (int i = 0; i < sweep->batches.count; i++)
        lines->batches[i] = sweep->batches.values[i];
    for (int i = 0; i < sweep->threads.count; i++)
        if (!fill_line(lines, sweep, i))
            return false;
    return true;
}

static bw_status write_speed(const sweep_lines *lines, const bw_sweep *sweep, const char *stem,
                             bw_error *error)
{
    bw_plot plot = {
        .title = "Speed by batch size",
        .subtitle = lines->subtitle,
        .x = {.title = "Batch size (images)",
              .scale = BW_SCALE_LOGARITHMIC,
              .marks = lines->batches,
              .mark_count = sweep->batches.count},
        .y = {.title = "Throughput (images/s)", .from_zero = true},
        .series = lines->speed,
        .series_count = sweep->threads.count,
    };
    return bw_plot_write(&plot, stem, error);
}

/* Latencies of different magnitudes are told apart on a logarithmic axis only. */
static bool spreads_widely(const bw_sweep *sweep)
{
    double low = sweep->points->latency.median, high = low;
    for (int i = 0; i < sweep->count; i++) {
        double median = sweep->points[i].latency.median;
        low = median < low ? median : low;
        high = median > high ? median : high;
    }
    return low > 0 && high > 8 * low;
}

static bw_status write_latency(const sweep_lines *lines, const bw_sweep *sweep, const char *stem,
                               bw_error *error)
{
    bool wide = spreads_widely(sweep);
    bw_plot plot = {
        .title = "Latency by throughput",
        .subtitle = lines->subtitle,
        .x = {.title = "Throughput (images/s)"},
        .y = {.title = wide ? "Median latency of a batch (ms, logarithmic)"
                            : "Median latency of a batch (ms)",
              .scale = wide ? BW_SCALE_LOGARITHMIC : BW_SCALE_LINEAR,
              .from_zero = !wide},
        .series = lines->latency,
        .series_count = sweep->threads.count,
    };
    return bw_plot_write(&plot, stem, error);
}

bw_status bw_sweep_write_plots(const bw_sweep *sweep, const char *folder, bw_error *error)
{
    sweep_lines lines = {0};
    bw_status status = BW_OK;
    bool made = make_lines(&lines, sweep);
    const char *speed = bw_arena_format(&lines.arena, "%s/speed-by-batch", folder);
    const char *latency = bw_arena_format(&lines.arena, "%s/latency-by-throughput", folder);
    if (!made || !speed || !latency)
        status = bw_fail_memory(error, 4096, "the plots");
    if (status == BW_OK)
        status = write_speed(&lines, sweep, speed, error);
    if (status == BW_OK)
        status = write_latency(&lines, sweep, latency, error);
    bw_arena_free(&lines.arena);
    return status;
}
