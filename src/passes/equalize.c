/**
 * Cross-layer equalisation (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization
 * and Bias Correction"). A tensor has one scale for all its channels, so that one with small
 * numbers gets few of the 256 steps. Where convolutions with proportional activations write a
 * channel and only convolutions read it, it may be multiplied by any f > 0 in the filters that
 * write it and divided by f in those that read it: the network computes the same.
 *
 * Shortcuts, pooling, upsampling, concatenation and slices pass channels on: all channels that hang
 * together like this, a set, have one factor; one that reaches the picture, a head or an operation
 * that is not proportional has the factor 1. Tensors that share channels form a family, whose
 * channels are brought towards one range.
 *
 * Depthwise filters have a scale a channel, so that channels only they read can be given the same
 * range at no loss. Other filters mix the input's channels under one scale: there a part of the
 * range is left to the weights.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "passes/quantize.h"

/* Channels that hardly ever differ from zero are not blown up beyond this. */
static const float largest_factor = 64.0f;

/* A channel is known by a number: that of its tensor's first one plus its place there. */
typedef struct channel_sets {
    size_t count;
    size_t *first;  /* of each tensor */
    size_t *parent; /* of each channel: another of its set, or itself at the root */
    int *family;    /* of each tensor, likewise */
    bool *fixed;    /* the rest is of roots: the factor is 1 */
    float *range;   /* largest magnitude that was observed */
    float *share;   /* largest weight that reads it, relative to its filter's largest */
    float *factor;
} channel_sets;

static size_t find_set(const channel_sets *sets, size_t channel)
{
    while (sets->parent[channel] != channel)
        channel = sets->parent[channel];
    return channel;
}

static int find_family(const channel_sets *sets, int tensor)
{
    while (sets->family[tensor] != tensor)
        tensor = sets->family[tensor];
    return tensor;
}

static size_t channels_of(const bw_graph *graph, int tensor)
{
    return (size_t)graph->tensors[tensor].shape.channels;
}

/* ---- Sets ----------------------------------------------------------------------------------- */

/* Unites `count` channels of a from `a_first` on with those of b from `b_first` on. */
static void unite(channel_sets *sets, int a, size_t a_first, int b, size_t b_first, size_t count)
{
    for (size_t channel = 0; channel < count; channel++) {
        size_t x = find_set(sets, sets->first[a] + a_first + channel);
        size_t y = find_set(sets, sets->first[b] + b_first + channel);
        size_t root = x < y ? x : y;
        sets->parent[x] = sets->parent[y] = root;
        sets->fixed[root] = sets->fixed[x] || sets->fixed[y];
    }
    int x = find_family(sets, a), y = find_family(sets, b);
    sets->family[x > y ? x : y] = x > y ? y : x;
}

static void fix(channel_sets *sets, const bw_graph *graph, int tensor)
{
    for (size_t channel = 0; channel < channels_of(graph, tensor); channel++)
        sets->fixed[find_set(sets, sets->first[tensor] + channel)] = true;
}

static void fix_all(channel_sets *sets, const bw_graph *graph, const bw_node *node)
{
    fix(sets, graph, node->output);
    for (int input = 0; input < node->input_count; input++)
        fix(sets, graph, node->inputs[input]);
}

static void unite_inputs(channel_sets *sets, const bw_graph *graph, const bw_node *node)
{
    size_t place = 0;
    for (int input = 0; input < node->input_count; input++) {
        size_t count = channels_of(graph, node->inputs[input]);
        unite(sets, node->output, place, node->inputs[input], 0, count);
        place += node->op == BW_OP_CONCAT ? count : 0;
    }
}

/* A conversion from or to what general operators compute with. */
static bool meets_dense(const bw_graph *graph, const bw_node *node)
{
    return graph->tensors[node->output].dense || graph->tensors[node->inputs[0]].dense;
}

static void form_sets(channel_sets *sets, const bw_graph *graph, const bw_node *node)
{
    size_t channels = channels_of(graph, node->output);
    bool proportional = bw_activation_is_proportional(node->attributes.activation);
    switch (node->op) {
    case BW_OP_CONV:
        if (node->residual != BW_NONE)
            unite(sets, node->output, 0, node->residual, 0, channels);
        if (!proportional)
            fix(sets, graph, node->output);
        return;
    case BW_OP_SLICE:
        unite(sets, node->output, 0, node->inputs[0], (size_t)node->attributes.first_channel,
              channels);
        return;
    case BW_OP_ADD:
    case BW_OP_ACTIVATION:
        if (!proportional)
            fix_all(sets, graph, node);
        unite_inputs(sets, graph, node);
        return;
    case BW_OP_MAX_POOL:
    case BW_OP_AVERAGE_POOL:
    case BW_OP_CONCAT:
    case BW_OP_UPSAMPLE: unite_inputs(sets, graph, node); return;
    case BW_OP_CONVERT:
        if (meets_dense(graph, node))
            fix_all(sets, graph, node);
        else
            unite_inputs(sets, graph, node);
        return;
    case BW_OP_INPUT:
    case BW_OP_BATCH_NORM:
    case BW_OP_REORG:
    case BW_OP_MULTIPLY:
    case BW_OP_PLAIN:
    case BW_OP_COUNT: fix_all(sets, graph, node); return;
    }
}

