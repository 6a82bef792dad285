#include "prune/refit.h"

#include <math.h>
#include <stdlib.h>

enum { SAMPLES = 256, LEAST_PICTURES = 8, PIXELS_A_SHARE = 16 };

/* Multiply-accumulates that it may take. */
static const double work_budget = 2500e9;

/* The whole network and its pruned copy side by side, up to one tensor. */
typedef struct pair {
    bw_viewer whole, pruned;
    float *numbers, *left; /* SAMPLES pixels */
} pair;

static bw_status open_pair(pair *p, const bw_pruning_facts *facts, const bw_graph *pruned,
                           int tensor, bw_error *error)
{
    size_t numbers = SAMPLES * (size_t)facts->graph->tensors[tensor].shape.channels;
    *p = (pair){.numbers = calloc(numbers, sizeof(float)), .left = calloc(numbers, sizeof(float))};
    if (!p->numbers || !p->left)
        return bw_fail_memory(error, numbers * sizeof(float), "pruning");
    bw_status status = bw_viewer_open(&p->whole, facts->graph, &tensor, 1, facts->pool, error);
    return status == BW_OK ? bw_viewer_open(&p->pruned, pruned, &tensor, 1, facts->pool, error)
                           : status;
}

static void close_pair(pair *p)
{
    bw_viewer_close(&p->whole);
    bw_viewer_close(&p->pruned);
    free(p->numbers);
    free(p->left);
}

static bw_status observe(bw_moments *moments, pair *p, const bw_pruning_facts *facts,
                         const bw_small_pictures *pictures, size_t used, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t first = 0; status == BW_OK && first < used;) {
        int images = bw_small_pictures_load(pictures, &p->whole, first, used);
        bw_small_pictures_load(pictures, &p->pruned, first, used);
        first += (size_t)images;
        status = bw_viewer_run(&p->whole, images, error);
        if (status == BW_OK)
            status = bw_viewer_run(&p->pruned, images, error);
        for (int image = 0; status == BW_OK && image < images; image++) {
            int pixels = bw_viewer_sample(&p->whole, 0, image, p->numbers, SAMPLES);
            bw_viewer_sample(&p->pruned, 0, image, p->left, SAMPLES);
            bw_moments_add(moments, p->numbers, p->left, pixels, facts->pool);
        }
    }
    return status;
}

/* A reading whose takeover is fitted again. */
typedef struct fitting {
    bw_graph *pruned;
    bw_takeover *takeover;
    const bw_pruning_facts *facts;
    const bool *kept;
    const bw_expected *expected;
    double *best; /* the error at the heads so far */
} fitting;

static bw_status fold(const fitting *f, const bw_takeover *takeover, bw_error *error)
{
    return bw_takeover_fold(takeover, f->pruned, f->facts->graph, &f->facts->classes, f->kept,
                            f->facts->pool, error);
}

static bw_status fit(const fitting *f, size_t used, bw_error *error)
{
    pair p;
    bw_moments moments = {0};
    bw_status status = open_pair(&p, f->facts, f->pruned, f->takeover->tensor, error);
    if (status == BW_OK)
        status = bw_moments_open(&moments, f->takeover->channels, f->takeover->left, true, error);
    if (status == BW_OK)
        status = observe(&moments, &p, f->facts, f->expected->pictures, used, error);
    close_pair(&p);
    if (status == BW_OK) {
        bw_moments_finish(&moments);
        bw_takeover_refit(f->takeover, &moments, f->facts->pool);
        status = fold(f, f->takeover, error);
    }
    bw_moments_close(&moments);
    return status;
}

/* Fits, and takes it back where the heads are not the better for it. */
static bw_status try_fit(const fitting *f, size_t used, bw_error *error)
{
    bw_takeover before;
    double difference = 0.0;
    bw_status status = bw_takeover_copy(&before, f->takeover, error);
    if (status != BW_OK)
        return status;
    status = fit(f, used, error);
    if (status == BW_OK)
        status = bw_expected_compare(&difference, f->expected, f->pruned, f->facts->pool, error);
    if (status == BW_OK && difference < *f->best) {
        *f->best = difference;
        bw_takeover_close(&before);
        return BW_OK;
    }
    bw_takeover_close(f->takeover);
    *f->takeover = before;
    return status == BW_OK ? fold(f, f->takeover, error) : status;
}

/* Pictures that the budget allows, each of which runs through half of both networks a reading. */
static size_t affordable(const bw_pruning_facts *facts)
{
    double macs = (double)bw_graph_macs(facts->graph);
    double some = work_budget / (macs * (double)facts->reading_count + 1.0);
    return some < LEAST_PICTURES ? LEAST_PICTURES : (size_t)fmin(some, 1e6);
}

/* Pictures that show enough pixels to learn so many shares from, and enough variety. */
static size_t enough(const bw_takeover *takeover)
{
    return LEAST_PICTURES * 2 + (size_t)(takeover->left * PIXELS_A_SHARE / SAMPLES);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

bw_status bw_refit(bw_graph *pruned, bw_takeover *takeovers, const bw_pruning_facts *facts,
                   const bool *kept, const bw_expected *expected, bw_error *error)
{
    size_t most = least(affordable(facts), expected->pictures->count);
    double best;
    bool changed = false;
    bw_status status = bw_expected_compare(&best, expected, pruned, facts->pool, error);
    for (size_t index = 0; status == BW_OK && index < facts->reading_count; index++) {
        bw_takeover *takeover = &takeovers[index];
        fitting f = {pruned, takeover, facts, kept, expected, &best};
        changed = changed || takeover->shares;
        if (!changed)
            continue;
        if (!takeover->shares)
            status = bw_takeover_open(takeover, &facts->readings[index], &facts->classes, kept,
                                      facts->pool, error);
        if (status == BW_OK)
            status = try_fit(&f, least(most, enough(takeover)), error);
    }
    return status;
}
