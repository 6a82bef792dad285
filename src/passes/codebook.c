#include "passes/codebook.h"

#include <math.h>
#include <string.h>

enum { MOST_LEVELS = 1 << BW_MOST_SHARED_BITS, ROUNDS = 3, SCALES = 13 };

/* An integer of the largest magnitude stands for this many standard deviations, to begin with. */
static const float first_reach = 4.0f;

/* Scales that are tried lie this far around the present one, at most. */
static const float scale_span = 0.3f;

/* ---- Clustering ----------------------------------------------------------------------------- */

/* Sums over the integers below each: of their weights, and of those times value and square. */
typedef struct moments {
    double weight[BW_INTEGERS + 1], first[BW_INTEGERS + 1], second[BW_INTEGERS + 1];
} moments;

/* The best level for the integers [first, last), and the squared error that it leaves. */
static double cluster_error(const moments *m, int first, int last, int *level)
{
    double weight = m->weight[last] - m->weight[first], sum = m->first[last] - m->first[first];
    double middle = (first + last - 1) / 2.0 - BW_INTEGER_ORIGIN;
    double centre = round(weight > 0.0 ? sum / weight : middle);
    *level = (int)fmin(fmax(centre, first - BW_INTEGER_ORIGIN), last - 1 - BW_INTEGER_ORIGIN);
    return m->second[last] - m->second[first] - 2.0 * *level * sum +
           (double)*level * *level * weight;
}

static void add_up(moments *m, const double weights[BW_INTEGERS])
{
    *m = (moments){0};
    for (int index = 0; index < BW_INTEGERS; index++) {
        double value = index - BW_INTEGER_ORIGIN;
        m->weight[index + 1] = m->weight[index] + weights[index];
        m->first[index + 1] = m->first[index] + weights[index] * value;
        m->second[index + 1] = m->second[index] + weights[index] * value * value;
    }
}

/* Where the last cluster begins, for each number of clusters and of integers. */
typedef uint8_t cluster_starts[MOST_LEVELS][BW_INTEGERS + 1];

static void cluster(cluster_starts starts, const moments *m, int clusters)
{
    double before[BW_INTEGERS + 1], errors[BW_INTEGERS + 1];
    int level;
    for (int last = 0; last <= BW_INTEGERS; last++) {
        before[last] = last ? cluster_error(m, 0, last, &level) : 0.0;
        starts[0][last] = 0;
    }
    for (int index = 1; index < clusters; index++) {
        memcpy(errors, before, sizeof errors);
        memcpy(starts[index], starts[index - 1], sizeof starts[index]);
        for (int last = index + 1; last <= BW_INTEGERS; last++) {
            errors[last] = (double)INFINITY;
            for (int first = index; first < last; first++) {
                double error = before[first] + cluster_error(m, first, last, &level);
                if (error < errors[last]) {
                    errors[last] = error;
                    starts[index][last] = (uint8_t)first;
                }
            }
        }
        memcpy(before, errors, sizeof errors);
    }
}

static int nearest_level(const int *levels, int count, int integer)
{
    int best = levels[0];
    for (int index = 1; index < count; index++) {
        int level = levels[index];
        if ((level - integer) * (level - integer) < (best - integer) * (best - integer))
            best = level;
    }
    return best;
}

void bw_codebook_fit(bw_codebook *codebook, const double weights[BW_INTEGERS], int bits)
{
    moments m;
    cluster_starts starts;
    int levels[MOST_LEVELS] = {0}, clusters = 1 << bits, last = BW_INTEGERS;
    clusters = clusters < BW_INTEGERS ? clusters : BW_INTEGERS;
    add_up(&m, weights);
    cluster(starts, &m, clusters);
    for (int index = clusters; index-- > 0; last = starts[index][last])
        cluster_error(&m, starts[index][last], last, &levels[index]);
    codebook->levels = clusters;
    for (int index = 0; index < BW_INTEGERS; index++)
        codebook->nearest[index] =
            (int8_t)nearest_level(levels, clusters, index - BW_INTEGER_ORIGIN);
}

