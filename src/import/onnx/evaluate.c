#include "import/onnx/evaluate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** A named value: known once its type and shape are. */
typedef struct value {
    const char *name;
    bw_plain_tensor tensor;
    size_t uses; /* by nodes that have not run yet */
    bool known, kept;
    const bw_onnx_node *maker; /* the node that was last seen to give it */
} value;

struct bw_onnx_evaluation {
    bw_arena arena;
    const bw_onnx_file *file;
    value *values; /* sorted by name */
    size_t count;
    uint64_t memory, used; /* bytes that may live, and that do */
    double work;           /* steps that are left */
    int64_t batch;         /* of the file, or 0 */
    bool folds, widens;
};

/* ---- values --------------------------------------------------------------------------------- */

static int by_name(const void *left, const void *right)
{
    return strcmp(((const value *)left)->name, ((const value *)right)->name);
}

static value *find(const bw_onnx_evaluation *e, const char *name)
{
    value key = {.name = name};
    return e->count ? bsearch(&key, e->values, e->count, sizeof key, by_name) : NULL;
}

const bw_plain_tensor *bw_onnx_evaluation_value(const bw_onnx_evaluation *e, const char *name)
{
    const value *found = find(e, name);
    return found && found->known ? &found->tensor : NULL;
}

static void add_name(bw_onnx_evaluation *e, const char *name)
{
    if (name[0])
        e->values[e->count++].name = name;
}

/* Lists all names once, sorted. An input that has an initializer stands twice in the file. */
static bw_status list_values(bw_onnx_evaluation *e, bw_error *error)
{
    const bw_onnx_graph *graph = &e->file->graph;
    size_t most = graph->input_count + graph->constant_count, kept = 0;
    for (size_t node = 0; node < graph->node_count; node++)
        most += graph->nodes[node].output_count;
    e->values = bw_arena_array(&e->arena, most, sizeof *e->values);
    if (!e->values)
        return bw_fail_memory(error, most * sizeof *e->values, "the values of a graph");
    for (size_t index = 0; index < graph->input_count; index++)
        add_name(e, graph->inputs[index].name);
    for (size_t index = 0; index < graph->constant_count; index++)
        add_name(e, graph->constants[index].name);
    for (size_t node = 0; node < graph->node_count; node++) {
        for (size_t index = 0; index < graph->nodes[node].output_count; index++)
            add_name(e, graph->nodes[node].outputs[index]);
    }
    if (e->count)
        qsort(e->values, e->count, sizeof *e->values, by_name);
    for (size_t index = 0; index < e->count; index++) {
        if (kept == 0 || strcmp(e->values[kept - 1].name, e->values[index].name) != 0)
            e->values[kept++] = e->values[index];
    }
    e->count = kept;
    return BW_OK;
}

static void count_uses(bw_onnx_evaluation *e)
{
    const bw_onnx_graph *graph = &e->file->graph;
    value *found;
    for (size_t node = 0; node < graph->node_count; node++) {
        for (size_t index = 0; index < graph->nodes[node].input_count; index++) {
            if ((found = find(e, graph->nodes[node].inputs[index])) != NULL)
                found->uses++;
        }
    }
    for (size_t index = 0; index < graph->output_count; index++) {
        if ((found = find(e, graph->outputs[index].name)) != NULL)
            found->kept = true;
    }
}

static bool is_half(const bw_plain_tensor *tensor)
{
    return BW_PLAIN_HALVES >> tensor->type & 1;
}

/* Half precision becomes single, in memory of its own; numbers that are not known need none. */
static bw_status widen(bw_onnx_evaluation *e, bw_plain_tensor *tensor, bw_error *error)
{
    bw_plain_tensor wide = *tensor;
    wide.type = BW_ELEMENT_F32;
    wide.block = NULL;
    if (!e->widens || !is_half(tensor))
        return BW_OK;
    size_t count = bw_plain_count(tensor), bytes = bw_plain_bytes(&wide);
    if (tensor->data) {
        size_t before = tensor->block ? bw_plain_bytes(tensor) : 0;
        if (bytes > e->memory - e->used)
            return bw_fail(error, BW_ERROR_LIMIT,
                           "the constants of the graph take too much memory");
        bw_status status = bw_plain_allocate(&wide, error);
        if (status != BW_OK)
            return status;
        bw_plain_load_f32(tensor, 0, 1, count, wide.block);
        e->used += bytes - before;
        bw_plain_release(tensor);
    }
    *tensor = wide;
    return BW_OK;
}

