#include "passes/histogram.h"

#include <math.h>
#include <string.h>

enum {
    HALF = BW_HISTOGRAM_BINS / 2,
    FINE_BINS = 4096, /* of the whole tensor */
    FINE_HALF = FINE_BINS / 2,
    CANDIDATES = 48,
};

static const float smallest_reach = 0x1p-100f, largest_reach = 0x1p127f;

/* Sums over the bins before each, of counts and of counts times the bin's middle and its square. */
typedef struct moments {
    double count[FINE_BINS + 1], sum[FINE_BINS + 1], squares[FINE_BINS + 1];
    double width; /* of a bin */
} moments;

static uint32_t add_counts(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static void double_reach(bw_histogram *histogram)
{
    uint32_t merged[BW_HISTOGRAM_BINS] = {0};
    for (int bin = 0; bin < BW_HISTOGRAM_BINS; bin++) {
        uint32_t *to = &merged[HALF / 2 + bin / 2];
        *to = add_counts(*to, histogram->counts[bin]);
    }
    memcpy(histogram->counts, merged, sizeof merged);
    histogram->reach *= 2.0f;
}

static void make_room(bw_histogram *histogram, float magnitude)
{
    if (histogram->reach == 0.0f) {
        histogram->reach = smallest_reach;
        while (histogram->reach <= magnitude && histogram->reach < largest_reach)
            histogram->reach *= 2.0f;
    }
    while (histogram->reach <= magnitude && histogram->reach < largest_reach)
        double_reach(histogram);
}

static int bin_of(const bw_histogram *histogram, float number)
{
    if (histogram->reach == 0.0f)
        return HALF;
    int bin = HALF + (int)floorf(number / histogram->reach * (float)HALF);
    return bin < 0 ? 0 : bin >= BW_HISTOGRAM_BINS ? BW_HISTOGRAM_BINS - 1 : bin;
}

void bw_histogram_add(bw_histogram *histogram, float number)
{
    if (!isfinite(number))
        return;
    if (number != 0.0f && fabsf(number) >= histogram->reach)
        make_room(histogram, fabsf(number));
    histogram->low = number < histogram->low ? number : histogram->low;
    histogram->high = number > histogram->high ? number : histogram->high;
    uint32_t *count = &histogram->counts[bin_of(histogram, number)];
    *count = add_counts(*count, 1);
}

/* The tensor's range, and the bins' width so that they cover it. */
static void measure(const bw_histogram *channels, const float *factors, size_t count, double *low,
                    double *high)
{
    *low = *high = 0.0;
    for (size_t channel = 0; channel < count; channel++) {
        *low = fmin(*low, (double)(channels[channel].low * factors[channel]));
        *high = fmax(*high, (double)(channels[channel].high * factors[channel]));
    }
}

static void pour(moments *sums, const bw_histogram *channel, double factor)
{
    double width = (double)channel->reach / HALF * factor;
    for (int bin = 0; bin < BW_HISTOGRAM_BINS; bin++) {
        if (channel->counts[bin] == 0)
            continue;
        double middle = (bin - HALF + 0.5) * width;
        int fine = FINE_HALF + (int)floor(middle / sums->width);
        fine = fine < 0 ? 0 : fine >= FINE_BINS ? FINE_BINS - 1 : fine;
        sums->count[fine + 1] += (double)channel->counts[bin];
    }
}

static void sum_up(moments *sums)
{
    for (int bin = 0; bin < FINE_BINS; bin++) {
        double count = sums->count[bin + 1], middle = (bin - FINE_HALF + 0.5) * sums->width;
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
    int first = FINE_HALF + low, last = FINE_HALF + high;
    double step = (high - low) * sums->width / 255.0;
    double inside = sums->count[last] - sums->count[first];
    return cut_off(sums, 0, first, low * sums->width) +
           cut_off(sums, last, FINE_BINS, high * sums->width) + inside * step * step / 12.0;
}

void bw_histogram_range(const bw_histogram *channels, const float *factors, size_t count,
                        float *low, float *high)
{
    double lowest, highest, least = (double)INFINITY;
    measure(channels, factors, count, &lowest, &highest);
    *low = 0.0f;
    *high = 1.0f;
    if (!(highest - lowest > (double)smallest_reach))
        return;
    moments sums = {.width = fmax(highest, -lowest) / (FINE_HALF - 1)};
    for (size_t channel = 0; channel < count; channel++)
        pour(&sums, &channels[channel], (double)factors[channel]);
    sum_up(&sums);
    int bottom = (int)floor(lowest / sums.width), top = (int)ceil(highest / sums.width);
    for (int down = 1; down <= CANDIDATES; down++) {
        int from = bottom * down / CANDIDATES;
        for (int up = 1; up <= CANDIDATES; up++) {
            int to = top * up / CANDIDATES;
            double error = to > from ? error_of(&sums, from, to) : (double)INFINITY;
            if (error < least) {
                least = error;
                *low = (float)(from * sums.width);
                *high = (float)(to * sums.width);
            }
        }
    }
}
