/**
 * What an ONNX file computes from the network's results, evaluated on numbers of our own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "import/onnx/heads.h"

/* What evaluating a tail may take for each number of the results. */
static const double steps_a_number = 3000.0, least_steps = 1e7;
enum { BYTES_A_NUMBER = 400, LEAST_BYTES = 16 << 20 };

static bool in_tail(const bw_onnx_lowering *lowering, const bw_onnx_node *node)
{
    for (size_t index = 0; index < node->output_count; index++) {
        if (bw_onnx_item_named(lowering, node->outputs[index])->role == BW_ONNX_TAIL)
            return true;
    }
    return false;
}

/* Operators that move numbers, and those that make probabilities of them. */
static bool only_moves(const char *op)
{
    static const char *const ops[] = {
        "Identity", "Reshape", "Flatten", "Squeeze",  "Unsqueeze", "Transpose", "Concat",  "Slice",
        "Split",    "Shape",   "Gather",  "Constant", "Cast",      "Sigmoid",   "Softmax",
    };
    for (size_t index = 0; index < sizeof ops / sizeof *ops; index++) {
        if (strcmp(ops[index], op) == 0)
            return true;
    }
    return false;
}

static int find_map(const bw_onnx_maps *maps, int tensor)
{
    for (int index = 0; index < maps->map_count; index++) {
        if (maps->maps[index].tensor == tensor)
            return index;
    }
    return BW_NONE;
}

/* A value that the tail reads from outside. */
static bw_status give(bw_onnx_tail *tail, bw_arena *scratch, const char *name)
{
    const bw_onnx_lowering *lowering = tail->lowering;
    const bw_onnx_item *item = bw_onnx_item_named(lowering, name);
    bw_onnx_given *given = &tail->given[tail->given_count];
    *given = (bw_onnx_given){.name = name};
    tail->given_maps[tail->given_count] = BW_NONE;
    if (item->role == BW_ONNX_NUMBERS) {
        if (bw_onnx_plain_tensor(&given->tensor, scratch, item->numbers, NULL) != BW_OK)
            return BW_OK;
    } else if (item->role == BW_ONNX_PICTURE || (item->role == BW_ONNX_DENSE && item->twin)) {
        int picture = item->role == BW_ONNX_PICTURE ? item->tensor : item->twin;
        bw_shape shape = bw_onnx_shape(lowering, picture);
        tail->given_maps[tail->given_count] = find_map(tail->maps, picture);
        given->tensor = (bw_plain_tensor){.type = BW_ELEMENT_F32,
                                          .rank = 4,
                                          .dims = {1, shape.channels, shape.height, shape.width}};
    } else {
        return BW_OK;
    }
    tail->inputs[tail->given_count++] = (bw_onnx_value){.name = given->name};
    return BW_OK;
}

static void note_operator(bw_onnx_tail *tail, const bw_onnx_node *node)
{
    static const char *const suppressions[] = {"NonMaxSuppression", "EfficientNMS_TRT",
                                               "BatchedNMSDynamic_TRT", "BatchedNMS_TRT"};
    tail->decodes |= !only_moves(node->op);
    tail->selects |= strcmp(node->op, "TopK") == 0;
    if (strcmp(node->op, "Softmax") == 0 && node->input_count > 0) {
        const bw_onnx_item *item = bw_onnx_item_named(tail->lowering, node->inputs[0]);
        tail->softmaxed = item->role == BW_ONNX_PICTURE ? item->tensor : BW_NONE;
    }
    for (size_t index = 0; index < sizeof suppressions / sizeof *suppressions; index++)
        tail->suppresses |= strcmp(node->op, suppressions[index]) == 0;
}

/* Boxes that were rounded to bytes are still those boxes. */
static bw_onnx_node without_rounding(const bw_onnx_node *node)
{
    bw_onnx_node copy = *node;
    if (bw_onnx_is_rounding(node) && node->input_count > 0) {
        copy.op = "Identity";
        copy.input_count = 1;
        copy.attribute_count = 0;
    }
    return copy;
}

static bw_status reserve(bw_onnx_tail *tail, bw_arena *scratch, size_t nodes, size_t inputs)
{
    tail->nodes = bw_arena_array(scratch, nodes + 1, sizeof *tail->nodes);
    tail->inputs = bw_arena_array(scratch, inputs + 1, sizeof *tail->inputs);
    tail->given = bw_arena_array(scratch, inputs + 1, sizeof *tail->given);
    tail->given_maps = bw_arena_array(scratch, inputs + 1, sizeof *tail->given_maps);
    return tail->nodes && tail->inputs && tail->given && tail->given_maps
               ? BW_OK
               : bw_fail_memory(tail->lowering->error, nodes * sizeof *tail->nodes,
                                "a graph's tail");
}