/* ---- Ranges and weights --------------------------------------------------------------------- */

static void measure_ranges(channel_sets *sets, const bw_graph *graph,
                           const bw_statistics *statistics)
{
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        const bw_histogram *channels = statistics[tensor].channels;
        for (size_t channel = 0; channel < channels_of(graph, (int)tensor); channel++) {
            float *range = &sets->range[find_set(sets, sets->first[tensor] + channel)];
            *range = fmaxf(*range, fmaxf(channels[channel].high, -channels[channel].low));
        }
    }
}

static bool reads_depthwise(const bw_graph *graph, const bw_node *node)
{
    int channels = graph->tensors[node->inputs[0]].shape.channels;
    return node->attributes.groups == channels && node->attributes.channels == channels;
}

static size_t inputs_of_group(const bw_graph *graph, const bw_node *conv)
{
    return channels_of(graph, conv->inputs[0]) / (size_t)conv->attributes.groups;
}

static size_t window_of(const bw_node *conv)
{
    return (size_t)conv->attributes.kernel_height * (size_t)conv->attributes.kernel_width;
}

/* The input channel of the weights from `weight` on, a whole window of one filter. */
static size_t channel_of(const bw_graph *graph, const bw_node *conv, size_t weight)
{
    size_t inputs = inputs_of_group(graph, conv), window = window_of(conv);
    assert(window > 0);
    size_t filter = weight / (inputs * window);
    size_t filters = (size_t)(conv->attributes.channels / conv->attributes.groups);
    return filter / filters * inputs + weight / window % inputs;
}

static float largest_of(const float *numbers, size_t count)
{
    float largest = 0.0f;
    for (size_t index = 0; index < count; index++)
        largest = fmaxf(largest, fabsf(numbers[index]));
    return largest;
}

static void measure_reader(channel_sets *sets, const bw_graph *graph, const bw_node *conv)
{
    size_t window = window_of(conv), row = inputs_of_group(graph, conv) * window;
    size_t first = sets->first[conv->inputs[0]];
    for (size_t start = 0; start < conv->weights.count; start += row) {
        float largest = largest_of(conv->weights.data + start, row);
        for (size_t at = start; largest > 0.0f && at < start + row; at += window) {
            float *share = &sets->share[find_set(sets, first + channel_of(graph, conv, at))];
            *share = fmaxf(*share, largest_of(conv->weights.data + at, window) / largest);
        }
    }
}

/* ---- Factors -------------------------------------------------------------------------------- */

/* `own`: the range relative to the family's; no share: no reader but depthwise ones. */
static float choose_factor(float own, float share)
{
    float factor = share > 0.0f ? sqrtf(share / own) : 1.0f / own;
    return fminf(fmaxf(factor, 1.0f / largest_factor), largest_factor);
}

/* The largest number of each family, scaled or not. */
static void measure_families(const channel_sets *sets, const bw_graph *graph, bool scaled,
                             float *largest)
{
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++)
        largest[tensor] = 0.0f;
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        float *of = &largest[find_family(sets, (int)tensor)];
        for (size_t channel = 0; channel < channels_of(graph, (int)tensor); channel++) {
            size_t set = find_set(sets, sets->first[tensor] + channel);
            *of = fmaxf(*of, sets->range[set] * (scaled ? sets->factor[set] : 1.0f));
        }
    }
}

/* The largest number of a family stays what it was. */
static void choose_factors(channel_sets *sets, const bw_graph *graph, float *before, float *after)
{
    measure_families(sets, graph, false, before);
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        float range = before[find_family(sets, (int)tensor)];
        for (size_t channel = 0; channel < channels_of(graph, (int)tensor); channel++) {
            size_t set = sets->first[tensor] + channel;
            bool free_to_choose = sets->parent[set] == set && !sets->fixed[set];
            if (free_to_choose && sets->range[set] > 0.0f)
                sets->factor[set] = choose_factor(sets->range[set] / range, sets->share[set]);
        }
    }
    measure_families(sets, graph, true, after);
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        int family = find_family(sets, (int)tensor);
        for (size_t channel = 0; channel < channels_of(graph, (int)tensor); channel++) {
            size_t set = sets->first[tensor] + channel;
            if (sets->parent[set] == set && !sets->fixed[set] && after[family] > 0.0f)
                sets->factor[set] *= before[family] / after[family];
        }
    }
}

