#include "calibrate/probe.h"

#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "calibrate/every.h"
#include "calibrate/heads.h"

/* Multiply-accumulates that all probing may take, so that large networks use fewer pictures. */
static const double work_budget = 600e9;

enum { LEAST_PICTURES = 2 };

/* What all threads share. */
typedef struct probe {
    const bw_graph *graph;
    const bw_quantization *how;
    const bw_probe_pictures *pictures;
    bw_plan *plan;                      /* output t is tensor t */
    int *steps;                         /* of each tensor: the step that writes it, or BW_NONE */
    bw_range (*ranges)[BW_RANGE_RULES]; /* of each class, by rule */
    struct worker *workers;             /* one a thread */
    size_t used;                        /* pictures */
    double (*errors)[BW_RANGE_RULES];   /* of each class of each picture */
    double *sizes;                      /* of each picture's heads */
} probe;

/* A thread at work on a picture of its own. */
typedef struct worker {
    const probe *probe;
    bw_pool *pool; /* of one thread */
    bw_executor *executor;
    float **heads; /* of each output of the graph: its numbers without any bytes */
    float *scratch;
} worker;

/* ---- Heads ---------------------------------------------------------------------------------- */

static size_t head_numbers(const probe *p, size_t output)
{
    return bw_head_numbers(p->graph->tensors[p->graph->outputs[output].tensor].shape);
}

static void read_head(const worker *w, size_t output, float *to)
{
    const bw_graph *graph = w->probe->graph;
    int tensor = graph->outputs[output].tensor;
    bw_head_view view = bw_backend_cpu.output(w->executor, tensor, 0);
    bw_read_head(to, &view, graph->tensors[tensor].shape.channels);
}

static double squares(const probe *p, size_t output, const float *expected, const float *other)
{
    return bw_head_squares(&p->graph->outputs[output].head, expected, other,
                           head_numbers(p, output));
}

/* ---- Rounding in place ---------------------------------------------------------------------- */

static void round_numbers(float *numbers, size_t count, bw_format format)
{
    const float low = -(float)format.zero_point, high = 255.0f + low, rounder = 0x1.8p23f;
    float inverse = 1.0f / format.scale;
    for (size_t index = 0; index < count; index++) {
        float steps = numbers[index] * inverse;
        steps = steps < high ? steps : high;
        steps = steps > low ? steps : low;
        numbers[index] = ((steps + rounder) - rounder) * format.scale;
    }
}

static void round_tensor(const worker *w, int tensor, bw_format format)
{
    bw_head_view view = bw_backend_cpu.output(w->executor, tensor, 0);
    float *data = (float *)(uintptr_t)view.data;
    int planes = bw_divide_up(w->probe->graph->tensors[tensor].shape.channels, view.lanes);
    for (int plane = 0; plane < planes; plane++) {
        for (int y = 0; y < view.height; y++)
            round_numbers(data + (size_t)plane * view.plane_stride + (size_t)y * view.row_stride,
                          (size_t)view.width * (size_t)view.lanes, format);
    }
}

/* ---- Running -------------------------------------------------------------------------------- */

static void load_picture(const worker *w, size_t index)
{
    const bw_probe_pictures *pictures = w->probe->pictures;
    const bw_layout *input = &w->probe->plan->input.layout;
    float *to = bw_backend_cpu.input(w->executor, 0);
    for (size_t y = 0; y < (size_t)pictures->rows; y++)
        memcpy(to + y * input->row_stride, pictures->inputs[index] + y * pictures->row_floats,
               pictures->row_floats * sizeof(float));
}

/* Runs what follows the class, its tensors rounded as soon as they are written. */
static void run_rounded(const worker *w, int class_id, bw_format format)
{
    const probe *p = w->probe;
    int next = BW_NONE;
    for (size_t tensor = (size_t)class_id; tensor < p->graph->tensor_count; tensor++) {
        int step = p->how->classes[tensor] == class_id ? p->steps[tensor] : BW_NONE;
        if (step == BW_NONE)
            continue;
        bw_backend_cpu.run_steps(w->executor, next == BW_NONE ? step : next, step + 1);
        round_tensor(w, (int)tensor, format);
        next = step + 1;
    }
    bw_backend_cpu.run_steps(w->executor, next, p->plan->step_count);
}

static double error_of_run(const worker *w)
{
    double error = 0.0;
    for (size_t output = 0; output < w->probe->graph->output_count; output++) {
        read_head(w, output, w->scratch);
        error += squares(w->probe, output, w->heads[output], w->scratch);
    }
    return error;
}

