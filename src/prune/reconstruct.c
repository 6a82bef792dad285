#include "prune/reconstruct.h"

#include <stdlib.h>
#include <string.h>

#include "prune/matrix.h"

/* Of the diagonal, what is added to it: more where a change has to be learned from few pixels. */
static const double damping = 1e-3, refit_damping = 1e-2;

/* ---- Least squares -------------------------------------------------------------------------- */

/* Fills square and the rows of those that go with the covariances of those that stay. */
static void gather(double *square, double *rows, const bw_takeover *t, const bw_moments *moments,
                   const bool *stays)
{
    size_t n = (size_t)t->channels, gone = 0, at = 0;
    for (size_t channel = 0; channel < n; channel++) {
        size_t column = 0;
        double *row =
            stays[channel] ? square + at++ * (size_t)t->left : rows + gone++ * (size_t)t->left;
        for (size_t other = 0; other < n; other++) {
            if (stays[other])
                row[column++] = moments->square[channel * n + other];
        }
    }
}

/* The rows of those that stay are themselves, the others' come from the solution. */
static void spread(bw_takeover *t, const double *rows, const bw_moments *moments, const bool *stays)
{
    size_t left = (size_t)t->left, at = 0;
    for (int channel = 0; channel < t->channels; channel++) {
        double *shares = t->shares + (size_t)channel * left;
        if (stays[channel]) {
            shares[at++] = 1.0;
            continue;
        }
        memcpy(shares, rows, left * sizeof *rows);
        rows += left;
        t->offsets[channel] = moments->means[channel];
        size_t column = 0;
        for (int other = 0; other < t->channels; other++) {
            if (stays[other])
                t->offsets[channel] -= shares[column++] * moments->means[other];
        }
    }
}

static bw_status solve(bw_takeover *t, const bw_moments *moments, const bool *stays, bw_pool *pool,
                       bw_error *error)
{
    size_t left = (size_t)t->left, gone = (size_t)(t->channels - t->left);
    double *square = malloc(left * left * sizeof *square);
    double *rows = malloc((gone * left + 1) * sizeof *rows);
    bool good = square && rows;
    if (good) {
        gather(square, rows, t, moments, stays);
        bw_dampen(square, t->left, damping);
        bw_factorize(square, t->left, pool);
        bw_solve_rows(square, t->left, rows, (int)gone, pool);
        spread(t, rows, moments, stays);
    }
    free(square);
    free(rows);
    return good ? BW_OK : bw_fail_memory(error, left * left * sizeof *square, "pruning");
}

bw_status bw_takeover_open(bw_takeover *takeover, const bw_reading *reading,
                           const bw_channel_classes *classes, const bool *kept, bw_pool *pool,
                           bw_error *error)
{
    int channels = reading->moments.channels;
    *takeover = (bw_takeover){.tensor = reading->tensor, .channels = channels};
    bool *stays = calloc((size_t)channels, sizeof *stays);
    for (int channel = 0; stays && channel < channels; channel++) {
        stays[channel] = kept[bw_class_of(classes, reading->tensor, channel)];
        takeover->left += stays[channel];
    }
    size_t left = (size_t)takeover->left, all = (size_t)channels * left;
    takeover->shares = calloc(all, sizeof *takeover->shares);
    takeover->offsets = calloc((size_t)channels, sizeof *takeover->offsets);
    bw_status status = stays && takeover->shares && takeover->offsets
                           ? solve(takeover, &reading->moments, stays, pool, error)
                           : bw_fail_memory(error, all * sizeof *takeover->shares, "pruning");
    free(stays);
    if (status != BW_OK)
        bw_takeover_close(takeover);
    return status;
}

/* shares += (cross − shares · square) (square + damping)⁻¹: drawn to what they were. */
void bw_takeover_refit(bw_takeover *takeover, bw_moments *moments, bw_pool *pool)
{
    size_t left = (size_t)takeover->left, n = (size_t)takeover->channels;
    for (size_t channel = 0; channel < n; channel++) {
        double *row = moments->cross + channel * left;
        const double *shares = takeover->shares + channel * left;
        for (size_t at = 0; at < left; at++)
            bw_add_scaled(row, moments->square + at * left, -shares[at], (int)left);
    }
    bw_dampen(moments->square, takeover->left, refit_damping);
    bw_factorize(moments->square, takeover->left, pool);
    bw_solve_rows(moments->square, takeover->left, moments->cross, takeover->channels, pool);
    for (size_t channel = 0; channel < n; channel++) {
        double *shares = takeover->shares + channel * left, offset = moments->means[channel];
        bw_add_scaled(shares, moments->cross + channel * left, 1.0, (int)left);
        for (size_t at = 0; at < left; at++)
            offset -= shares[at] * moments->left_means[at];
        takeover->offsets[channel] = offset;
    }
}