/* ---- Filters -------------------------------------------------------------------------------- */

static int rounded(float weight, float inverse, int largest)
{
    float steps = fminf(fmaxf(weight * inverse, (float)-largest), (float)largest);
    return (int)lrintf(steps);
}

static float deviation(const float *weights, size_t count)
{
    double sum = 0.0;
    for (size_t index = 0; index < count; index++)
        sum += (double)weights[index] * (double)weights[index];
    return (float)sqrt(sum / (double)count);
}

static float magnitude(const float *weights, size_t count)
{
    float largest = 0.0f;
    for (size_t index = 0; index < count; index++)
        largest = fmaxf(largest, fabsf(weights[index]));
    return largest;
}

/* Either nothing is cut off, or what lies beyond some standard deviations. */
static void begin(const bw_shared_filters *f, bool whole)
{
    for (size_t channel = 0; channel < f->channels; channel++) {
        const float *filter = f->weights + channel * f->count;
        float reach =
            whole ? magnitude(filter, f->count) : deviation(filter, f->count) * first_reach;
        float scale = reach / (float)f->largest;
        f->scales[channel] = isfinite(scale) && scale > 0x1p-100f ? scale : 1.0f;
    }
}

static void fit_codebook(bw_codebook *codebook, const bw_shared_filters *f, int bits)
{
    double weights[BW_INTEGERS] = {0};
    for (size_t channel = 0; channel < f->channels; channel++) {
        const float *filter = f->weights + channel * f->count;
        float scale = f->scales[channel], inverse = 1.0f / scale;
        for (size_t index = 0; index < f->count; index++)
            weights[BW_INTEGER_ORIGIN + rounded(filter[index], inverse, f->largest)] +=
                (double)(f->importance[index] * scale * scale);
    }
    bw_codebook_fit(codebook, weights, bits);
}

static double error_of(const bw_codebook *codebook, const bw_shared_filters *f, size_t channel,
                       float scale)
{
    const float *filter = f->weights + channel * f->count;
    float inverse = 1.0f / scale;
    double sum = 0.0;
    for (size_t index = 0; index < f->count; index++) {
        int integer = rounded(filter[index], inverse, f->largest);
        float error = filter[index] - (float)bw_codebook_nearest(codebook, integer) * scale;
        sum += (double)(error * error * f->importance[index]);
    }
    return sum;
}

/* Takes the best of some scales around the present one; returns its error. */
static double fit_scale(const bw_codebook *codebook, const bw_shared_filters *f, size_t channel)
{
    float present = f->scales[channel];
    double least = error_of(codebook, f, channel, present);
    for (int index = 0; index < SCALES; index++) {
        float scale = present * (1.0f + scale_span * (2.0f * (float)index / (SCALES - 1) - 1.0f));
        double error = error_of(codebook, f, channel, scale);
        if (error < least) {
            least = error;
            f->scales[channel] = scale;
        }
    }
    return least;
}

static double power_of(const bw_shared_filters *f)
{
    double sum = 0.0;
    for (size_t index = 0; index < f->channels * f->count; index++)
        sum += (double)(f->weights[index] * f->weights[index] * f->importance[index % f->count]);
    return sum;
}

static double fit(bw_codebook *codebook, const bw_shared_filters *f, int bits, bool whole)
{
    double error = 0.0;
    begin(f, whole);
    for (int round = 0; round < ROUNDS; round++) {
        fit_codebook(codebook, f, bits);
        error = 0.0;
        for (size_t channel = 0; channel < f->channels; channel++)
            error += fit_scale(codebook, f, channel);
    }
    return error;
}

double bw_share_filters(bw_codebook *codebook, const bw_shared_filters *f, int bits)
{
    double power = power_of(f), cut = fit(codebook, f, bits, false);
    double whole = fit(codebook, f, bits, true), least = whole;
    if (cut < whole)
        least = fit(codebook, f, bits, false);
    return power > 0.0 ? least / power : 0.0;
}
