/**
 * What the parts of `boxwright bench` share: its options, and what was measured.
 */
#ifndef BW_CLI_BENCH_H
#define BW_CLI_BENCH_H

#include "bench/axes.h"
#include "bench/energy.h"
#include "model.h"
#include "statistics.h"

enum { BW_MOST_PERCENTILES = 8 };

/** The percentiles of latency to tell, such as 90, 95, 99. */
typedef struct bw_percentiles {
    double percents[BW_MOST_PERCENTILES];
    int count;
} bw_percentiles;

typedef struct bw_bench_options {
    bw_model_choice model;
    bw_precision_choice precision;
    bw_machine_choice machine;
    float duration; /* seconds */
    float warmup;   /* milliseconds */
    bw_percentiles percentiles;
    bool profile;
    const char *json, *export_profile; /* files to write; NULL for none */
    float price_per_hour, watts;       /* negative where not given */
    bw_axes axes;
    const char *out;            /* the sweep's folder; NULL for the default */
    const char *truth, *images; /* labelled pictures; NULL for none */
} bw_bench_options;

/** What one setting gave; times in milliseconds. A run takes one batch. */
typedef struct bw_bench_point {
    int width, height;
    bw_setting setting; /* as it came to be */
    const char *precision;
    uint32_t cpu_features;              /* what the chosen kernels need */
    uint64_t weight_bytes, arena_bytes; /* packed weights; activations of all streams */
    char fingerprint[33];
    size_t runs;
    double wall_seconds, throughput; /* images a second */
    bw_summary latency;
    double percentiles[BW_MOST_PERCENTILES]; /* as many as the options ask for */
    bw_energy_state energy;
    double joules;  /* where energy is measured */
    double peak_mb; /* of the process until then, in millions of bytes */
    bool judged;    /* accuracy was measured: */
    double ap, ap50;
    size_t pictures;
} bw_bench_point;

/** The coefficient of variation of the latencies. */
double bw_bench_variation(const bw_bench_point *point);

/** Millions of bytes of the plan: packed weights and activations. */
double bw_bench_plan_mb(const bw_bench_point *point);

#endif
