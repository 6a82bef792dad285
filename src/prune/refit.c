#include "prune/refit.h"

#include <stdlib.h>

/* A reading whose takeover is fitted again. */
typedef struct fitting {
    bw_graph *pruned;
    bw_takeover *takeover;
    size_t reading;
    const bw_pruning_facts *facts;
    const bool *kept;
    const bw_expected *expected;
    const bw_samples *samples;
    double *best; /* the error at the heads so far */
} fitting;

/* What the pruned network has in the place of the samples. */
static bw_status observe(bw_moments *moments, const fitting *f, bw_viewer *viewer, float *left,
                         bw_error *error)
{
    const bw_samples *samples = f->samples;
    bw_status status = BW_OK;
    for (size_t first = 0; status == BW_OK && first < samples->used;) {
        int images = bw_small_pictures_load(samples->pictures, viewer, first, samples->used);
        status = bw_viewer_run(viewer, images, error);
        for (int image = 0; status == BW_OK && image < images; image++, first++) {
            int pixels = bw_viewer_sample(viewer, 0, image, left, samples->pixels);
            bw_moments_add(moments, bw_samples_of(samples, f->facts, f->reading, first), left,
                           pixels, f->facts->pool);
        }
    }
    return status;
}

static bw_status look(bw_moments *moments, const fitting *f, bw_error *error)
{
    bw_viewer viewer;
    size_t numbers = (size_t)f->takeover->left * (size_t)f->samples->pixels;
    float *left = malloc(numbers * sizeof *left);
    if (!left)
        return bw_fail_memory(error, numbers * sizeof *left, "pruning");
    bw_status status =
        bw_viewer_open(&viewer, f->pruned, &f->takeover->tensor, 1, f->facts->pool, error);
    if (status == BW_OK) {
        status = observe(moments, f, &viewer, left, error);
        bw_viewer_close(&viewer);
    }
    free(left);
    return status;
}

static bw_status fold(const fitting *f, const bw_takeover *takeover, bw_error *error)
{
    return bw_takeover_fold(takeover, f->pruned, f->facts->graph, &f->facts->classes, f->kept,
                            f->facts->pool, error);
}

static bw_status fit(const fitting *f, bw_error *error)
{
    bw_moments moments;
    bw_status status =
        bw_moments_open(&moments, f->takeover->channels, f->takeover->left, true, error);
    if (status != BW_OK)
        return status;
    status = look(&moments, f, error);
    if (status == BW_OK) {
        bw_moments_finish(&moments);
        bw_takeover_refit(f->takeover, &moments, f->facts->pool);
        status = fold(f, f->takeover, error);
    }
    bw_moments_close(&moments);
    return status;
}

/* Fits, and takes it back where the heads are not the better for it. */
static bw_status try_fit(const fitting *f, bw_error *error)
{
    bw_takeover before;
    double difference = 0.0;
    bw_status status = bw_takeover_copy(&before, f->takeover, error);
    if (status != BW_OK)
        return status;
    status = fit(f, error);
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

bw_status bw_refit(bw_graph *pruned, bw_takeover *takeovers, const bw_pruning_facts *facts,
                   const bool *kept, const bw_expected *expected, const bw_samples *samples,
                   bw_error *error)
{
    double best;
    bool changed = false;
    bw_status status = bw_expected_compare(&best, expected, pruned, facts->pool, error);
    for (size_t index = 0; status == BW_OK && index < facts->reading_count; index++) {
        bw_takeover *takeover = &takeovers[index];
        fitting f = {pruned, takeover, index, facts, kept, expected, samples, &best};
        changed = changed || takeover->shares;
        if (!changed)
            continue;
        if (!takeover->shares)
            status = bw_takeover_open(takeover, &facts->readings[index], &facts->classes, kept,
                                      facts->pool, error);
        if (status == BW_OK)
            status = try_fit(&f, error);
    }
    return status;
}
