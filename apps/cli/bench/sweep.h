/**
 * A sweep: every setting of the axes measured, written as a table (CSV) and drawn as plots.
 */
#ifndef BW_CLI_BENCH_SWEEP_H
#define BW_CLI_BENCH_SWEEP_H

#include "bench/bench.h"

#define BW_SWEEP_FOLDER "boxwright-sweep"

/** The points of a sweep: for each batch size, ascending, each number of threads, ascending. */
typedef struct bw_sweep {
    const bw_bench_options *options;
    bw_axis batches, threads;
    bw_bench_point *points; /* `batches.count` × `threads.count`, of which `count` are measured */
    int count;
    const char *network; /* its name */
} bw_sweep;

/**
 * Measures all settings and writes sweep.csv, speed-by-batch and latency-by-throughput (.png and
 * .svg) into the folder. The table is written anew after each setting, so that what was measured
 * survives an interruption. Progress goes to standard error, the outcome to standard output.
 */
bw_status bw_sweep_run(const bw_bench_options *options, bw_error *error);

/** Writes the points as CSV (sweep_table.c). */
bw_status bw_sweep_write_table(const bw_sweep *sweep, const char *folder, bw_error *error);

/** "batch 4, 2 threads" in a buffer of the caller's (sweep_table.c). Returns `text`. */
const char *bw_sweep_setting(char *text, size_t size, int batch, int threads);

/** Shows the points on standard output (sweep_table.c). */
void bw_sweep_print_table(const bw_sweep *sweep);

/** Draws both plots (sweep_plots.c). */
bw_status bw_sweep_write_plots(const bw_sweep *sweep, const char *folder, bw_error *error);

#endif