bw_status bw_takeover_copy(bw_takeover *out, const bw_takeover *takeover, bw_error *error)
{
    size_t channels = (size_t)takeover->channels, all = channels * (size_t)takeover->left;
    *out = *takeover;
    out->shares = malloc((all + 1) * sizeof *out->shares);
    out->offsets = malloc((channels + 1) * sizeof *out->offsets);
    if (!out->shares || !out->offsets) {
        bw_takeover_close(out);
        return bw_fail_memory(error, all * sizeof *out->shares, "pruning");
    }
    memcpy(out->shares, takeover->shares, all * sizeof *out->shares);
    memcpy(out->offsets, takeover->offsets, channels * sizeof *out->offsets);
    return BW_OK;
}

void bw_takeover_close(bw_takeover *takeover)
{
    free(takeover->shares);
    free(takeover->offsets);
    *takeover = (bw_takeover){0};
}

/* ---- Folding -------------------------------------------------------------------------------- */

/* Filters of one convolution, those that are left shared out. */
typedef struct folding {
    const bw_takeover *takeover;
    const bw_node *whole;
    const int *filters; /* of `whole`, of each that is left */
    float *weights, *bias;
    int window;
} folding;

static void fold_filter(const folding *f, int index)
{
    const bw_takeover *t = f->takeover;
    size_t left = (size_t)t->left, window = (size_t)f->window;
    const float *from =
        f->whole->weights.data + (size_t)f->filters[index] * (size_t)t->channels * window;
    float *to = f->weights + (size_t)index * left * window;
    double offset = f->whole->bias.data ? (double)f->whole->bias.data[f->filters[index]] : 0.0;
    for (size_t at = 0; at < left * window; at++)
        to[at] = 0.0f;
    for (size_t channel = 0; channel < (size_t)t->channels; channel++) {
        const double *shares = t->shares + channel * left;
        for (size_t at = 0; at < window; at++)
            offset += (double)from[channel * window + at] * t->offsets[channel];
        for (size_t other = 0; other < left; other++) {
            float share = (float)shares[other];
            for (size_t at = 0; share != 0.0f && at < window; at++)
                to[other * window + at] += share * from[channel * window + at];
        }
    }
    f->bias[index] = (float)offset;
}

static void fold_some(void *context, int first, int last, int worker)
{
    (void)worker;
    for (int index = first; index < last; index++)
        fold_filter(context, index);
}

/* Room for numbers of the pruned graph's own. */
static bw_status fold_conv(const bw_takeover *t, bw_graph *pruned, bw_node *conv,
                           const bw_node *whole, const bw_channel_classes *classes,
                           const bool *kept, bw_pool *pool, bw_error *error)
{
    int *filters = calloc((size_t)whole->attributes.channels, sizeof *filters), count = 0;
    if (!conv->bias.data)
        conv->bias = (bw_constant){
            bw_arena_array(&pruned->arena, (size_t)conv->attributes.channels, sizeof(float)),
            (size_t)conv->attributes.channels};
    if (!filters || !conv->bias.data) {
        free(filters);
        return bw_fail_memory(error, conv->bias.count * sizeof(float), "pruned weights");
    }
    for (int channel = 0; channel < whole->attributes.channels; channel++) {
        if (kept[bw_class_of(classes, whole->output, channel)])
            filters[count++] = channel;
    }
    folding f = {t,
                 whole,
                 filters,
                 (float *)(uintptr_t)conv->weights.data,
                 (float *)(uintptr_t)conv->bias.data,
                 whole->attributes.kernel_height * whole->attributes.kernel_width};
    bw_pool_run(pool, fold_some, &f, count, 1);
    free(filters);
    return BW_OK;
}

bw_status bw_takeover_fold(const bw_takeover *takeover, bw_graph *pruned, const bw_graph *whole,
                           const bw_channel_classes *classes, const bool *kept, bw_pool *pool,
                           bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < whole->node_count; index++) {
        const bw_node *node = &whole->nodes[index];
        if (node->op == BW_OP_CONV && node->attributes.groups == 1 &&
            node->inputs[0] == takeover->tensor)
            status = fold_conv(takeover, pruned, &pruned->nodes[index], node, classes, kept, pool,
                               error);
    }
    return status;
}
