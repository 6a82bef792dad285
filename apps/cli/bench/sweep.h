/**
 * A sweep: every setting of the axes measured, written as a table (CSV) and drawn as plots.
 */
#ifndef BW_CLI_BENCH_SWEEP_H
#define BW_CLI_BENCH_SWEEP_H

#include "bench/bench.h"

#define BW_SWEEP_FOLDER "boxwright-sweep"

/** Batch sizes come one after the other, and for each the other axes, the last one fastest. */
typedef struct bw_sweep {
    const bw_bench_options *options;
    bw_axis axis[BW_AXES]; /* at least one value each */
    bw_bench_point *points;
    const bw_setting *settings; /* of the points to measure */
    int wanted, count;          /* points to measure; those that are measured */
    const char *network, *folder;
} bw_sweep;

/**
 * Measures all settings and writes sweep.csv and two plots into the folder. The table is written
 * anew after each setting, so that what was measured survives an interruption. Progress goes to
 * standard error, the outcome to standard output.
 */
bw_status bw_sweep_run(const bw_bench_options *options, bw_error *error);

/** Writes the points as CSV (sweep_table.c). */
bw_status bw_sweep_write_table(const bw_sweep *sweep, bw_error *error);

/** Shows the points on standard output (sweep_table.c). */
void bw_sweep_print_table(const bw_sweep *sweep);

/** Draws both plots (sweep_plots.c). */
bw_status bw_sweep_write_plots(const bw_sweep *sweep, bw_error *error);

#endif
