/**
 * Order statistics of measurements.
 */
#ifndef BW_CLI_STATISTICS_H
#define BW_CLI_STATISTICS_H

#include <stddef.h>

typedef struct bw_summary {
    double min, max, mean, median;
    double deviation; /* standard deviation */
} bw_summary;

/** Summarises `count` values, at least one; sorts them. */
bw_summary bw_summarize(double *values, size_t count);

/** The smallest value that at least `percent` of the sorted values do not exceed: nearest rank. */
double bw_percentile(const double *sorted, size_t count, double percent);

#endif
