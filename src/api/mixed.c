#include "api/mixed.h"

#include <math.h>
#include <stdlib.h>

#include "plan/plan.h"

enum { CANDIDATES = 12 }; /* classes that are compared before one is taken */

/* The share of the cost, time or bytes, that all floats may add where nothing else is asked for. */
static const double free_time = 0.02, free_bytes = 0.01;

/* A tensor that makes less of the error that is left than this is not worth a conversion. */
static const double least_share = 0.01;

/* The percents of the error that a tensor must save for each percent of the time: rounding saves a
 * percent of the time for some ten of the error (rounding.h), so that much less is a poor trade. */
static const double least_worth = 4.0;

typedef struct mixing {
    bw_quantization *how;
    bw_graph *graph;
    const bw_probed *probed;
    const bw_mix *mix;
    bool *floats;      /* of each class */
    double all, left;  /* the error of INT8 alone, and with these floats */
    double base, cost; /* likewise the estimated cost */
} mixing;

static double bytes_of_weights(const bw_plan *plan)
{
    double bytes = 0.0;
    for (int index = 0; index < plan->step_count; index++) {
        const bw_operation *operation = &plan->steps[index].operation;
        const bw_kernel *kernel = bw_kernel_find(plan->steps[index].kernel);
        bytes += kernel->packed_bytes ? (double)kernel->packed_bytes(operation) : 0.0;
    }
    return bytes;
}

/* Estimated time, or, where weights are shared, bytes of weights: what the user wants little of. */
static double cost_of_plan(const bw_plan *plan, const bw_mix *mix)
{
    return mix->share_bits ? bytes_of_weights(plan) : bw_plan_time(plan);
}

/* The estimated cost of the network with the present floats. */
static bw_status estimate(const mixing *m, double *cost, bw_error *error)
{
    bw_graph graph;
    bw_plan *plan = NULL;
    bw_status status = bw_graph_clone(&graph, m->graph, error);
    if (status != BW_OK)
        return status;
    status = bw_give_formats(&graph, m->how, error);
    if (status == BW_OK)
        status = bw_plan_outline_cheapest(&plan, &graph, m->mix->cpu, error);
    if (status == BW_OK)
        *cost = cost_of_plan(plan, m->mix);
    bw_plan_close(&plan);
    bw_graph_free(&graph);
    return status;
}

/* The class with the largest error below that of class `last`, or BW_NONE; none: of them all. */
static int next_class(const mixing *m, int last)
{
    int next = BW_NONE;
    double limit = last == BW_NONE ? (double)INFINITY : m->probed[last].error;
    for (size_t tensor = 0; tensor < m->graph->tensor_count; tensor++) {
        double error = m->probed[tensor].error;
        bool below = error < limit || (error <= limit && (int)tensor > last);
        if (!m->floats[tensor] && error > m->left * least_share && below &&
            (next == BW_NONE || error > m->probed[next].error))
            next = (int)tensor;
    }
    return next;
}

/* What was found to be best to turn into floats next. */
typedef struct finding {
    int class_id;
    double cost, worth;
} finding;

/* Whether floats may bring the cost to that, at so much error for theirs. */
static bool is_next_to_free(const mixing *m, double cost, double worth)
{
    if (m->mix->share_bits)
        return cost <= m->base * (1.0 + free_bytes);
    return cost <= m->base * (1.0 + free_time) && worth * m->base >= least_worth * m->all;
}

static bw_status find_best(mixing *m, finding *best, bw_error *error)
{
    *best = (finding){.class_id = BW_NONE};
    bw_status status = BW_OK;
    int class_id = next_class(m, BW_NONE);
    for (int tried = 0; status == BW_OK && class_id != BW_NONE && tried < CANDIDATES; tried++) {
        double cost = m->cost;
        m->floats[class_id] = true;
        status = estimate(m, &cost, error);
        m->floats[class_id] = false;
        double added = fmax(cost - m->cost, m->base * 1e-4);
        double worth = m->probed[class_id].error / added;
        bool allowed = m->mix->halvings > 0 || is_next_to_free(m, cost, worth);
        if (allowed && worth > best->worth)
            *best = (finding){class_id, cost, worth};
        class_id = next_class(m, class_id);
    }
    return status;
}

static bool is_enough(const mixing *m)
{
    return m->mix->halvings > 0 && m->left <= ldexp(m->all, -m->mix->halvings);
}

/* Between floats, bytes may only cost time, in conversions: floats instead, where that is faster.
 */
static bw_status fill_gaps(mixing *m, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t tensor = 0; status == BW_OK && tensor < m->graph->tensor_count; tensor++) {
        double cost = m->cost;
        if (m->floats[tensor] || m->probed[tensor].error <= 0.0)
            continue;
        m->floats[tensor] = true;
        status = estimate(m, &cost, error);
        m->floats[tensor] = cost < m->cost;
        m->cost = fmin(cost, m->cost);
    }
    return status;
}

static bw_status mix(mixing *m, bw_error *error)
{
    bw_status status = estimate(m, &m->base, error);
    m->cost = m->base;
    while (status == BW_OK && !is_enough(m)) {
        finding best;
        status = find_best(m, &best, error);
        if (status != BW_OK || best.class_id == BW_NONE)
            break;
        m->floats[best.class_id] = true;
        m->left -= m->probed[best.class_id].error;
        m->cost = best.cost;
    }
    return status == BW_OK ? fill_gaps(m, error) : status;
}

bw_status bw_choose_floats(bw_quantization *how, bw_graph *graph, const bw_probed *probed,
                           const bw_mix *with, bw_error *error)
{
    mixing m = {.how = how, .graph = graph, .probed = probed, .mix = with};
    m.floats = bw_arena_array(&graph->arena, graph->tensor_count, sizeof *m.floats);
    if (!m.floats)
        return bw_fail_memory(error, graph->tensor_count, "a plan");
    how->floats = m.floats;
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++)
        m.all += probed[tensor].error;
    m.left = m.all;
    return mix(&m, error);
}
