/**
 * The report on standard output, in trtexec's words.
 */
#include <stdio.h>

#include "bench/figures.h"
#include "bench/profile.h"
#include "bench/report.h"

static void print_summary(const bw_bench_point *point, const bw_percentiles *percentiles)
{
    const bw_summary *latency = &point->latency;
    printf("=== Performance summary ===\n");
    printf("Throughput: %.3f images/s\n", point->throughput);
    printf("Latency: min = %.3f ms, max = %.3f ms, mean = %.3f ms, median = %.3f ms", latency->min,
           latency->max, latency->mean, latency->median);
    for (int i = 0; i < percentiles->count; i++)
        printf(", percentile(%g%%) = %.3f ms", percentiles->percents[i], point->percentiles[i]);
    printf("\nTotal Host Walltime: %.3f s (%zu runs)\n", point->wall_seconds, point->runs);
    if (bw_bench_variation(point) > 0.1)
        printf("Warning: the latency varies by %.0f %% (coefficient of variation); is something "
               "else running?\n",
               100 * bw_bench_variation(point));
}

static void print_energy(const bw_bench_figures *figures)
{
    printf("Energy         ");
    if (figures->energy == BW_ENERGY_UNKNOWN)
        printf("not available: %s; --watts W gives an estimate\n", figures->no_energy);
    else if (figures->energy == BW_ENERGY_RAPL)
        printf("%.4g J an image (%.1f W, RAPL of the processor packages)\n",
               figures->joules_per_image, figures->watts);
    else
        printf("about %.4g J an image: an estimate at %g W (%s)\n", figures->joules_per_image,
               figures->watts, figures->no_energy);
}

static void print_quality(const bw_bench_figures *figures)
{
    if (figures->judged)
        printf("Quality        AP %.4f, AP50 %.4f on %zu labelled pictures\n", figures->ap,
               figures->ap50, figures->pictures);
    else
        printf("Quality        not measured (no labels given)\n");
}

static void print_figures(const bw_bench_figures *figures, const bw_bench_options *options)
{
    printf("\n=== Five figures ===\n");
    printf("Throughput     %.3f images/s\n", figures->throughput);
    if (figures->priced)
        printf("Hardware cost  %.2f a million images, at %g an hour\n", figures->cost,
               (double)options->price_per_hour);
    else
        printf("Hardware cost  not computed (--price-per-hour was not given)\n");
    printf("Memory         %.1f MB at the peak; plan %.1f MB (%.1f MB weights, %.1f MB "
           "activations)\n",
           figures->peak_mb, figures->plan_mb, figures->weights_mb, figures->arena_mb);
    print_energy(figures);
    print_quality(figures);
}

void bw_bench_print(const bw_bench_point *point, const bw_bench_options *options)
{
    bw_bench_figures figures = bw_bench_figures_make(point, options);
    char setting[96];
    printf("%d x %d, %s, %s, %s\n\n", point->width, point->height, point->precision,
           bw_setting_words(setting, sizeof setting, &point->setting), bw_cpu_name());
    print_summary(point, &options->percentiles);
    print_figures(&figures, options);
}

void bw_bench_print_profile(const bw_bench_profile *profile, const bw_plan *plan)
{
    double total = bw_profile_total(profile);
    printf("\n=== Profile (%zu iterations) ===\n", profile->runs);
    printf("%11s %11s %11s %9s  %s\n", "Time(ms)", "Avg.(ms)", "Median(ms)", "Time(%)", "Layer");
    for (int step = 0; step < profile->steps; step++) {
        bw_profile_line line = bw_profile_sum(profile, plan, step, total);
        printf("%11.2f %11.4f %11.4f %9.1f  %s [%s]\n", line.total, line.mean, line.median,
               line.percent, line.step.layer, line.step.kernel);
    }
    printf("%11.2f %11.4f %11s %9.1f  Total\n", total, total / (double)profile->runs, "", 100.0);
}