/* Enters the initializers, then what is given, which goes before them. */
static bw_status enter(bw_onnx_evaluation *e, const bw_onnx_evaluate_options *options,
                       bw_error *error)
{
    const bw_onnx_graph *graph = &e->file->graph;
    for (size_t index = 0; index < graph->constant_count; index++) {
        value *to = find(e, graph->constants[index].name);
        if (!to)
            continue;
        bw_status status = bw_onnx_plain_tensor(&to->tensor, &e->arena, &graph->constants[index],
                                                e->folds ? NULL : error);
        if (status == BW_OK)
            status = widen(e, &to->tensor, e->folds ? NULL : error);
        to->known = status == BW_OK;
        if (status != BW_OK && !e->folds)
            return status;
    }
    for (size_t index = 0; index < options->given_count; index++) {
        const bw_onnx_given *given = &options->given[index];
        value *to = find(e, given->name);
        if (!to)
            return bw_fail(error, BW_ERROR_ARGUMENT, "the graph has no input '%s'", given->name);
        bw_status status = bw_plain_check(&given->tensor, SIZE_MAX, error);
        if (status != BW_OK)
            return status;
        to->tensor = given->tensor;
        to->tensor.block = NULL;
        to->known = true;
    }
    return BW_OK;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

/** A node at work: its call, and the values it reads and writes (NULL: left out). */
typedef struct step {
    const bw_onnx_node *node;
    const bw_plain_operator *found;
    bw_plain_call call;
    const bw_plain_tensor **inputs;
    bw_plain_tensor **outputs;
} step;

static bw_status prepare(bw_onnx_evaluation *e, step *s, bw_error *error)
{
    const bw_onnx_node *node = s->node;
    s->found = bw_onnx_plain_operator(node, e->file->opset);
    if (!s->found)
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "the operator is not supported in operator set %" PRId64, e->file->opset);
    s->inputs = bw_arena_array(&e->arena, node->input_count, sizeof *s->inputs);
    s->outputs = bw_arena_array(&e->arena, node->output_count, sizeof *s->outputs);
    if (!s->inputs || !s->outputs)
        return bw_fail_memory(error, sizeof *s, "a node");
    for (size_t index = 0; index < node->input_count; index++) {
        const char *name = node->inputs[index];
        const value *from = find(e, name);
        if (name[0] && (!from || !from->known))
            return bw_fail(error, BW_ERROR_FORMAT, "its input '%s' is not known before it", name);
        s->inputs[index] = from ? &from->tensor : NULL;
    }
    for (size_t index = 0; index < node->output_count; index++) {
        value *to = find(e, node->outputs[index]);
        if (to && to->known)
            return bw_fail(error, BW_ERROR_FORMAT, "its output '%s' is there already", to->name);
        if (to && to->maker == node)
            return bw_fail(error, BW_ERROR_FORMAT, "it gives '%s' twice", to->name);
        if (to)
            to->maker = node;
        s->outputs[index] = to ? &to->tensor : NULL;
    }
    s->call = (bw_plain_call){.opset = (int)e->file->opset,
                              .inputs = s->inputs,
                              .input_count = node->input_count,
                              .outputs = s->outputs,
                              .output_count = node->output_count,
                              .limit = e->memory - e->used};
    return bw_onnx_plain_attributes(&s->call.attributes, &s->call.attribute_count, &e->arena, node,
                                    error);
}

/* Whether all numbers are there that the operator reads. */
static bool is_computable(const step *s)
{
    for (size_t index = 0; index < s->call.input_count; index++) {
        if (s->found->reading != BW_PLAIN_READS_SHAPES && s->inputs[index] &&
            !s->inputs[index]->data)
            return false;
    }
    return true;
}

static bw_status allocate(bw_onnx_evaluation *e, const step *s, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t index = 0; index < s->call.output_count && status == BW_OK; index++) {
        bw_plain_tensor *out = s->outputs[index];
        size_t bytes = out ? bw_plain_bytes(out) : 0;
        if (bytes > e->memory - e->used)
            status =
                bw_fail(error, BW_ERROR_LIMIT,
                        "the tensors of the graph take more than %" PRIu64 " bytes", e->memory);
        else if (out)
            status = bw_plain_allocate(out, error);
        if (status == BW_OK)
            e->used += bytes;
    }
    return status;
}

static void release(bw_onnx_evaluation *e, bw_plain_tensor *tensor)
{
    if (tensor->block)
        e->used -= bw_plain_bytes(tensor);
    bw_plain_release(tensor);
}

static bw_status spend(bw_onnx_evaluation *e, const step *s, bw_error *error)
{
    double work = bw_plain_work(s->found, &s->call);
    if (!(work <= e->work))
        return bw_fail(error, BW_ERROR_LIMIT, "%.3g more steps are more than may be computed here",
                       work);
    e->work -= work;
    return BW_OK;
}

static bw_status compute(bw_onnx_evaluation *e, const step *s, bw_error *error)
{
    uint64_t before = e->used;
    bw_status status = spend(e, s, error);
    if (status == BW_OK)
        status = allocate(e, s, error);
    if (status == BW_OK)
        status = bw_plain_run(s->found, &s->call, error);
    uint64_t taken = 0;
    for (size_t index = 0; index < s->call.output_count; index++) {
        if (!s->outputs[index])
            continue;
        if (status != BW_OK)
            bw_plain_release(s->outputs[index]);
        else
            taken += bw_plain_bytes(s->outputs[index]); /* a run may have shortened it */
    }
    e->used = before + taken;
    return status;
}

