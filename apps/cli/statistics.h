/**
 * Order statistics of measurements.
 */
#ifndef BW_CLI_STATISTICS_H
#define BW_CLI_STATISTICS_H

#include <stddef.h>

typedef struct bw_summary {
    double min, max, mean, median;
    double p90, p95, p99; /* nearest rank */
    double deviation;     /* standard deviation */
} bw_summary;

/** Summarises `count` values, at least one; sorts them. */
bw_summary bw_summarize(double *values, size_t count);

#endif
