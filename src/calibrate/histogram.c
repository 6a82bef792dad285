#include "calibrate/histogram.h"

#include <math.h>
#include <string.h>

enum { HALF = BW_HISTOGRAM_BINS / 2, CANDIDATES = 48 };

static const float smallest_reach = 0x1p-100f;

/* Sums over the bins before each, of counts and of counts times the bin's middle and its square. */
typedef struct moments {
    double count[BW_HISTOGRAM_BINS + 1];
    double sum[BW_HISTOGRAM_BINS + 1];
    double squares[BW_HISTOGRAM_BINS + 1];
    double width; /* of a bin */
} moments;

static void double_reach(bw_histogram *histogram)
{
    uint64_t merged[BW_HISTOGRAM_BINS] = {0};
    for (int bin = 0; bin < BW_HISTOGRAM_BINS; bin++)
        merged[HALF / 2 + bin / 2] += histogram->counts[bin];
    memcpy(histogram->counts, merged, sizeof merged);
    histogram->reach *= 2.0f;
}

static void make_room(bw_histogram *histogram, float magnitude)
{
    if (magnitude == 0.0f || magnitude < histogram->reach)
        return;
    if (histogram->reach == 0.0f) {
        uint64_t zeros = histogram->counts[HALF];
        float reach = smallest_reach;
        while (reach <= magnitude && reach < 0x1p127f)
            reach *= 2.0f;
        histogram->reach = reach;
        histogram->counts[HALF] = zeros;
    }
    while (histogram->reach <= magnitude && histogram->reach < 0x1p127f)
        double_reach(histogram);
}

static int bin_of(const bw_histogram *histogram, float number)
{
    if (histogram->reach == 0.0f)
        return HALF;
    int bin = HALF + (int)floorf(number / histogram->reach * (float)HALF);
    return bin < 0 ? 0 : bin >= BW_HISTOGRAM_BINS ? BW_HISTOGRAM_BINS - 1 : bin;
}

void bw_histogram_add(bw_histogram *histogram, const float *numbers, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        float number = numbers[index];
        if (!isfinite(number))
            continue;
        if (fabsf(number) >= histogram->reach)
            make_room(histogram, fabsf(number));
        histogram->low = number < histogram->low ? number : histogram->low;
        histogram->high = number > histogram->high ? number : histogram->high;
        histogram->counts[bin_of(histogram, number)]++;
    }
}

static void sum_up(moments *sums, const bw_histogram *histogram)
{
    sums->width = (double)histogram->reach / HALF;
    sums->count[0] = sums->sum[0] = sums->squares[0] = 0.0;
    for (int bin = 0; bin < BW_HISTOGRAM_BINS; bin++) {
        double count = (double)histogram->counts[bin], middle = (bin - HALF + 0.5) * sums->width;
        sums->count[bin + 1] = sums->count[bin] + count;
        sums->sum[bin + 1] = sums->sum[bin] + count * middle;
        sums->squares[bin + 1] = sums->squares[bin] + count * middle * middle;
    }
}

/* The squared distances from `edge` of the numbers in bins [first, last). */
static double cut_off(const moments *sums, int first, int last, double edge)
{
    double count = sums->count[last] - sums->count[first];
    double sum = sums->sum[last] - sums->sum[first];
    return sums->squares[last] - sums->squares[first] - 2.0 * edge * sum + edge * edge * count;
}

/* The squared error of 256 steps from `low` to `high`, whole numbers of bins from the middle. */
static double error_of(const moments *sums, int low, int high)
{
    int first = HALF + low, last = HALF + high;
    double step = (high - low) * sums->width / 255.0;
    double inside = sums->count[last] - sums->count[first];
    return cut_off(sums, 0, first, low * sums->width) +
           cut_off(sums, last, BW_HISTOGRAM_BINS, high * sums->width) + inside * step * step / 12.0;
}

void bw_histogram_range(const bw_histogram *histogram, float *low, float *high)
{
    *low = 0.0f;
    *high = 1.0f;
    if (histogram->reach == 0.0f)
        return;
    moments sums;
    sum_up(&sums, histogram);
    int lowest = (int)floor((double)histogram->low / sums.width);
    int highest = (int)ceil((double)histogram->high / sums.width);
    double least = (double)INFINITY;
    for (int down = 1; down <= CANDIDATES; down++) {
        int from = lowest * down / CANDIDATES;
        for (int up = 1; up <= CANDIDATES; up++) {
            int to = highest * up / CANDIDATES;
            double error = to > from ? error_of(&sums, from, to) : (double)INFINITY;
            if (error < least) {
                least = error;
                *low = (float)(from * sums.width);
                *high = (float)(to * sums.width);
            }
        }
    }
}
