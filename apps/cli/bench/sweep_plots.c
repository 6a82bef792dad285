/**
 * The plots of a sweep: speed against batch size, latency against throughput. A line joins what
 * differs in the batch size alone; where only one was measured, in the first axis that was swept.
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "bench/sweep.h"
#include "plot/plot.h"

static const struct {
    const char *title, *axis;
} words[BW_AXES] = {
    [BW_AXIS_BATCH] = {"Speed by batch size", "Batch size (images)"},
    [BW_AXIS_THREADS] = {"Speed by threads", "Threads"},
    [BW_AXIS_STREAMS] = {"Speed by streams", "Streams"},
};

/* Points that differ in one setting alone, as both plots show them. */
typedef struct sweep_line {
    const char *name;
    const bw_setting *setting; /* of its first point */
    bw_plot_point *speed, *latency;
    int count;
} sweep_line;

typedef struct sweep_lines {
    bw_arena arena; /* holds all of it */
    bw_axis_kind along;
    sweep_line *lines;
    int count;
} sweep_lines;

/* ---- Lines ---------------------------------------------------------------------------------- */

static bw_axis_kind line_axis(const bw_sweep *sweep)
{
    for (int kind = 0; kind < BW_AXES; kind++)
        if (sweep->axis[kind].count > 1)
            return (bw_axis_kind)kind;
    return BW_AXIS_BATCH;
}

static bool same_line(const bw_setting *a, const bw_setting *b, bw_axis_kind along)
{
    for (int kind = 0; kind < BW_AXES; kind++)
        if (kind != (int)along && a->value[kind] != b->value[kind])
            return false;
    return true;
}

/* "2 threads": what the points of a line have in common; a single stream goes without saying. */
static const char *line_name(bw_arena *arena, const bw_sweep *sweep, const bw_setting *setting,
                             bw_axis_kind along)
{
    char text[96];
    bw_setting common = *setting;
    common.value[along] = 0;
    if (sweep->axis[BW_AXIS_STREAMS].count == 1 && common.value[BW_AXIS_STREAMS] == 1)
        common.value[BW_AXIS_STREAMS] = 0;
    bw_setting_words(text, sizeof text, &common);
    return bw_arena_text(arena, text, strlen(text));
}

/* The number of a point; the first of a line says of what: "batch 1". */
static const char *point_label(bw_arena *arena, const bw_setting *setting, bw_axis_kind along,
                               bool first)
{
    char text[96];
    bw_setting alone = {0};
    alone.value[along] = setting->value[along];
    if (!first)
        return bw_arena_format(arena, "%d", setting->value[along]);
    bw_setting_words(text, sizeof text, &alone);
    return bw_arena_text(arena, text, strlen(text));
}

/* The line that a point belongs to, a new one where there is none yet; NULL without memory. */
static sweep_line *find_line(sweep_lines *all, const bw_sweep *sweep, const bw_setting *setting)
{
    for (int i = 0; i < all->count; i++)
        if (same_line(all->lines[i].setting, setting, all->along))
            return &all->lines[i];
    size_t room = (size_t)sweep->axis[all->along].count;
    sweep_line *line = &all->lines[all->count++];
    *line = (sweep_line){
        .name = line_name(&all->arena, sweep, setting, all->along),
        .setting = setting,
        .speed = bw_arena_array(&all->arena, room, sizeof *line->speed),
        .latency = bw_arena_array(&all->arena, room, sizeof *line->latency),
    };
    return line->name && line->speed && line->latency ? line : NULL;
}

