#include "statistics.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

double bw_percentile(const double *sorted, size_t count, double percent)
{
    size_t rank = (size_t)ceil(percent / 100 * (double)count);
    return sorted[rank > 0 ? rank - 1 : 0];
}

bw_summary bw_summarize(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return (bw_summary){
        .min = values[0],
        .max = values[count - 1],
        .mean = mean,
        .median = (values[(count - 1) / 2] + values[count / 2]) / 2,
        .deviation = sqrt(squares / (double)count),
    };
}