/* ---- Weights -------------------------------------------------------------------------------- */

static float *copy_numbers(bw_graph *graph, const bw_constant *numbers)
{
    float *copy = bw_arena_array(&graph->arena, numbers->count, sizeof *copy);
    for (size_t index = 0; copy && index < numbers->count; index++)
        copy[index] = numbers->data[index];
    return copy;
}

static bool scale_filters(bw_graph *graph, bw_node *conv, const float *in, const float *out)
{
    float *weights = copy_numbers(graph, &conv->weights);
    float *bias = conv->bias.data ? copy_numbers(graph, &conv->bias) : NULL;
    if (!weights || (conv->bias.data && !bias))
        return false;
    size_t channels = (size_t)conv->attributes.channels, filter = conv->weights.count / channels;
    size_t window = window_of(conv);
    for (size_t at = 0; at < conv->weights.count; at += window) {
        float factor = out[at / filter] / in[channel_of(graph, conv, at)];
        for (size_t index = at; index < at + window; index++)
            weights[index] *= factor;
    }
    for (size_t channel = 0; bias && channel < channels; channel++)
        bias[channel] *= out[channel];
    conv->weights.data = weights;
    conv->bias.data = bias;
    return true;
}

static bool scale_all(bw_graph *graph, const channel_sets *sets, float **factors)
{
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        for (size_t channel = 0; channel < channels_of(graph, (int)tensor); channel++)
            factors[tensor][channel] = sets->factor[find_set(sets, sets->first[tensor] + channel)];
    }
    bool good = true;
    for (size_t index = 0; good && index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_CONV)
            good = scale_filters(graph, node, factors[node->inputs[0]], factors[node->output]);
    }
    return good;
}

/* ---- The pass ------------------------------------------------------------------------------- */

static bool open_sets(channel_sets *sets, const bw_graph *graph)
{
    size_t tensors = graph->tensor_count;
    sets->first = calloc(tensors + 1, sizeof *sets->first);
    sets->family = calloc(tensors + 1, sizeof *sets->family);
    for (size_t tensor = 0; sets->first && sets->family && tensor < tensors; tensor++) {
        sets->first[tensor] = sets->count;
        sets->family[tensor] = (int)tensor;
        sets->count += channels_of(graph, (int)tensor);
    }
    sets->parent = calloc(sets->count + 1, sizeof *sets->parent);
    sets->fixed = calloc(sets->count + 1, sizeof *sets->fixed);
    sets->range = calloc(sets->count + 1, sizeof *sets->range);
    sets->share = calloc(sets->count + 1, sizeof *sets->share);
    sets->factor = calloc(sets->count + 1, sizeof *sets->factor);
    if (!sets->first || !sets->family || !sets->parent || !sets->fixed || !sets->range ||
        !sets->share || !sets->factor)
        return false;
    for (size_t channel = 0; channel < sets->count; channel++) {
        sets->parent[channel] = channel;
        sets->factor[channel] = 1.0f;
    }
    return true;
}

static void close_sets(channel_sets *sets)
{
    free(sets->first);
    free(sets->family);
    free(sets->parent);
    free(sets->fixed);
    free(sets->range);
    free(sets->share);
    free(sets->factor);
}

static bool equalize(bw_graph *graph, channel_sets *sets, const bw_quantization *how)
{
    float *largest = calloc(2 * graph->tensor_count + 1, sizeof *largest);
    if (!largest)
        return false;
    for (size_t index = 0; index < graph->node_count; index++)
        form_sets(sets, graph, &graph->nodes[index]);
    for (size_t index = 0; index < graph->output_count; index++)
        fix(sets, graph, graph->outputs[index].tensor);
    measure_ranges(sets, graph, how->statistics);
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_CONV && !reads_depthwise(graph, node))
            measure_reader(sets, graph, node);
    }
    choose_factors(sets, graph, largest, largest + graph->tensor_count);
    bool good = scale_all(graph, sets, how->factors);
    free(largest);
    return good;
}

bw_status bw_equalize_channels(bw_graph *graph, const bw_quantization *how, bw_error *error)
{
    channel_sets sets = {0};
    bool good = open_sets(&sets, graph) && equalize(graph, &sets, how);
    size_t count = sets.count;
    close_sets(&sets);
    return good ? BW_OK : bw_fail_memory(error, count * sizeof(float), "a pass");
}