bw_status bw_onnx_find_tail(bw_onnx_tail *out, const bw_onnx_lowering *lowering,
                            const bw_onnx_maps *maps)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    bw_arena *scratch = &((bw_onnx_lowering *)(uintptr_t)lowering)->scratch;
    size_t nodes = 0, inputs = 0;
    *out = (bw_onnx_tail){
        .lowering = lowering, .maps = maps, .file = *lowering->file, .softmaxed = BW_NONE};
    for (size_t index = 0; index < graph->node_count; index++) {
        bool counts = in_tail(lowering, &graph->nodes[index]);
        nodes += counts;
        inputs += counts ? graph->nodes[index].input_count : 0;
    }
    bw_status status = reserve(out, scratch, nodes, inputs);
    size_t count = 0;
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++) {
        const bw_onnx_node *node = &graph->nodes[index];
        if (!in_tail(lowering, node))
            continue;
        out->nodes[count] = without_rounding(node);
        node = &out->nodes[count++];
        note_operator(out, node);
        for (size_t input = 0; status == BW_OK && input < node->input_count; input++)
            status = give(out, scratch, node->inputs[input]);
    }
    out->file.graph = (bw_onnx_graph){.name = graph->name,
                                      .nodes = out->nodes,
                                      .inputs = out->inputs,
                                      .node_count = count,
                                      .input_count = out->given_count};
    return status;
}

/* ---- running it ----------------------------------------------------------------------------- */

/* A map's tensor, [channel][row][column], from the numbers of its scale. */
static void fill_map(float *to, const bw_onnx_maps *maps, const bw_onnx_map *map,
                     const float *numbers)
{
    const bw_onnx_scale *scale = &maps->scales[map->scale];
    size_t cells = bw_onnx_cells(scale);
    for (int index = 0; index < map->count; index++) {
        const bw_onnx_part *part = &scale->parts[map->parts[index]];
        const float *from = numbers + (size_t)part->first * cells;
        size_t count = (size_t)part->channels * cells;
        memcpy(to, from, count * sizeof *to);
        for (size_t at = 0; map->logistic[index] && at < count; at++)
            to[at] = 1.0f / (1.0f + expf(-to[at]));
        to += count;
    }
}

static size_t numbers_of(const bw_onnx_maps *maps, const bw_onnx_map *map)
{
    const bw_onnx_scale *scale = &maps->scales[map->scale];
    size_t channels = 0;
    for (int index = 0; index < map->count; index++)
        channels += (size_t)scale->parts[map->parts[index]].channels;
    return channels * bw_onnx_cells(scale);
}

/* Sets the data of the given maps, in a block that the caller frees. */
static float *fill_maps(const bw_onnx_tail *tail, float *const *numbers, size_t *total)
{
    const bw_onnx_maps *maps = tail->maps;
    size_t starts[BW_ONNX_SCALES * BW_ONNX_PARTS];
    *total = 0;
    for (int index = 0; index < maps->map_count; index++) {
        starts[index] = *total;
        *total += numbers_of(maps, &maps->maps[index]);
    }
    float *block = malloc((*total + 1) * sizeof *block);
    for (int index = 0; block && index < maps->map_count; index++) {
        const bw_onnx_map *map = &maps->maps[index];
        fill_map(block + starts[index], maps, map, numbers[map->scale]);
    }
    for (size_t index = 0; block && index < tail->given_count; index++) {
        if (tail->given_maps[index] != BW_NONE)
            tail->given[index].tensor.data = block + starts[tail->given_maps[index]];
    }
    return block;
}

bw_status bw_onnx_run_tail(bw_onnx_evaluation **out, const bw_onnx_tail *tail,
                           float *const *numbers, bw_error *error)
{
    size_t total;
    float *block = fill_maps(tail, numbers, &total);
    if (!block)
        return bw_fail_memory(error, total * sizeof *block, "maps");
    bw_onnx_evaluate_options options = {
        .given = tail->given,
        .given_count = tail->given_count,
        .memory = LEAST_BYTES + (uint64_t)BYTES_A_NUMBER * total,
        .work = least_steps + steps_a_number * (double)total,
        .folds = true,
        .widens = true,
    };
    bw_status status = bw_onnx_evaluate(out, &tail->file, &options, error);
    free(block);
    return status;
}

bool bw_onnx_find_table(bw_onnx_table *out, const bw_onnx_evaluation *evaluation, const char *name,
                        size_t rows)
{
    const bw_plain_tensor *tensor = bw_onnx_evaluation_value(evaluation, name);
    if (!tensor || !tensor->data || !tensor->block || tensor->type != BW_ELEMENT_F32)
        return false;
    size_t count = bw_plain_count(tensor), columns = rows ? count / rows : 0;
    if (columns == 0 || columns * rows != count)
        return false;
    for (int axis = 0; axis <= tensor->rank; axis++) {
        if (bw_plain_span(tensor, 0, axis) == rows) {
            *out = (bw_onnx_table){tensor->data, rows, columns, columns, 1};
            return true;
        }
    }
    for (int axis = tensor->rank; axis >= 0; axis--) {
        if (bw_plain_span(tensor, axis, tensor->rank) == rows) {
            *out = (bw_onnx_table){tensor->data, rows, columns, 1, rows};
            return true;
        }
    }
    return false;
}