/* Whether a class has bytes that come from rounding, and none of the picture's. */
static bool is_rounded(const probe *p, size_t class_id)
{
    bool rounded = false;
    for (size_t tensor = class_id; tensor < p->graph->tensor_count; tensor++) {
        if (p->how->classes[tensor] != (int)class_id)
            continue;
        if (p->graph->nodes[p->graph->tensors[tensor].producer].op == BW_OP_INPUT)
            return false;
        rounded = rounded || p->steps[tensor] != BW_NONE;
    }
    return rounded && p->how->classes[class_id] == (int)class_id;
}

static bool is_head(const probe *p, int class_id)
{
    for (size_t output = 0; output < p->graph->output_count; output++) {
        if (p->how->classes[p->graph->outputs[output].tensor] == class_id)
            return true;
    }
    return false;
}

static bool is_probed(const probe *p, size_t class_id)
{
    return is_rounded(p, class_id) && !is_head(p, (int)class_id);
}

/* What follows a class runs anew from what comes before it: the last class is the first probed. */
static void probe_picture(const worker *w, size_t picture)
{
    const probe *p = w->probe;
    load_picture(w, picture * p->pictures->count / p->used);
    bw_backend_cpu.run_steps(w->executor, 0, p->plan->step_count);
    for (size_t output = 0; output < p->graph->output_count; output++) {
        read_head(w, output, w->heads[output]);
        p->sizes[picture] += squares(p, output, w->heads[output], NULL);
    }
    for (size_t class_id = p->graph->tensor_count; class_id-- > 0;) {
        double *errors = p->errors[picture * p->graph->tensor_count + class_id];
        for (int rule = 0; is_probed(p, class_id) && rule < BW_RANGE_RULES; rule++) {
            run_rounded(w, (int)class_id, bw_range_bytes(p->ranges[class_id][rule]));
            errors[rule] = error_of_run(w);
        }
    }
}

static void probe_pictures(void *context, int first, int last, int index)
{
    const probe *p = context;
    for (int picture = first; picture < last; picture++)
        probe_picture(&p->workers[index], (size_t)picture);
}

/* ---- Opening -------------------------------------------------------------------------------- */

static bool computes(bw_op op)
{
    return op == BW_OP_CONV || op == BW_OP_ADD || op == BW_OP_ACTIVATION ||
           op == BW_OP_AVERAGE_POOL || op == BW_OP_BATCH_NORM || op == BW_OP_MULTIPLY;
}

static bool step_computes(bw_family family)
{
    return family == BW_FAMILY_CONV || family == BW_FAMILY_DEPTHWISE || family == BW_FAMILY_ADD ||
           family == BW_FAMILY_ACTIVATION || family == BW_FAMILY_AVERAGE_POOL ||
           family == BW_FAMILY_MULTIPLY;
}

/* Nodes that compute have one step each, in their order. */
static void find_steps(probe *p)
{
    int step = 0;
    for (size_t tensor = 0; tensor < p->graph->tensor_count; tensor++)
        p->steps[tensor] = BW_NONE;
    for (size_t index = 0; index < p->graph->node_count; index++) {
        const bw_node *node = &p->graph->nodes[index];
        if (!computes(node->op))
            continue;
        while (step < p->plan->step_count && !step_computes(p->plan->steps[step].operation.family))
            step++;
        p->steps[node->output] = step < p->plan->step_count ? step++ : BW_NONE;
    }
}

static bw_status list_ranges(probe *p, bw_quantization *how, bw_graph *graph, bw_error *error)
{
    bw_status status = BW_OK;
    for (int rule = 0; status == BW_OK && rule < BW_RANGE_RULES; rule++) {
        status = bw_choose_ranges(how, graph, (bw_range_rule)rule, error);
        for (size_t tensor = 0; status == BW_OK && tensor < graph->tensor_count; tensor++)
            p->ranges[tensor][rule] = how->ranges[tensor];
    }
    return status;
}

static bw_status open_worker(worker *w, const probe *p, bw_arena *arena, bw_error *error)
{
    size_t most = 0, outputs = p->graph->output_count;
    *w = (worker){.probe = p, .heads = bw_arena_array(arena, outputs + 1, sizeof *w->heads)};
    bool good = w->heads != NULL;
    for (size_t output = 0; good && output < outputs; output++) {
        size_t count = head_numbers(p, output);
        w->heads[output] = bw_arena_array(arena, count, sizeof **w->heads);
        most = count > most ? count : most;
        good = w->heads[output] != NULL;
    }
    w->scratch = bw_arena_array(arena, most + 1, sizeof *w->scratch);
    if (!good || !w->scratch)
        return bw_fail_memory(error, most * sizeof *w->scratch, "calibration");
    bw_status status = bw_pool_open(&w->pool, 1, error);
    return status == BW_OK
               ? bw_backend_cpu.open(&w->executor, p->plan, w->pool, BW_ALL_PADDING, error)
               : status;
}

