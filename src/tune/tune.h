/**
 * The tuner: decides by measurement what lowering decides by estimates.
 *
 *     graph → outline → groups of equal steps → timings known from the file
 *                             │                          │ the rest
 *                             │                    experiments (experiment.h)
 *                             └──► best kernels, best sharing ──► plan
 *
 * Decided are the kernel of each step and how threads share a batch. Everything is concluded from
 * the table of timings alone: a table that knows all gives the same plan without a measurement.
 */
#ifndef BW_TUNE_TUNE_H
#define BW_TUNE_TUNE_H

#include "boxwright/boxwright.h"
#include "tune/meter.h"

typedef struct bw_tuning {
    int batch;
    uint32_t cpu;     /* features that may be used */
    int threads;      /* that will run the plan */
    bool latency;     /* the threads share every step, whatever else would be faster */
    uint64_t seed;    /* of the pictures and of the order of candidates */
    double seconds;   /* about how long to measure */
    const char *path; /* file of timings to read and add to, or NULL */
    const bw_meter *meter;
    bw_progress_function *progress; /* NULL: nobody is told */
    void *progress_context;
} bw_tuning;

/**
 * Lowers the graph as bw_plan_lower does, with what was measured. `*damaged` is the number of lines
 * of the file that could not be read.
 */
bw_status bw_tune(bw_plan *plan, const bw_graph *graph, const bw_tuning *tuning, size_t *damaged,
                  bw_error *error);

#endif
