#include "bench/figures.h"

static void add_energy(bw_bench_figures *figures, const bw_bench_point *point, double watts)
{
    figures->no_energy = bw_energy_obstacle(point->energy);
    if (point->energy == BW_ENERGY_MEASURED) {
        figures->energy = BW_ENERGY_RAPL;
        figures->watts = point->joules / point->wall_seconds;
    } else if (watts >= 0) {
        figures->energy = BW_ENERGY_ESTIMATE;
        figures->watts = watts;
    }
    figures->joules_per_image = figures->watts / point->throughput;
}

bw_bench_figures bw_bench_figures_make(const bw_bench_point *point, const bw_bench_options *options)
{
    double price = (double)options->price_per_hour;
    bw_bench_figures figures = {
        .throughput = point->throughput,
        .priced = price >= 0,
        .cost = price / 3600 * 1e6 / point->throughput,
        .peak_mb = point->peak_mb,
        .plan_mb = bw_bench_plan_mb(point),
        .weights_mb = (double)point->weight_bytes / 1e6,
        .arena_mb = (double)point->arena_bytes / 1e6,
        .judged = point->judged,
        .ap = point->ap,
        .ap50 = point->ap50,
        .pictures = point->pictures,
    };
    add_energy(&figures, point, (double)options->watts);
    return figures;
}
