#include "passes/histogram.h"

#include <math.h>
#include <string.h>

enum {
    HALF = BW_HISTOGRAM_BINS / 2,
    FINE_BINS = 4096, /* of the whole tensor */
    FINE_HALF = FINE_BINS / 2,
    CANDIDATES = 48,
};

static const double rare_share = 1e-4; /* of the numbers, at each end */

static const double smallest_share = 1e-7; /* what is clipped is not impossible, but rare */

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

/* The range that numbers were seen in. */
static void measure(const bw_channels *of, double *low, double *high)
{
    for (size_t channel = 0; channel < of->count; channel++) {
        *low = fmin(*low, (double)(of->histograms[channel].low * of->factors[channel]));
        *high = fmax(*high, (double)(of->histograms[channel].high * of->factors[channel]));
    }
}

static void pour(moments *sums, const bw_histogram *channel, double factor, double weight)
{
    double width = (double)channel->reach / HALF * factor;
    for (int bin = 0; bin < BW_HISTOGRAM_BINS; bin++) {
        if (channel->counts[bin] == 0)
            continue;
        double middle = (bin - HALF + 0.5) * width;
        int fine = FINE_HALF + (int)floor(middle / sums->width);
        fine = fine < 0 ? 0 : fine >= FINE_BINS ? FINE_BINS - 1 : fine;
        sums->count[fine + 1] += (double)channel->counts[bin] * weight;
    }
}

static void pour_all(moments *sums, const bw_channels *of)
{
    for (size_t channel = 0; channel < of->count; channel++)
        pour(sums, &of->histograms[channel], (double)of->factors[channel],
             of->weights ? (double)of->weights[channel] : 1.0);
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

/* A range in whole bins from the middle, and the best so far. */
typedef struct search {
    int bottom, top; /* the bins that hold all numbers */
    int low, high;
    double least;
} search;

static void propose(search *best, int low, int high, double error)
{
    if (high > low && error < best->least)
        *best = (search){best->bottom, best->top, low, high, error};
}

/* The squared error of 256 steps from `low` to `high`; that of clipping counts several times. */
static double error_of(const moments *sums, int low, int high, double several)
{
    int first = FINE_HALF + low, last = FINE_HALF + high;
    double step = (high - low) * sums->width / 255.0;
    double inside = sums->count[last] - sums->count[first];
    double outside = cut_off(sums, 0, first, low * sums->width) +
                     cut_off(sums, last, FINE_BINS, high * sums->width);
    return several * outside + inside * step * step / 12.0;
}

static void search_error(search *best, const moments *sums, double several)
{
    for (int down = 1; down <= CANDIDATES; down++) {
        for (int up = 1; up <= CANDIDATES; up++) {
            int from = best->bottom * down / CANDIDATES, to = best->top * up / CANDIDATES;
            if (to > from)
                propose(best, from, to, error_of(sums, from, to, several));
        }
    }
}

static void search_percentile(search *best, const moments *sums)
{
    double all = sums->count[FINE_BINS];
    int low = best->bottom, high = best->top;
    while (low < 0 && sums->count[FINE_HALF + low + 1] < all * rare_share)
        low++;
    while (high > 0 && all - sums->count[FINE_HALF + high - 1] < all * rare_share)
        high--;
    propose(best, low, high, 0.0);
}

/* What the numbers of a bin of `share` add to the divergence, if rounding makes it `rounded`. */
static double divergence(double share, double rounded)
{
    return share > 0.0 ? share * log(share / fmax(rounded, smallest_share)) : 0.0;
}

/* The divergence of 256 steps from `low` to `high`: within a step, numbers become alike. */
static double divergence_of(const moments *sums, int low, int high)
{
    double all = sums->count[FINE_BINS], sum = 0.0;
    int first = FINE_HALF + low, last = FINE_HALF + high, bins = high - low;
    double below = sums->count[first], above = all - sums->count[last];
    double inside = all - below - above;
    for (int step = 0; inside > 0.0 && step < 256; step++) {
        int from = first + bins * step / 256, to = first + bins * (step + 1) / 256, used = 0;
        for (int bin = from; bin < to; bin++)
            used += sums->count[bin + 1] > sums->count[bin];
        for (int bin = from; bin < to; bin++) {
            double count = sums->count[bin + 1] - sums->count[bin];
            double mean = (sums->count[to] - sums->count[from]) / (used > 0 ? used : 1);
            double edge = bin == first ? below : bin == last - 1 ? above : 0.0;
            sum += divergence((count + edge) / all, count > 0.0 ? mean / inside : 0.0);
        }
    }
    return inside > 0.0 ? sum : (double)INFINITY;
}

static void search_entropy(search *best, const moments *sums)
{
    for (int share = CANDIDATES / 4; share <= CANDIDATES; share++) {
        int low = best->bottom * share / CANDIDATES, high = best->top * share / CANDIDATES;
        if (high > low)
            propose(best, low, high, divergence_of(sums, low, high));
    }
}

static void choose_bins(search *best, const moments *sums, bw_range_rule rule)
{
    switch (rule) {
    case BW_RANGE_PERCENTILE: search_percentile(best, sums); return;
    case BW_RANGE_ERROR: search_error(best, sums, 1.0); return;
    case BW_RANGE_CAREFUL: search_error(best, sums, 8.0); return;
    case BW_RANGE_ENTROPY: search_entropy(best, sums); return;
    case BW_RANGE_ALL:
    case BW_RANGE_RULES: return;
    }
}

const char *bw_range_rule_name(bw_range_rule rule)
{
    static const char *const names[BW_RANGE_RULES] = {"all", "percentile", "error", "careful",
                                                      "entropy"};
    return (unsigned)rule < BW_RANGE_RULES ? names[rule] : "unknown";
}

void bw_histogram_range(const bw_channels *tensors, size_t count, bw_range_rule rule, float *low,
                        float *high)
{
    double lowest = 0.0, highest = 0.0;
    for (size_t index = 0; index < count; index++)
        measure(&tensors[index], &lowest, &highest);
    *low = 0.0f;
    *high = 1.0f;
    if (!(highest - lowest > (double)smallest_reach))
        return;
    *low = (float)lowest;
    *high = (float)highest;
    if (rule == BW_RANGE_ALL)
        return;
    moments sums = {.width = fmax(highest, -lowest) / (FINE_HALF - 1)};
    for (size_t index = 0; index < count; index++)
        pour_all(&sums, &tensors[index]);
    sum_up(&sums);
    search best = {.bottom = (int)floor(lowest / sums.width),
                   .top = (int)ceil(highest / sums.width),
                   .least = (double)INFINITY};
    choose_bins(&best, &sums, rule);
    if (best.high > best.low) {
        *low = (float)(best.low * sums.width);
        *high = (float)(best.high * sums.width);
    }
}
