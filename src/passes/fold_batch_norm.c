/**
 * Batch normalisation at inference is an affine map a channel: y = factor × x + offset with
 * factor = scale / √(variance + ε) and offset = shift − factor × mean. After a convolution it goes
 * into the filters and the bias; elsewhere it becomes a depthwise 1×1 convolution.
 */
#include <math.h>
#include <stdlib.h>

#include "passes/passes.h"

typedef struct affine {
    float *factor, *offset;
    size_t channels;
} affine;

static bool make_affine(affine *map, bw_graph *graph, const bw_node *norm)
{
    size_t channels = norm->scale.count;
    map->channels = channels;
    map->factor = bw_arena_array(&graph->arena, channels, sizeof *map->factor);
    map->offset = bw_arena_array(&graph->arena, channels, sizeof *map->offset);
    if (!map->factor || !map->offset)
        return false;
    for (size_t c = 0; c < channels; c++) {
        float deviation = sqrtf(norm->variance.data[c] + norm->attributes.epsilon);
        map->factor[c] = norm->scale.data[c] / deviation;
        map->offset[c] = norm->shift.data[c] - map->factor[c] * norm->mean.data[c];
    }
    return true;
}

static bool fold(bw_graph *graph, bw_node *conv, const affine *map)
{
    size_t filter = conv->weights.count / map->channels;
    float *weights = bw_arena_array(&graph->arena, conv->weights.count, sizeof *weights);
    if (!weights)
        return false;
    for (size_t c = 0; c < map->channels; c++) {
        const float *from = conv->weights.data + c * filter;
        for (size_t index = 0; index < filter; index++)
            weights[c * filter + index] = from[index] * map->factor[c];
        if (conv->bias.data)
            map->offset[c] += conv->bias.data[c] * map->factor[c];
    }
    conv->weights.data = weights;
    conv->steps = NULL;
    conv->bias = (bw_constant){map->offset, map->channels};
    return true;
}

static void become_depthwise(bw_node *norm, const affine *map)
{
    int channels = (int)map->channels;
    norm->op = BW_OP_CONV;
    norm->attributes = (bw_attributes){.kernel_height = 1,
                                       .kernel_width = 1,
                                       .stride = 1,
                                       .groups = channels,
                                       .channels = channels,
                                       .activation = BW_LINEAR};
    norm->weights = (bw_constant){map->factor, map->channels};
    norm->bias = (bw_constant){map->offset, map->channels};
}

static bool foldable(const bw_node *producer, const int *uses)
{
    return producer->op == BW_OP_CONV && uses[producer->output] == 1 &&
           producer->residual == BW_NONE && producer->attributes.activation == BW_LINEAR;
}

static bool fold_node(bw_graph *graph, bw_node *norm, int *uses)
{
    affine map;
    if (!make_affine(&map, graph, norm))
        return false;
    bw_node *producer = &graph->nodes[graph->tensors[norm->inputs[0]].producer];
    if (!foldable(producer, uses)) {
        become_depthwise(norm, &map);
        return true;
    }
    bw_graph_bypass(graph, norm->output, producer->output, uses);
    return fold(graph, producer, &map);
}

bw_status bw_pass_fold_batch_norm(bw_graph *graph, bw_error *error)
{
    int *uses = malloc(graph->tensor_count * sizeof *uses);
    bool good = uses != NULL;
    if (good)
        bw_graph_count_uses(graph, uses);
    for (size_t index = 0; good && index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_BATCH_NORM)
            good = fold_node(graph, node, uses);
    }
    free(uses);
    if (!good)
        return bw_fail_memory(error, graph->tensor_count * sizeof *uses, "a pass");
    return bw_pass_remove_dead(graph, error);
}
