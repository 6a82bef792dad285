#include "api/first_floats.h"

#include <math.h>

#include "passes/halve.h"
#include "passes/quantize.h"
#include "plan/plan.h"

/* What BF16 is for, at the least. */
static const uint32_t usual_cpu = BW_CPU_AVX2 | BW_CPU_AVX512 | BW_CPU_AVX512_BF16;

/* The share of the time that floats may add. */
static const double free_time = 0.02;

/* The estimated time of BF16 with these floats. */
static bw_status estimate(double *time, const bw_graph *graph, const bool *floats, uint32_t cpu,
                          bw_error *error)
{
    bw_graph halved;
    bw_plan *plan = NULL;
    bw_status status = bw_graph_clone(&halved, graph, error);
    if (status != BW_OK)
        return status;
    status = bw_pass_halve(&halved, floats, error);
    if (status == BW_OK)
        status = bw_plan_outline_cheapest(&plan, &halved, cpu, error);
    if (status == BW_OK)
        *time = bw_plan_time(plan);
    bw_plan_close(&plan);
    bw_graph_free(&halved);
    return status;
}

/* Tensors that must share a format stay floats together. */
static void set_floats(bool *floats, const int *classes, size_t count, int last_class)
{
    for (size_t tensor = 0; tensor < count; tensor++)
        floats[tensor] = classes[tensor] <= last_class;
}

/* Fills times[class] with all classes up to that one in floats; other tensors have infinite ones.
 */
static bw_status estimate_all(double *times, const bw_graph *graph, bool *floats,
                              const int *classes, uint32_t cpu, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t tensor = 0; status == BW_OK && tensor < graph->tensor_count; tensor++) {
        times[tensor] = (double)INFINITY;
        if (classes[tensor] != (int)tensor)
            continue;
        set_floats(floats, classes, graph->tensor_count, (int)tensor);
        status = estimate(&times[tensor], graph, floats, cpu, error);
    }
    return status;
}

/* The last class with which the time is next to the least; the first is the picture's, which is
 * floats in any case. */
static int find_last(const double *times, size_t count)
{
    double least = (double)INFINITY;
    int last = 0;
    for (size_t tensor = 0; tensor < count; tensor++)
        least = fmin(least, times[tensor]);
    for (size_t tensor = 0; tensor < count; tensor++) {
        if (times[tensor] <= least * (1.0 + free_time))
            last = (int)tensor;
    }
    return last;
}

bw_status bw_choose_first_floats(bool **floats, bw_graph *graph, uint32_t cpu, bw_error *error)
{
    size_t count = graph->tensor_count;
    const int *classes = bw_find_classes(graph);
    double *times = bw_arena_array(&graph->arena, count, sizeof *times);
    *floats = bw_arena_array(&graph->arena, count, sizeof **floats);
    if (!classes || !times || !*floats)
        return bw_fail_memory(error, count * sizeof *times, "a plan");
    bw_status status = estimate_all(times, graph, *floats, classes, cpu | usual_cpu, error);
    if (status == BW_OK)
        set_floats(*floats, classes, count, find_last(times, count));
    return status;
}
