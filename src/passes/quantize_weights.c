/**
 * Weights as signed bytes. Each output channel has the scale that gives the least squared error,
 * and its bias takes back what rounding adds on average (bias correction, Nagel et al. 2019,
 * "Data-Free Quantization Through Weight Equalization and Bias Correction").
 */
#include <math.h>
#include <stdlib.h>

#include "passes/refine.h"
#include "passes/share_weights.h"

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

static void round_filter(const channel *c, float scale)
{
    for (size_t at = 0; at < c->count; at++)
        c->integers[at] = (int8_t)rounded(c->weights[at] / scale, c->largest);
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

/* ---- A convolution -------------------------------------------------------------------------- */

static void round_to_nearest(const bw_node *node, int8_t *integers, float *scales, float largest)
{
    size_t channels = (size_t)node->attributes.channels, count = node->weights.count / channels;
    for (size_t index = 0; index < channels; index++) {
        channel c = {node->weights.data + index * count, integers + index * count, count, largest};
        scales[index] = choose_scale(&c);
        round_filter(&c, scales[index]);
    }
}

static bool is_output(const bw_graph *graph, int tensor)
{
    for (size_t index = 0; index < graph->output_count; index++)
        if (graph->outputs[index].tensor == tensor)
            return true;
    return false;
}

static int largest_integer(const bw_graph *graph, const bw_node *node, const bw_quantization *how)
{
    const bw_attributes *a = &node->attributes;
    if (a->groups != 1)
        return LARGEST_INTEGER;
    bool winograd = a->kernel_height == 3 && a->kernel_width == 3 && a->stride == 1;
    return winograd || is_output(graph, node->output) ? how->largest_whole : how->largest_dense;
}

static bw_status choose_integers(const bw_graph *graph, bw_node *node, int8_t *integers,
                                 float *scales, const bw_quantization *how, const bw_price *price,
                                 bw_error *error)
{
    bw_refinement r;
    bool dense = node->attributes.groups == 1;
    float largest = (float)largest_integer(graph, node, how);
    bw_status status = BW_OK;
    if (!bw_refinement_open(&r, how->statistics[node->output].windows,
                            how->factors[node->inputs[0]]))
        status = bw_fail_memory(error, node->weights.count, "integer weights");
    else if (dense && how->share_bits)
        status = bw_share_weights(node, integers, scales, &r, how, price, error);
    else {
        round_to_nearest(node, integers, scales, largest);
        bw_refine(&r, node, integers, &(bw_grid){.scales = scales, .largest = largest});
    }
    bw_refinement_close(&r);
    return status;
}

static bw_status quantize_node(bw_graph *graph, bw_node *node, const bw_quantization *how,
                               const bw_price *price, bw_error *error)
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
    bw_status status = choose_integers(graph, node, integers, scales, how, price, error);
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
    bw_price price = {0};
    bw_status status =
        how->share_bits == BW_SHARE_AUTO ? bw_find_price(&price, graph, how, error) : BW_OK;
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_CONV && graph->tensors[node->inputs[0]].format.type == BW_U8)
            status = quantize_node(graph, node, how, &price, error);
    }
    return status;
}

/* ---- A file's own integers ------------------------------------------------------------------ */

/* How far a weight may be from a whole number of the file's steps: floats are rounded. */
static const float most_off = 1e-3f;

static bool is_whole(const channel *c, float step)
{
    bool whole = isnormal(step) && step > 0.0f;
    for (size_t index = 0; whole && index < c->count; index++) {
        float steps = c->weights[index] / step;
        whole = fabsf(steps) <= c->largest + most_off && fabsf(steps - roundf(steps)) <= most_off;
    }
    return whole;
}

static bw_status keep_node(bw_graph *graph, bw_node *node, const bw_quantization *how,
                           bw_error *error)
{
    size_t channels = (size_t)node->attributes.channels, count = node->weights.count / channels;
    int8_t *integers = bw_arena_array(&graph->arena, node->weights.count, sizeof *integers);
    float *scales = bw_arena_array(&graph->arena, channels, sizeof *scales);
    if (!integers || !scales)
        return bw_fail_memory(error, node->weights.count, "integer weights");
    float largest = (float)largest_integer(graph, node, how);
    for (size_t index = 0; index < channels; index++) {
        channel c = {node->weights.data + index * count, integers + index * count, count, largest};
        bool whole = node->steps && is_whole(&c, node->steps[index]);
        scales[index] = whole ? node->steps[index] : choose_scale(&c);
        round_filter(&c, scales[index]);
    }
    node->integers = integers;
    node->scales = scales;
    return BW_OK;
}

bw_status bw_keep_weights(bw_graph *graph, const bw_quantization *how, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_CONV && graph->tensors[node->inputs[0]].format.type == BW_U8)
            status = keep_node(graph, node, how, error);
    }
    return status;
}
