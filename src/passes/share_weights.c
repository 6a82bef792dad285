#include "passes/share_weights.h"

#include <math.h>
#include <stdlib.h>

#include "passes/gains.h"

static float limited(float steps, int largest)
{
    return fminf(fmaxf(roundf(steps), (float)-largest), (float)largest);
}

/* ---- A given codebook ----------------------------------------------------------------------- */

/* A weight's importance: the variance of the number that it multiplies, as far as that is known. */
static void find_importance(float *importance, size_t count, const bw_refinement *r)
{
    for (size_t index = 0; index < count; index++)
        importance[index] = 1.0f;
    for (int block = 0; r->matrix && block < r->windows->blocks; block++) {
        int channels, first = bw_covariance_first(r->windows, block, &channels);
        size_t size = (size_t)channels * (size_t)r->windows->window;
        size_t start = (size_t)first * (size_t)r->windows->window;
        bw_covariance_matrix(r->windows, block, r->factors, r->matrix);
        for (size_t at = 0; at < size; at++)
            importance[start + at] = r->matrix[at * size + at];
    }
}

/* Integers from a codebook, each the nearest, and scales that fit it; then refined. */
static bw_status share_levels(bw_node *node, int8_t *integers, float *scales,
                              const bw_refinement *r, const bw_quantization *how, bw_error *error)
{
    size_t channels = (size_t)node->attributes.channels, count = node->weights.count / channels;
    float *importance = malloc(count * sizeof *importance);
    if (!importance)
        return bw_fail_memory(error, count * sizeof *importance, "shared weights");
    bw_codebook codebook;
    find_importance(importance, count, r);
    bw_shared_filters filters = {node->weights.data, importance, channels, count,
                                 how->largest_dense, scales};
    bw_share_filters(&codebook, &filters, how->share_bits);
    for (size_t index = 0; index < node->weights.count; index++) {
        float steps = node->weights.data[index] / scales[index / count];
        integers[index] = bw_codebook_nearest(&codebook, (int)limited(steps, how->largest_dense));
    }
    node->shared_bits = how->share_bits;
    bw_refine(r, node, integers,
              &(bw_grid){.scales = scales,
                         .largest = (float)how->largest_dense,
                         .codebook = &codebook,
                         .feedback = true});
    free(importance);
    return BW_OK;
}

/* ---- Steps for a price ---------------------------------------------------------------------- */

/* A bit's worth, as a share of the variance that a step makes: of the errors' power at the best
 * steps, the derivative by the bits. */
static const double bit_worth = 0.11552453009332421; /* ln 2 / 6 */

/* Bits of the rarest integers. */
static const double longest = 12.0;

static double pixels_of(const bw_graph *graph, int tensor)
{
    bw_shape shape = graph->tensors[tensor].shape;
    return (double)shape.height * (double)shape.width;
}

static double head_power(const bw_graph *graph, const bw_statistics *statistics)
{
    double sum = 0.0;
    for (size_t index = 0; index < graph->output_count; index++) {
        int tensor = graph->outputs[index].tensor;
        const float *deviations = statistics[tensor].deviations;
        for (int channel = 0; channel < graph->tensors[tensor].shape.channels; channel++)
            sum += (double)deviations[channel] * (double)deviations[channel] *
                   pixels_of(graph, tensor);
    }
    return sum;
}

bw_status bw_find_price(bw_price *price, bw_graph *graph, const bw_quantization *how,
                        bw_error *error)
{
    double weights = 0.0;
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_CONV && node->attributes.groups == 1)
            weights += (double)node->weights.count;
    }
    price->graph = graph;
    price->noise = (double)how->share_noise * head_power(graph, how->statistics) / weights;
    return bw_noise_gains(&price->gains, graph, how->statistics, error);
}

static float magnitude(const float *weights, size_t count)
{
    float largest = 0.0f;
    for (size_t index = 0; index < count; index++)
        largest = fmaxf(largest, fabsf(weights[index]));
    return largest;
}

/* The step whose errors, spread evenly over its width, have the variance that is allowed. */
static float choose_step(double variance, float magnitude, int largest)
{
    float least = magnitude / (float)largest, step = (float)sqrt(12.0 * variance);
    if (!isfinite(step) || step < least)
        step = least;
    return step > 0x1p-100f && isfinite(step) ? step : 1.0f;
}

/* Scales for all filters, and the integers that are nearest then. */
static void choose_steps(const bw_node *node, int8_t *integers, float *scales, double spread,
                         const bw_quantization *how, const bw_price *price)
{
    size_t channels = (size_t)node->attributes.channels, count = node->weights.count / channels;
    double pixels = pixels_of(price->graph, node->output);
    for (size_t channel = 0; channel < channels; channel++) {
        const float *weights = node->weights.data + channel * count;
        double gain = (double)bw_gain_before(node, how->statistics, price->gains, channel);
        scales[channel] = choose_step(price->noise / (gain * pixels * spread),
                                      magnitude(weights, count), how->largest_dense);
        for (size_t at = 0; at < count; at++)
            integers[channel * count + at] =
                (int8_t)limited(weights[at] / scales[channel], how->largest_dense);
    }
}

/* Bits of each integer when they are coded by how often they occur; returns the different ones. */
static int find_lengths(float lengths[BW_INTEGERS], const int8_t *integers, size_t count)
{
    static const double unseen = 0.01;
    double counts[BW_INTEGERS] = {0};
    int different = 0;
    for (size_t index = 0; index < count; index++)
        counts[BW_INTEGER_ORIGIN + integers[index]]++;
    for (int index = 0; index < BW_INTEGERS; index++) {
        different += counts[index] > 0.0;
        lengths[index] = (float)fmin(-log2(fmax(counts[index], unseen) / (double)count), longest);
    }
    return different;
}

static int bits_for(int levels)
{
    int bits = BW_LEAST_SHARED_BITS;
    while (levels > 1 << bits)
        bits++;
    return bits;
}

static bw_status share_steps(bw_node *node, int8_t *integers, float *scales, const bw_refinement *r,
                             const bw_quantization *how, const bw_price *price, bw_error *error)
{
    enum { ROUNDS = 2 };
    size_t channels = (size_t)node->attributes.channels;
    float lengths[BW_INTEGERS], *prices = malloc(channels * sizeof *prices);
    if (!prices)
        return bw_fail_memory(error, channels * sizeof *prices, "shared weights");
    double spread = bw_refinement_spread(r);
    choose_steps(node, integers, scales, spread, how, price);
    for (size_t channel = 0; channel < channels; channel++)
        prices[channel] =
            (float)(bit_worth * spread * (double)scales[channel] * (double)scales[channel]);
    for (int round = 0; round < ROUNDS; round++) {
        find_lengths(lengths, integers, node->weights.count);
        bw_refine(r, node, integers,
                  &(bw_grid){.scales = scales,
                             .largest = (float)how->largest_dense,
                             .lengths = lengths,
                             .prices = prices,
                             .feedback = round == 0});
    }
    node->shared_bits = bits_for(find_lengths(lengths, integers, node->weights.count));
    free(prices);
    return BW_OK;
}

bw_status bw_share_weights(bw_node *node, int8_t *integers, float *scales, const bw_refinement *r,
                           const bw_quantization *how, const bw_price *price, bw_error *error)
{
    return how->share_bits == BW_SHARE_AUTO
               ? share_steps(node, integers, scales, r, how, price, error)
               : share_levels(node, integers, scales, r, how, error);
}
