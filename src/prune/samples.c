#include "prune/samples.h"

#include <math.h>
#include <stdlib.h>

enum { PIXELS = 256, LEAST_PICTURES = 8 };

/* Multiply-accumulates that fitting may take, half of a network a reading and picture. */
static const double work_budget = 1200e9;

/* Bytes that all samples may take. */
static const double room = 512e6;

static size_t channels_of(const bw_pruning_facts *facts, size_t reading)
{
    return (size_t)facts->readings[reading].moments.channels;
}

static size_t affordable(const bw_pruning_facts *facts)
{
    double work = (double)bw_graph_macs(facts->graph) / 2.0 * (double)facts->reading_count;
    double bytes = 0.0;
    for (size_t reading = 0; reading < facts->reading_count; reading++)
        bytes += (double)channels_of(facts, reading) * PIXELS * sizeof(float);
    double most = fmin(work_budget / (work + 1.0), room / (bytes + 1.0));
    return most < LEAST_PICTURES ? LEAST_PICTURES : (size_t)fmin(most, BW_MOST_SMALL_PICTURES);
}

const float *bw_samples_of(const bw_samples *samples, const bw_pruning_facts *facts, size_t reading,
                           size_t picture)
{
    return samples->numbers[reading] + picture * PIXELS * channels_of(facts, reading);
}

static bw_status make_room(bw_samples *samples, const bw_pruning_facts *facts, bw_error *error)
{
    samples->numbers = calloc(facts->reading_count + 1, sizeof *samples->numbers);
    bool good = samples->numbers != NULL;
    size_t numbers = samples->used * PIXELS;
    for (size_t reading = 0; good && reading < facts->reading_count; reading++) {
        samples->numbers[reading] = malloc(numbers * channels_of(facts, reading) * sizeof(float));
        good = samples->numbers[reading] != NULL;
        samples->count += good;
    }
    return good ? BW_OK : bw_fail_memory(error, numbers * sizeof(float), "samples");
}

static bw_status take(bw_samples *samples, const bw_pruning_facts *facts, bw_viewer *viewer,
                      bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t first = 0; status == BW_OK && first < samples->used;) {
        int images = bw_small_pictures_load(samples->pictures, viewer, first, samples->used);
        status = bw_viewer_run(viewer, images, error);
        for (int image = 0; status == BW_OK && image < images; image++, first++) {
            for (size_t reading = 0; reading < samples->count; reading++)
                bw_viewer_sample(viewer, (int)reading, image,
                                 (float *)(uintptr_t)bw_samples_of(samples, facts, reading, first),
                                 PIXELS);
        }
    }
    return status;
}

bw_status bw_samples_open(bw_samples *samples, const bw_pruning_facts *facts,
                          const bw_small_pictures *pictures, bw_viewer *viewer, bw_error *error)
{
    size_t most = affordable(facts);
    *samples = (bw_samples){.pictures = pictures, .pixels = PIXELS};
    samples->used = pictures->count < most ? pictures->count : most;
    bw_status status = make_room(samples, facts, error);
    return status == BW_OK ? take(samples, facts, viewer, error) : status;
}

void bw_samples_close(bw_samples *samples)
{
    for (size_t reading = 0; reading < samples->count; reading++)
        free(samples->numbers[reading]);
    free((void *)samples->numbers);
    *samples = (bw_samples){0};
}
