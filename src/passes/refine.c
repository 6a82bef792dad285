#include "passes/refine.h"

#include <stdlib.h>

bool bw_refinement_open(bw_refinement *r, const bw_covariance *windows, const float *factors)
{
    *r = (bw_refinement){.windows = windows, .factors = factors};
    if (!windows || windows->count == 0)
        return true;
    size_t size = (size_t)windows->block * (size_t)windows->window;
    r->matrix = malloc(size * size * sizeof *r->matrix);
    r->root = malloc(size * size * sizeof *r->root);
    r->slopes = malloc(size * sizeof *r->slopes);
    return r->matrix && r->root && r->slopes;
}

void bw_refinement_close(bw_refinement *r)
{
    free(r->matrix);
    free(r->root);
    free(r->slopes);
}

/* One block of the inputs. */
typedef struct block {
    size_t first, size; /* within a filter */
    int group;
} block;

static block open_block(const bw_refinement *r, int index)
{
    int channels, first = bw_covariance_first(r->windows, index, &channels);
    int group = first / r->windows->group;
    size_t window = (size_t)r->windows->window;
    bw_covariance_matrix(r->windows, index, r->factors, r->matrix);
    return (block){(size_t)(first - group * r->windows->group) * window, (size_t)channels * window,
                   group};
}

static void refine_block(const bw_refinement *r, const bw_node *node, int8_t *integers,
                         const bw_grid *grid, const block *b)
{
    int filters = node->attributes.channels / node->attributes.groups;
    size_t count = node->weights.count / (size_t)node->attributes.channels;
    bool feedback = grid->feedback && bw_find_root(r->root, r->matrix, b->size);
    for (int filter = b->group * filters; filter < (b->group + 1) * filters; filter++) {
        bw_filter one = {.weights = node->weights.data + (size_t)filter * count,
                         .integers = integers + (size_t)filter * count,
                         .count = count,
                         .scale = grid->scales[filter],
                         .largest = grid->largest,
                         .codebook = grid->codebook,
                         .lengths = grid->lengths,
                         .price = grid->prices ? grid->prices[filter] : 0.0f};
        if (feedback)
            bw_round_in_order(&one, b->first, b->size, r->root, r->slopes);
        bw_round_block(&one, b->first, b->size, r->matrix, r->slopes);
    }
}

void bw_refine(const bw_refinement *r, const bw_node *conv, int8_t *integers, const bw_grid *grid)
{
    for (int index = 0; r->matrix && index < r->windows->blocks; index++) {
        block b = open_block(r, index);
        refine_block(r, conv, integers, grid, &b);
    }
}

double bw_refinement_spread(const bw_refinement *r)
{
    double sum = 0.0, count = 0.0;
    for (int index = 0; r->matrix && index < r->windows->blocks; index++) {
        block b = open_block(r, index);
        if (!bw_find_root(r->root, r->matrix, b.size))
            continue;
        for (size_t at = 0; at < b.size; at++)
            sum += r->root[at * b.size + at] * r->root[at * b.size + at];
        count += (double)b.size;
    }
    return count > 0.0 ? sum / count : 1.0;
}
