/**
 * The points of a sweep as a table: for programs as CSV, for people on standard output.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "bench/sweep.h"

/* ---- CSV ------------------------------------------------------------------------------------ */

static void write_head(FILE *file, const bw_percentiles *percentiles)
{
    for (int kind = 0; kind < BW_AXES; kind++)
        fprintf(file, "%s,", bw_axis_name((bw_axis_kind)kind));
    fputs("throughput_images_per_s,latency_min_ms,latency_mean_ms,latency_median_ms", file);
    for (int i = 0; i < percentiles->count; i++)
        fprintf(file, ",latency_p%g_ms", percentiles->percents[i]);
    fputs(",latency_max_ms,cov,plan_mb\n", file);
}

static void write_row(FILE *file, const bw_bench_point *point, const bw_percentiles *percentiles)
{
    const bw_summary *latency = &point->latency;
    for (int kind = 0; kind < BW_AXES; kind++)
        fprintf(file, "%d,", point->setting.value[kind]);
    fprintf(file, "%.3f,%.4f,%.4f,%.4f", point->throughput, latency->min, latency->mean,
            latency->median);
    for (int i = 0; i < percentiles->count; i++)
        fprintf(file, ",%.4f", point->percentiles[i]);
    fprintf(file, ",%.4f,%.4f,%.3f\n", latency->max, bw_bench_variation(point),
            bw_bench_plan_mb(point));
}

static bool make_text(char **text, size_t *size, const bw_sweep *sweep)
{
    FILE *file = open_memstream(text, size);
    if (!file)
        return false;
    write_head(file, &sweep->options->percentiles);
    for (int i = 0; i < sweep->count; i++)
        write_row(file, &sweep->points[i], &sweep->options->percentiles);
    bool written = !ferror(file);
    return fclose(file) == 0 && written;
}

bw_status bw_sweep_write_table(const bw_sweep *sweep, bw_error *error)
{
    char *text = NULL;
    size_t size = 0;
    bw_arena arena = {0};
    const char *path = bw_arena_format(&arena, "%s/sweep.csv", sweep->folder);
    bw_status status;
    if (path && make_text(&text, &size, sweep))
        status = bw_write_file(path, text, size, error);
    else
        status = bw_fail_memory(error, size, "the table of the sweep");
    free(text);
    bw_arena_free(&arena);
    return status;
}

/* ---- Standard output ------------------------------------------------------------------------ */

/* A sign at what something else running may have spoilt. */
static const char *variation_mark(const bw_bench_point *point)
{
    return bw_bench_variation(point) > 0.1 ? " !" : "";
}

static void print_head(void)
{
    for (int kind = 0; kind < BW_AXES; kind++)
        printf("%8s ", bw_axis_name((bw_axis_kind)kind));
    printf("%12s %12s %8s %10s\n", "images/s", "median(ms)", "cov(%)", "plan(MB)");
}

static void print_row(const bw_bench_point *point)
{
    for (int kind = 0; kind < BW_AXES; kind++)
        printf("%8d ", point->setting.value[kind]);
    printf("%12.3f %12.3f %8.1f %10.1f%s\n", point->throughput, point->latency.median,
           100 * bw_bench_variation(point), bw_bench_plan_mb(point), variation_mark(point));
}

static void print_best(const bw_sweep *sweep)
{
    const bw_bench_point *fastest = sweep->points, *shortest = sweep->points;
    for (int i = 0; i < sweep->count; i++) {
        const bw_bench_point *point = &sweep->points[i];
        fastest = point->throughput > fastest->throughput ? point : fastest;
        shortest = point->latency.median < shortest->latency.median ? point : shortest;
    }
    char words[96];
    printf("\nHighest throughput  %.3f images/s: %s\n", fastest->throughput,
           bw_setting_words(words, sizeof words, &fastest->setting));
    printf("Shortest latency    %.3f ms: %s\n", shortest->latency.median,
           bw_setting_words(words, sizeof words, &shortest->setting));
}

void bw_sweep_print_table(const bw_sweep *sweep)
{
    bool unsteady = false;
    print_head();
    for (int i = 0; i < sweep->count; i++) {
        print_row(&sweep->points[i]);
        unsteady = unsteady || *variation_mark(&sweep->points[i]);
    }
    print_best(sweep);
    if (unsteady)
        printf("Warning: latencies marked ! vary by more than 10 %%; is something else running?\n");
}
