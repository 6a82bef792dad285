/**
 * Weights as signed bytes. Each output channel has the scale that gives the least squared error,
 * and its bias takes back what rounding adds on average (bias correction, Nagel et al. 2019,
 * "Data-Free Quantization Through Weight Equalization and Bias Correction").
 */
#include <math.h>
#include <stdlib.h>

#include "passes/quantize.h"

enum { SHRINKS = 24, LARGEST_INTEGER = 127 };

/* The largest magnitude may be cut off down to this share of it. */
static const float least_share = 0.5f;

/* One output channel of a convolution. */
typedef struct channel {
    const float *weights;
    int8_t *integers;
    size_t count;
    float largest; /* integer */
} channel;

/* To the nearest whole number within ±largest; adding and taking away 1.5 × 2^23 rounds. */
static inline float rounded(float steps, float largest)
{
    const float rounder = 0x1.8p23f;
    steps = steps < largest ? steps : largest;
    steps = steps > -largest ? steps : -largest;
    return (steps + rounder) - rounder;
}

static double squared_error(const channel *c, float scale)
{
    float inverse = 1.0f / scale, largest = c->largest;
    double sum = 0.0;
    for (size_t index = 0; index < c->count; index++) {
        float error = c->weights[index] - rounded(c->weights[index] * inverse, largest) * scale;
        sum += (double)error * (double)error;
    }
    return sum;
}

static float choose_scale(const channel *c)
{
    float magnitude = 0.0f;
    for (size_t index = 0; index < c->count; index++)
        magnitude = fmaxf(magnitude, fabsf(c->weights[index]));
    if (!(magnitude > c->largest * 0x1p-120f))
        return 1.0f; /* all but zero, or not a number */
    float best = magnitude / c->largest;
    double least = squared_error(c, best);
    for (int shrink = 1; shrink <= SHRINKS; shrink++) {
        float share = 1.0f - (1.0f - least_share) * (float)shrink / SHRINKS;
        double error = squared_error(c, magnitude / c->largest * share);
        if (error < least) {
            least = error;
            best = magnitude / c->largest * share;
        }
    }
    return best;
}

/* Of the input channels that a filter reads. */
typedef struct channel_means {
    const float *means, *factors; /* as observed, and what they were multiplied by since */
} channel_means;

/* What the rounded weights add to the sum on average, given the means of the input's channels. */
static double mean_error(const channel *c, float scale, const channel_means *means, size_t window)
{
    double sum = 0.0;
    for (size_t index = 0; index < c->count; index++) {
        double error = (double)((float)c->integers[index] * scale) - (double)c->weights[index];
        size_t input = index / window;
        sum += error * (double)means->means[input] * (double)means->factors[input];
    }
    return sum;
}

/* What a convolution's filters are refined by; `matrix` is NULL where nothing is known. */
typedef struct refinement {
    const bw_covariance *windows;
    const float *factors;
    float *matrix, *slopes;
} refinement;

static bool open_refinement(refinement *r, const bw_covariance *windows, const float *factors)
{
    *r = (refinement){windows, factors, NULL, NULL};
    if (!windows || windows->count == 0)
        return true;
    size_t size = (size_t)windows->block * (size_t)windows->window;
    r->matrix = malloc(size * size * sizeof *r->matrix);
    r->slopes = malloc(size * sizeof *r->slopes);
    return r->matrix && r->slopes;
}

/* The integers' codebook is NULL where they may be any. */
static void refine(const refinement *r, const bw_node *node, int8_t *integers, const float *scales,
                   const bw_quantization *how, const bw_codebook *codebook)
{
    const bw_attributes *a = &node->attributes;
    if (!r->matrix)
        return;
    int filters = a->channels / a->groups;
    size_t count = node->weights.count / (size_t)a->channels;
    for (int block = 0; block < r->windows->blocks; block++) {
        int channels, first = bw_covariance_first(r->windows, block, &channels);
        int group = first / r->windows->group;
        size_t start = (size_t)(first - group * r->windows->group) * (size_t)r->windows->window;
        bw_covariance_matrix(r->windows, block, r->factors, r->matrix);
        for (int filter = group * filters; filter < (group + 1) * filters; filter++) {
            bw_filter one = {node->weights.data + (size_t)filter * count,
                             integers + (size_t)filter * count,
                             count,
                             scales[filter],
                             (float)(a->groups == 1 ? how->largest_dense : LARGEST_INTEGER),
                             codebook};
            bw_round_block(&one, start, (size_t)(channels * r->windows->window), r->matrix,
                           r->slopes);
        }
    }
}

/* ---- Weight sharing ------------------------------------------------------------------------- */

/* A weight's importance: the variance of the number that it multiplies, as far as that is known. */
static void find_importance(float *importance, size_t count, const refinement *r)
{
    for (size_t index = 0; index < count; index++)
        importance[index] = 1.0f;
    for (int block = 0; r->matrix && block < r->windows->blocks; block++) {
        int channels, first = bw_covariance_first(r->windows, block, &channels);
        size_t size = (size_t)(channels * r->windows->window);
        size_t start = (size_t)first * (size_t)r->windows->window;
        bw_covariance_matrix(r->windows, block, r->factors, r->matrix);
        for (size_t at = 0; at < size; at++)
            importance[start + at] = r->matrix[at * size + at];
    }
}