static void finish(bw_onnx_evaluation *e, const step *s)
{
    for (size_t index = 0; index < s->node->output_count; index++) {
        value *to = find(e, s->node->outputs[index]);
        if (to)
            to->known = true;
        if (to && !to->uses && !to->kept && !e->folds)
            release(e, &to->tensor);
    }
    for (size_t index = 0; index < s->node->input_count; index++) {
        value *from = find(e, s->node->inputs[index]);
        if (from && --from->uses == 0 && !from->kept && !e->folds)
            release(e, &from->tensor);
    }
}

/* What stands before the message of a node that failed. */
static bw_status name_node(const step *s, bw_error *error, bw_status status)
{
    char shapes[256] = "", text[128];
    for (size_t index = 0; s->inputs && index < s->node->input_count; index++) {
        size_t used = strlen(shapes);
        if (s->inputs[index])
            snprintf(shapes + used, sizeof shapes - used, "%s%s", used ? ", " : " of ",
                     bw_plain_describe(s->inputs[index], text, sizeof text));
    }
    return bw_fail_prefix(error, status, "node '%s', %s%s", s->node->name, s->node->op, shapes);
}

/* A shape that names the batch of the file's pictures names one picture here. */
static bw_status make_single(bw_onnx_evaluation *e, const bw_onnx_node *node, bw_error *error)
{
    bool shaped = strcmp(node->op, "Reshape") == 0 || strcmp(node->op, "Expand") == 0;
    value *wanted = shaped && node->input_count > 1 ? find(e, node->inputs[1]) : NULL;
    if (e->batch < 2 || !wanted || !wanted->known || wanted->tensor.type != BW_ELEMENT_I64 ||
        wanted->tensor.rank != 1 || wanted->tensor.dims[0] < 1 || !wanted->tensor.data)
        return BW_OK;
    size_t bytes = bw_plain_bytes(&wanted->tensor);
    int64_t first;
    memcpy(&first, wanted->tensor.data, sizeof first);
    int64_t *copy = first == e->batch ? bw_arena_alloc(&e->arena, bytes) : NULL;
    if (first != e->batch)
        return BW_OK;
    if (!copy)
        return bw_fail_memory(error, bytes, "a shape");
    memcpy(copy, wanted->tensor.data, bytes);
    copy[0] = 1;
    release(e, &wanted->tensor);
    wanted->tensor.data = copy;
    return BW_OK;
}

static bw_status widen_outputs(bw_onnx_evaluation *e, const step *s, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < s->call.output_count; index++) {
        if (s->outputs[index])
            status = widen(e, s->outputs[index], error);
    }
    return status;
}

static bw_status run_node(bw_onnx_evaluation *e, const bw_onnx_node *node, bw_error *error)
{
    step s = {.node = node};
    bw_status status = make_single(e, node, error);
    if (status == BW_OK)
        status = prepare(e, &s, error);
    if (status == BW_OK)
        status = bw_plain_infer(s.found, &s.call, error);
    if (status == BW_OK && is_computable(&s))
        status = compute(e, &s, error);
    if (status == BW_OK)
        status = widen_outputs(e, &s, error);
    if (status == BW_OK)
        finish(e, &s);
    return status == BW_OK ? BW_OK : name_node(&s, error, status);
}

static bw_status run_nodes(bw_onnx_evaluation *e, bw_error *error)
{
    const bw_onnx_graph *graph = &e->file->graph;
    for (size_t node = 0; node < graph->node_count; node++) {
        bw_status status = run_node(e, &graph->nodes[node], error);
        if (status != BW_OK && (!e->folds || status == BW_ERROR_MEMORY))
            return status;
    }
    for (size_t index = 0; index < graph->output_count && !e->folds; index++) {
        const bw_plain_tensor *out = bw_onnx_evaluation_value(e, graph->outputs[index].name);
        if (!out || !out->data)
            return bw_fail(error, BW_ERROR_FORMAT, "no node computes the output '%s'",
                           graph->outputs[index].name);
    }
    return BW_OK;
}

bw_status bw_onnx_evaluate(bw_onnx_evaluation **out, const bw_onnx_file *file,
                           const bw_onnx_evaluate_options *options, bw_error *error)
{
    bw_onnx_evaluation *e = calloc(1, sizeof *e);
    *out = NULL;
    if (!e)
        return bw_fail_memory(error, sizeof *e, "an evaluation");
    e->file = file;
    e->memory = options->memory;
    e->work = options->work;
    e->folds = options->folds;
    e->widens = options->widens;
    e->batch = options->batch;
    bw_status status = list_values(e, error);
    if (status == BW_OK)
        status = enter(e, options, error);
    if (status == BW_OK) {
        count_uses(e);
        status = run_nodes(e, error);
    }
    if (status == BW_OK)
        *out = e;
    else
        bw_onnx_evaluation_close(&e);
    return status;
}

void bw_onnx_evaluation_close(bw_onnx_evaluation **evaluation)
{
    bw_onnx_evaluation *e = *evaluation;
    if (!e)
        return;
    for (size_t index = 0; index < e->count; index++)
        bw_plain_release(&e->values[index].tensor);
    bw_arena_free(&e->arena);
    free(e);
    *evaluation = NULL;
}
