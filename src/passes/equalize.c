/**
 * Cross-layer equalisation (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization
 * and Bias Correction"). A tensor has one scale for all its channels, so that one with small
 * numbers gets few of the 256 steps. Where a convolution with a proportional activation writes it
 * and only convolutions read it, channel c may be multiplied by any f > 0 in the filter that writes
 * it and divided by f in those that read it: the network computes the same.
 *
 * Depthwise filters have a scale a channel, so that all channels can be given the same range at no
 * loss. Other filters mix the input's channels under one scale: there f is chosen so that the range
 * of a channel and that of its weights, each relative to the largest, become equal.
 */
#include <math.h>
#include <stdlib.h>

#include "passes/quantize.h"

/* Channels that hardly ever differ from zero are not blown up beyond this. */
static const float largest_factor = 64.0f;

static bool reads_depthwise(const bw_graph *graph, const bw_node *node)
{
    int channels = graph->tensors[node->inputs[0]].shape.channels;
    return node->attributes.groups == channels && node->attributes.channels == channels;
}

/* Whether nothing but convolutions read the tensor; `*depthwise`: whether all these are. */
static bool only_convolutions_read(const bw_graph *graph, int tensor, bool *depthwise)
{
    int readers = 0;
    *depthwise = true;
    for (size_t index = 0; index < graph->output_count; index++) {
        if (graph->outputs[index].tensor == tensor)
            return false;
    }
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (node->residual == tensor)
            return false;
        for (int input = 0; input < node->input_count; input++) {
            if (node->inputs[input] != tensor)
                continue;
            if (node->op != BW_OP_CONV)
                return false;
            *depthwise = *depthwise && reads_depthwise(graph, node);
            readers++;
        }
    }
    return readers > 0;
}

static size_t inputs_of_group(const bw_graph *graph, const bw_node *conv)
{
    int channels = graph->tensors[conv->inputs[0]].shape.channels;
    return (size_t)(channels / conv->attributes.groups);
}

static size_t window_of(const bw_node *conv)
{
    return (size_t)conv->attributes.kernel_height * (size_t)conv->attributes.kernel_width;
}

/* The input channel of the weights from `weight` on, a whole window of one filter. */
static size_t channel_of(const bw_graph *graph, const bw_node *conv, size_t weight)
{
    size_t inputs = inputs_of_group(graph, conv), window = window_of(conv);
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

/* For each channel of the tensor, its largest weight relative to the filter's largest. */
static void measure_readers(const bw_graph *graph, int tensor, float *shares)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (node->op != BW_OP_CONV || node->inputs[0] != tensor)
            continue;
        size_t window = window_of(node), row = inputs_of_group(graph, node) * window;
        for (size_t start = 0; start < node->weights.count; start += row) {
            float largest = largest_of(node->weights.data + start, row);
            for (size_t at = start; largest > 0.0f && at < start + row; at += window) {
                float *share = &shares[channel_of(graph, node, at)];
                *share = fmaxf(*share, largest_of(node->weights.data + at, window) / largest);
            }
        }
    }
}

/* Sets the factors of a tensor of `count` channels; shares: all 1 where the readers are depthwise.
 */
static void choose_factors(const bw_histogram *channels, const float *shares, size_t count,
                           bool depthwise, float *factors)
{
    float range = 0.0f, most = 0.0f;
    for (size_t c = 0; c < count; c++)
        range = fmaxf(range, fmaxf(channels[c].high, -channels[c].low));
    for (size_t c = 0; c < count && range > 0.0f; c++) {
        float own = fmaxf(channels[c].high, -channels[c].low) / range;
        bool counts = own > 0.0f && shares[c] > 0.0f;
        float factor = counts ? (depthwise ? 1.0f / own : sqrtf(shares[c] / own)) : 1.0f;
        factors[c] = fminf(fmaxf(factor, 1.0f / largest_factor), largest_factor);
        most = fmaxf(most, own * factors[c]);
    }
    for (size_t c = 0; c < count && most > 0.0f; c++)
        factors[c] /= most;
}

static float *copy_numbers(bw_graph *graph, const bw_constant *numbers)
{
    float *copy = bw_arena_array(&graph->arena, numbers->count, sizeof *copy);
    for (size_t index = 0; copy && index < numbers->count; index++)
        copy[index] = numbers->data[index];
    return copy;
}

static bool scale_writer(bw_graph *graph, bw_node *conv, const float *factors)
{
    float *weights = copy_numbers(graph, &conv->weights);
    float *bias = conv->bias.data ? copy_numbers(graph, &conv->bias) : NULL;
    if (!weights || (conv->bias.data && !bias))
        return false;
    size_t channels = (size_t)conv->attributes.channels, filter = conv->weights.count / channels;
    for (size_t index = 0; index < conv->weights.count; index++)
        weights[index] *= factors[index / filter];
    for (size_t channel = 0; bias && channel < channels; channel++)
        bias[channel] *= factors[channel];
    conv->weights.data = weights;
    conv->bias.data = bias;
    return true;
}

static bool scale_reader(bw_graph *graph, bw_node *conv, const float *factors)
{
    float *weights = copy_numbers(graph, &conv->weights);
    if (!weights)
        return false;
    size_t window = window_of(conv);
    for (size_t at = 0; at < conv->weights.count; at += window) {
        float factor = factors[channel_of(graph, conv, at)];
        for (size_t index = at; index < at + window; index++)
            weights[index] /= factor;
    }
    conv->weights.data = weights;
    return true;
}

static bool equalize_tensor(bw_graph *graph, int tensor, bool depthwise,
                            const bw_histogram *channels, float *factors)
{
    bw_node *writer = &graph->nodes[graph->tensors[tensor].producer];
    size_t count = (size_t)graph->tensors[tensor].shape.channels;
    float *shares = calloc(count, sizeof *shares);
    bool good = shares != NULL;
    if (good) {
        measure_readers(graph, tensor, shares);
        choose_factors(channels, shares, count, depthwise, factors);
        good = scale_writer(graph, writer, factors);
    }
    for (size_t index = 0; good && index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_CONV && node->inputs[0] == tensor)
            good = scale_reader(graph, node, factors);
    }
    free(shares);
    return good;
}

bw_status bw_equalize_channels(bw_graph *graph, const bw_quantization *how, bw_error *error)
{
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        const bw_node *writer = &graph->nodes[graph->tensors[tensor].producer];
        bool depthwise,
            free_to_scale = writer->op == BW_OP_CONV && writer->residual == BW_NONE &&
                            bw_activation_is_proportional(writer->attributes.activation);
        if (!free_to_scale || !only_convolutions_read(graph, (int)tensor, &depthwise))
            continue;
        if (!equalize_tensor(graph, (int)tensor, depthwise, how->statistics[tensor].channels,
                             how->factors[tensor]))
            return bw_fail_memory(error, writer->weights.count * sizeof(float), "a pass");
    }
    return BW_OK;
}
