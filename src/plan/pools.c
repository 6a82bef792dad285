#include "plan/pools.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/quantize.h"
#include "plan/steps.h"

/* Every pixel is of one window of 2 × 2, and of bytes of one format. */
static bool halves(const bw_graph *graph, const bw_node *pool)
{
    const bw_attributes *a = &pool->attributes;
    const bw_tensor *in = &graph->tensors[pool->inputs[0]], *out = &graph->tensors[pool->output];
    return pool->op == BW_OP_MAX_POOL && a->kernel_height == 2 && a->kernel_width == 2 &&
           a->stride == 2 && a->pad_top == 0 && a->pad_left == 0 &&
           in->shape.height == 2 * out->shape.height && in->shape.width == 2 * out->shape.width &&
           bw_format_equal(in->format, out->format);
}

/* The estimated time of the fastest kernel, or infinity. */
static double time_of(const bw_operation *operation, uint32_t cpu)
{
    const bw_kernel *kernel = bw_kernel_choose(operation, cpu);
    return kernel ? bw_kernel_time(kernel, operation) : (double)INFINITY;
}

/* Joins a pool to the convolution before it, if that takes less time. */
static void join(bw_seat *seats, const bw_node *conv, const bw_node *pool, uint32_t cpu)
{
    bw_operation first = bw_node_operation(seats, conv, 0);
    bw_operation second = bw_node_operation(seats, pool, 0);
    if (first.family != BW_FAMILY_CONV || first.has_second)
        return;
    if (conv->integers)
        first.sum_bits = bw_sum_bits(&first, conv->integers);
    seats[conv->output].pooled = pool->output;
    bw_operation joined = bw_node_operation(seats, conv, 0);
    joined.sum_bits = first.sum_bits;
    if (time_of(&joined, cpu) >= time_of(&first, cpu) + time_of(&second, cpu))
        seats[conv->output].pooled = BW_NONE;
}

bw_status bw_join_pools(bw_seat *seats, const bw_graph *graph, uint32_t cpu, bw_error *error)
{
    int *uses = malloc(graph->tensor_count * sizeof *uses);
    if (!uses)
        return bw_fail_memory(error, graph->tensor_count * sizeof *uses, "the plan");
    bw_graph_count_uses(graph, uses);
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *pool = &graph->nodes[index];
        if (!halves(graph, pool) || uses[pool->inputs[0]] != 1)
            continue;
        const bw_node *conv = &graph->nodes[graph->tensors[pool->inputs[0]].producer];
        if (conv->op == BW_OP_CONV)
            join(seats, conv, pool, cpu);
    }
    free(uses);
    return BW_OK;
}