static size_t count_dense_weights(const bw_graph *graph)
{
    size_t sum = 0;
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_CONV && node->attributes.groups == 1)
            sum += node->weights.count;
    }
    return sum;
}

/* Fits a codebook of the bits that are asked for, or of those that are worth most. */
static int fit_best(bw_codebook *best, const bw_shared_filters *f, const bw_graph *graph,
                    const bw_quantization *how)
{
    if (how->share_bits != BW_SHARE_AUTO) {
        bw_share_filters(best, f, how->share_bits);
        return how->share_bits;
    }
    double part = (double)(f->channels * f->count) / (double)count_dense_weights(graph);
    double least = (double)INFINITY;
    int chosen = BW_LEAST_SHARED_BITS;
    for (int bits = BW_LEAST_SHARED_BITS; bits <= BW_MOST_SHARED_BITS; bits++) {
        bw_codebook codebook;
        double cost = bw_share_filters(&codebook, f, bits) + (double)how->share_price * part * bits;
        if (cost >= least)
            continue;
        least = cost;
        chosen = bits;
    }
    bw_share_filters(best, f, chosen);
    return chosen;
}

/* Integers from a codebook, each the nearest, and scales that fit it. */
static bw_status share(bw_codebook *codebook, bw_graph *graph, bw_node *node, int8_t *integers,
                       float *scales, const refinement *r, const bw_quantization *how,
                       bw_error *error)
{
    size_t channels = (size_t)node->attributes.channels, count = node->weights.count / channels;
    float *importance = malloc(count * sizeof *importance);
    if (!importance)
        return bw_fail_memory(error, count * sizeof *importance, "shared weights");
    find_importance(importance, count, r);
    bw_shared_filters filters = {node->weights.data, importance, channels, count,
                                 how->largest_dense, scales};
    node->shared_bits = fit_best(codebook, &filters, graph, how);
    for (size_t index = 0; index < node->weights.count; index++) {
        float steps =
            rounded(node->weights.data[index] / scales[index / count], (float)how->largest_dense);
        integers[index] = bw_codebook_nearest(codebook, (int)steps);
    }
    free(importance);
    return BW_OK;
}

/* ---- A convolution -------------------------------------------------------------------------- */

static void round_to_nearest(const bw_node *node, int8_t *integers, float *scales, float largest)
{
    size_t channels = (size_t)node->attributes.channels, count = node->weights.count / channels;
    for (size_t index = 0; index < channels; index++) {
        channel c = {node->weights.data + index * count, integers + index * count, count, largest};
        scales[index] = choose_scale(&c);
        for (size_t at = 0; at < c.count; at++)
            c.integers[at] = (int8_t)rounded(c.weights[at] / scales[index], c.largest);
    }
}

static bw_status choose_integers(bw_graph *graph, bw_node *node, int8_t *integers, float *scales,
                                 const bw_quantization *how, bw_error *error)
{
    refinement r;
    bw_codebook codebook;
    bw_status status = BW_OK;
    bool dense = node->attributes.groups == 1, shared = dense && how->share_bits;
    if (!open_refinement(&r, how->statistics[node->output].windows, how->factors[node->inputs[0]]))
        status = bw_fail_memory(error, node->weights.count, "integer weights");
    else if (shared)
        status = share(&codebook, graph, node, integers, scales, &r, how, error);
    else
        round_to_nearest(node, integers, scales,
                         (float)(dense ? how->largest_dense : LARGEST_INTEGER));
    if (status == BW_OK)
        refine(&r, node, integers, scales, how, shared ? &codebook : NULL);
    free(r.matrix);
    free(r.slopes);
    return status;
}

static bw_status quantize_node(bw_graph *graph, bw_node *node, const bw_quantization *how,
                               bw_error *error)
{
    const bw_attributes *a = &node->attributes;
    size_t channels = (size_t)a->channels, count = node->weights.count / channels;
    int8_t *integers = bw_arena_array(&graph->arena, node->weights.count, sizeof *integers);
    float *scales = bw_arena_array(&graph->arena, channels, sizeof *scales);
    float *bias = bw_arena_array(&graph->arena, channels, sizeof *bias);
    if (!integers || !scales || !bias)
        return bw_fail_memory(error, node->weights.count, "integer weights");
    int inputs = graph->tensors[node->inputs[0]].shape.channels / a->groups;
    int tensor = node->inputs[0];
    bw_status status = choose_integers(graph, node, integers, scales, how, error);
    if (status != BW_OK)
        return status;
    for (size_t index = 0; index < channels; index++) {
        channel c = {node->weights.data + index * count, integers + index * count, count, 0.0f};
        int group = (int)index / (a->channels / a->groups);
        channel_means means = {how->statistics[tensor].means + group * inputs,
                               how->factors[tensor] + group * inputs};
        bias[index] = node->bias.data ? node->bias.data[index] : 0.0f;
        bias[index] -= (float)mean_error(&c, scales[index], &means,
                                         (size_t)a->kernel_height * (size_t)a->kernel_width);
    }
    node->integers = integers;
    node->scales = scales;
    node->bias = (bw_constant){bias, channels};
    return BW_OK;
}

bw_status bw_quantize_weights(bw_graph *graph, const bw_quantization *how, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_CONV && graph->tensors[node->inputs[0]].format.type == BW_U8)
            status = quantize_node(graph, node, how, error);
    }
    return status;
}
