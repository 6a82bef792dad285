#include "api/rounding.h"

#include <stdlib.h>

#include "kernels/quantize.h"
#include "plan/arrange.h"
#include "plan/steps.h"

/* How many times the error of storing a convolution's input as bytes rounding makes, as measured on
 * YOLOv3-tiny's layers, where it is 5 to 11. */
static const double relative_error = 8.0;

/* The most that all rounding may add to a network's error, as a share of that. */
static const double most_added = 1.5;

typedef struct candidate {
    bw_node *node;
    double saved, error; /* estimated cycles, and error in the heads */
} candidate;

/* The error of storing a tensor as bytes; conversions made it of one that there was before. */
static double error_of(const bw_graph *graph, const bw_quantization *how, const bw_probed *probed,
                       size_t count, int tensor)
{
    while ((size_t)tensor >= count)
        tensor = graph->nodes[graph->tensors[tensor].producer].inputs[0];
    return probed[how->classes[tensor]].error;
}

/* Cycles that the fastest kernel saves if it may round. */
static double time_saved(const bw_seat *seats, const bw_node *node, uint32_t cpu)
{
    bw_operation operation = bw_node_operation(seats, node, 0);
    operation.sum_bits = bw_sum_bits(&operation, node->integers);
    const bw_kernel *exact = bw_kernel_choose(&operation, cpu);
    operation.may_round = true;
    const bw_kernel *rounding = bw_kernel_choose(&operation, cpu);
    return exact && rounding && rounding->rounds
               ? exact->cost(&operation) - rounding->cost(&operation)
               : 0.0;
}

/* The most time saved for its error first. */
static int compare(const void *left, const void *right)
{
    const candidate *a = left, *b = right;
    double first = a->saved * b->error, second = b->saved * a->error;
    return first > second ? -1 : first < second ? 1 : a->node < b->node ? -1 : 1;
}

static void take(const candidate *candidates, size_t count, double budget)
{
    for (size_t index = 0; index < count; index++) {
        if (candidates[index].error > budget)
            continue;
        budget -= candidates[index].error;
        candidates[index].node->may_round = true;
    }
}

static double error_of_all(const bw_graph *graph, size_t count)
{
    double sum = 0.0;
    for (size_t tensor = 0; tensor < count; tensor++)
        sum += (double)graph->tensors[tensor].error;
    return sum;
}

bw_status bw_choose_rounded(bw_graph *graph, const bw_quantization *how, const bw_probed *probed,
                            size_t count, uint32_t cpu, bw_error *error)
{
    bw_seat *seats = calloc(graph->tensor_count, sizeof *seats);
    candidate *candidates = calloc(graph->node_count, sizeof *candidates);
    size_t arena_bytes, found = 0;
    bw_status status =
        seats && candidates
            ? bw_arrange(seats, &arena_bytes, graph, 1, cpu, error)
            : bw_fail_memory(error, graph->node_count * sizeof *candidates, "a plan");
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        double saved =
            node->op == BW_OP_CONV && node->integers ? time_saved(seats, node, cpu) : 0.0;
        double added = relative_error * error_of(graph, how, probed, count, node->inputs[0]);
        if (saved > 0.0)
            candidates[found++] = (candidate){node, saved, added};
    }
    if (status == BW_OK) {
        qsort(candidates, found, sizeof *candidates, compare);
        take(candidates, found, most_added * error_of_all(graph, count));
    }
    free(candidates);
    free(seats);
    return status;
}
