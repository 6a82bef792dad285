#include "passes/quantize.h"

#include <math.h>
#include <stdlib.h>

#include "passes/heads.h"

/* Tensors that must share one format, because an operation moves bytes between them unchanged. */
typedef struct classes {
    int *parent;
    float *low, *high; /* of the class, at its root */
} classes;

static int find(const classes *all, int tensor)
{
    while (all->parent[tensor] != tensor)
        tensor = all->parent[tensor];
    return tensor;
}

static void unite(classes *all, int a, int b)
{
    a = find(all, a);
    b = find(all, b);
    all->parent[a > b ? a : b] = a > b ? b : a;
}

static bool moves_bytes(bw_op op)
{
    return op == BW_OP_CONCAT || op == BW_OP_SLICE || op == BW_OP_MAX_POOL ||
           op == BW_OP_UPSAMPLE || op == BW_OP_REORG;
}

static void form_classes(classes *all, const bw_graph *graph, const bw_quantization *how)
{
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++)
        all->parent[tensor] = (int)tensor;
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        for (int input = 0; moves_bytes(node->op) && input < node->input_count; input++)
            unite(all, node->output, node->inputs[input]);
    }
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        int root = find(all, (int)tensor);
        float low, high;
        bw_histogram_range(how->statistics[tensor].channels, how->factors[tensor],
                           (size_t)graph->tensors[tensor].shape.channels, &low, &high);
        all->low[root] = fminf(all->low[root], low);
        all->high[root] = fmaxf(all->high[root], high);
    }
}

static bw_format format_of(float low, float high)
{
    float scale = (high - low) / 255.0f;
    return (bw_format){BW_U8, scale, (int32_t)fminf(fmaxf(roundf(-low / scale), 0.0f), 255.0f)};
}

/* The picture's bytes are what its file holds; what else shares them must fit in between. */
static bw_status set_formats(bw_graph *graph, const classes *all, bw_error *error)
{
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        int root = find(all, (int)tensor);
        graph->tensors[tensor].format = format_of(all->low[root], all->high[root]);
    }
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (node->op != BW_OP_INPUT)
            continue;
        int root = find(all, node->output);
        for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
            const bw_node *producer = &graph->nodes[graph->tensors[tensor].producer];
            if (find(all, (int)tensor) != root)
                continue;
            if (producer->op != BW_OP_INPUT && !moves_bytes(producer->op))
                return bw_fail(
                    error, BW_ERROR_UNSUPPORTED,
                    "layer %s joins the picture with other numbers, which INT8 cannot do",
                    producer->name);
            graph->tensors[tensor].format = (bw_format){BW_U8, 1.0f / 255.0f, 0};
        }
    }
    return BW_OK;
}

static bw_status choose_formats(bw_graph *graph, classes *all, int *uses,
                                const bw_quantization *how, bw_error *error)
{
    form_classes(all, graph, how);
    bw_graph_count_uses(graph, uses);
    bw_status status = set_formats(graph, all, error);
    return status == BW_OK ? bw_free_outputs(graph, uses, error) : status;
}

static bw_status give_formats(bw_graph *graph, const bw_quantization *how, bw_error *error)
{
    size_t count = graph->tensor_count;
    classes all = {malloc(count * sizeof *all.parent), calloc(count, sizeof *all.low),
                   calloc(count, sizeof *all.high)};
    int *uses = malloc(count * sizeof *uses);
    bw_status status = all.parent && all.low && all.high && uses
                           ? choose_formats(graph, &all, uses, how, error)
                           : bw_fail_memory(error, count * sizeof *uses, "a pass");
    free(all.parent);
    free(all.low);
    free(all.high);
    free(uses);
    return status;
}

static bool make_factors(bw_graph *graph, float **factors)
{
    bool good = factors != NULL;
    for (size_t tensor = 0; good && tensor < graph->tensor_count; tensor++) {
        int channels = graph->tensors[tensor].shape.channels;
        factors[tensor] = bw_arena_array(&graph->arena, (size_t)channels, sizeof **factors);
        good = factors[tensor] != NULL;
        for (int channel = 0; good && channel < channels; channel++)
            factors[tensor][channel] = 1.0f;
    }
    return good;
}

bw_status bw_pass_quantize(bw_graph *graph, const bw_statistics *statistics, int largest_dense,
                           bw_error *error)
{
    size_t count = graph->tensor_count;
    bw_quantization how = {statistics, bw_arena_array(&graph->arena, count, sizeof(float *)),
                           largest_dense};
    if (!make_factors(graph, how.factors))
        return bw_fail_memory(error, count * sizeof(float *), "a pass");
    bw_status status = bw_equalize_channels(graph, &how, error);
    if (status == BW_OK)
        status = give_formats(graph, &how, error);
    if (status == BW_OK)
        status = bw_quantize_weights(graph, &how, error);
    return status == BW_OK ? bw_graph_verify(graph, error) : status;
}