static bool make_lines(sweep_lines *all, const bw_sweep *sweep)
{
    all->along = line_axis(sweep);
    all->lines = bw_arena_array(&all->arena, (size_t)sweep->count, sizeof *all->lines);
    for (int i = 0; all->lines && i < sweep->count; i++) {
        const bw_bench_point *point = &sweep->points[i];
        sweep_line *line = find_line(all, sweep, &point->setting);
        if (!line)
            return false;
        double along = point->setting.value[all->along];
        const char *label = point_label(&all->arena, &point->setting, all->along, !line->count);
        line->speed[line->count] = (bw_plot_point){along, point->throughput, NULL};
        line->latency[line->count++] =
            (bw_plot_point){point->throughput, point->latency.median, label};
    }
    return all->lines;
}

/* The lines as the series of one of the plots; NULL without memory. */
static const bw_plot_series *make_series(sweep_lines *all, bool latency)
{
    bw_plot_series *series = bw_arena_array(&all->arena, (size_t)all->count, sizeof *series);
    for (int i = 0; series && i < all->count; i++) {
        const sweep_line *line = &all->lines[i];
        series[i] = (bw_plot_series){.name = line->name,
                                     .points = latency ? line->latency : line->speed,
                                     .count = line->count};
    }
    return series;
}

/* ---- Plots ---------------------------------------------------------------------------------- */

/* "yolov3-tiny, 416 × 416 pixels, fp32, AMD EPYC" */
static const char *subtitle(bw_arena *arena, const bw_sweep *sweep)
{
    const bw_bench_point *first = sweep->points;
    return bw_arena_format(arena, "%s, %d × %d pixels, %s, %s", sweep->network, first->width,
                           first->height, first->precision, bw_cpu_name());
}

static bw_status write_speed(sweep_lines *lines, const bw_sweep *sweep, bw_error *error)
{
    const bw_axis *axis = &sweep->axis[lines->along];
    double marks[BW_MOST_AXIS_VALUES];
    for (int i = 0; i < axis->count; i++)
        marks[i] = axis->values[i];
    bw_plot plot = {
        .title = words[lines->along].title,
        .subtitle = subtitle(&lines->arena, sweep),
        .x = {.title = words[lines->along].axis,
              .scale = BW_SCALE_LOGARITHMIC,
              .marks = marks,
              .mark_count = axis->count},
        .y = {.title = "Throughput (images/s)", .from_zero = true},
        .series = make_series(lines, false),
        .series_count = lines->count,
    };
    const char *stem =
        bw_arena_format(&lines->arena, "%s/speed-by-%s", sweep->folder, bw_axis_name(lines->along));
    if (!stem || !plot.subtitle || !plot.series)
        return bw_fail_memory(error, strlen(sweep->folder), "a plot");
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

static bw_status write_latency(sweep_lines *lines, const bw_sweep *sweep, bw_error *error)
{
    bool wide = spreads_widely(sweep);
    bw_plot plot = {
        .title = "Latency by throughput",
        .subtitle = subtitle(&lines->arena, sweep),
        .x = {.title = "Throughput (images/s)"},
        .y = {.title = wide ? "Median latency of a batch (ms, logarithmic)"
                            : "Median latency of a batch (ms)",
              .scale = wide ? BW_SCALE_LOGARITHMIC : BW_SCALE_LINEAR,
              .from_zero = !wide},
        .series = make_series(lines, true),
        .series_count = lines->count,
    };
    const char *stem = bw_arena_format(&lines->arena, "%s/latency-by-throughput", sweep->folder);
    if (!stem || !plot.subtitle || !plot.series)
        return bw_fail_memory(error, strlen(sweep->folder), "a plot");
    return bw_plot_write(&plot, stem, error);
}

bw_status bw_sweep_write_plots(const bw_sweep *sweep, bw_error *error)
{
    sweep_lines lines = {0};
    bw_status status = BW_OK;
    if (!make_lines(&lines, sweep))
        status = bw_fail_memory(error, (size_t)sweep->count * sizeof(bw_plot_point), "the plots");
    if (status == BW_OK)
        status = write_speed(&lines, sweep, error);
    if (status == BW_OK)
        status = write_latency(&lines, sweep, error);
    bw_arena_free(&lines.arena);
    return status;
}