/* How many pictures the budget of work allows. */
static size_t affordable(const probe *p)
{
    size_t count = p->pictures->count;
    double macs = (double)bw_graph_macs(p->graph), classes = 0.0;
    for (size_t class_id = 0; class_id < p->graph->tensor_count; class_id++)
        classes += is_probed(p, class_id);
    double pictures = work_budget / (macs * classes * BW_RANGE_RULES / 2.0 + 1.0);
    if (pictures >= (double)count)
        return count;
    size_t some = pictures > LEAST_PICTURES ? (size_t)pictures : LEAST_PICTURES;
    return some < count ? some : count;
}

static bw_status open_tables(probe *p, bw_arena *arena, size_t threads, bw_error *error)
{
    size_t count = p->graph->tensor_count;
    p->steps = bw_arena_array(arena, count, sizeof *p->steps);
    p->ranges = bw_arena_array(arena, count, sizeof *p->ranges);
    p->errors = bw_arena_array(arena, (p->pictures->count + 1) * count, sizeof *p->errors);
    p->sizes = bw_arena_array(arena, p->pictures->count + 1, sizeof *p->sizes);
    p->workers = bw_arena_array(arena, threads, sizeof *p->workers);
    return p->steps && p->ranges && p->errors && p->sizes && p->workers
               ? BW_OK
               : bw_fail_memory(error, count * sizeof *p->errors, "calibration");
}

static bw_status open_probe(probe *p, bw_quantization *how, bw_graph *graph, bw_arena *arena,
                            int threads, bw_error *error)
{
    bw_status status = open_tables(p, arena, (size_t)threads, error);
    if (status == BW_OK)
        status = list_ranges(p, how, graph, error);
    if (status == BW_OK)
        status = bw_plan_every_tensor(&p->plan, graph, error);
    if (status != BW_OK)
        return status;
    find_steps(p);
    p->used = affordable(p);
    for (int index = 0; status == BW_OK && index < threads; index++)
        status = open_worker(&p->workers[index], p, arena, error);
    return status;
}

static void close_probe(probe *p, int threads)
{
    for (int index = 0; p->workers && index < threads; index++) {
        if (p->workers[index].executor)
            bw_backend_cpu.close(&p->workers[index].executor);
        bw_pool_close(&p->workers[index].pool);
    }
    bw_plan_close(&p->plan);
}

/* ---- The choice ----------------------------------------------------------------------------- */

static bw_probed choose(const probe *p, size_t class_id)
{
    double errors[BW_RANGE_RULES] = {0}, size = 0.0;
    for (size_t picture = 0; picture < p->used; picture++) {
        size += p->sizes[picture];
        for (int rule = 0; rule < BW_RANGE_RULES; rule++)
            errors[rule] += p->errors[picture * p->graph->tensor_count + class_id][rule];
    }
    int best = BW_RANGE_CAREFUL; /* also where there is nothing to choose by */
    for (int rule = 0; rule < BW_RANGE_RULES; rule++)
        best = errors[rule] < errors[best] ? rule : best;
    return (bw_probed){p->ranges[class_id][best], (bw_range_rule)best,
                       size > 0.0 ? errors[best] / size : 0.0};
}

bw_status bw_probe_ranges(bw_probed *probed, bw_quantization *how, bw_graph *graph,
                          const bw_probe_pictures *pictures, bw_pool *pool, bw_error *error)
{
    bw_arena arena = {0};
    int threads = bw_pool_threads(pool);
    probe p = {.graph = graph, .how = how, .pictures = pictures};
    bw_status status = open_probe(&p, how, graph, &arena, threads, error);
    if (status == BW_OK)
        bw_pool_run(pool, probe_pictures, &p, (int)p.used, 1);
    for (size_t tensor = 0; status == BW_OK && tensor < graph->tensor_count; tensor++) {
        probed[tensor] = (bw_probed){0};
        if (how->classes[tensor] == (int)tensor)
            probed[tensor] = choose(&p, tensor);
        how->ranges[tensor] = probed[how->classes[tensor]].range;
    }
    close_probe(&p, threads);
    bw_arena_free(&arena);
    return status;
}
