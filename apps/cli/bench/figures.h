/**
 * The five figures that decide where a network runs: throughput, what the hardware costs, memory,
 * energy, quality.
 */
#ifndef BW_CLI_BENCH_FIGURES_H
#define BW_CLI_BENCH_FIGURES_H

#include "bench/bench.h"

typedef enum bw_energy_source {
    BW_ENERGY_UNKNOWN,
    BW_ENERGY_RAPL,
    BW_ENERGY_ESTIMATE, /* --watts for as long as it took */
} bw_energy_source;

typedef struct bw_bench_figures {
    double throughput; /* images a second */
    bool priced;
    double cost; /* of a million images, where priced */
    double peak_mb, plan_mb, weights_mb,
        arena_mb; /* millions of bytes; the peak is the process's */
    bw_energy_source energy;
    double watts, joules_per_image; /* where the source is known */
    const char *no_energy;          /* why nothing was measured; NULL for BW_ENERGY_RAPL */
    bool judged;                    /* against labelled pictures: */
    double ap, ap50;
    size_t pictures;
} bw_bench_figures;

bw_bench_figures bw_bench_figures_make(const bw_bench_point *point,
                                       const bw_bench_options *options);

#endif
