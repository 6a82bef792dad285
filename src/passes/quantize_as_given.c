#include <math.h>

#include "passes/quantize.h"

bool bw_is_quantized(const bw_graph *graph)
{
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        if (graph->tensors[tensor].given.type == BW_U8)
            return true;
    }
    return false;
}

/* Bytes that reach as far as both. */
static bw_format cover(bw_format a, bw_format b)
{
    if (a.type != BW_U8 || bw_format_equal(a, b))
        return b;
    bw_range both = {fminf(bw_from_u8(0, a), bw_from_u8(0, b)),
                     fmaxf(bw_from_u8(255, a), bw_from_u8(255, b))};
    return bw_range_bytes(both);
}

/* A class with the picture in it has the picture's bytes. */
static void leave_floats(const bw_quantization *how, const bw_graph *graph, bool *floats)
{
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++)
        floats[tensor] = how->formats[how->classes[tensor]].type != BW_U8;
    for (size_t index = 0; index < graph->node_count; index++) {
        if (graph->nodes[index].op == BW_OP_INPUT)
            floats[how->classes[graph->nodes[index].output]] = false;
    }
}

static bw_status open_given(bw_quantization *how, bw_graph *graph, bw_error *error)
{
    size_t count = graph->tensor_count;
    bw_format *formats = bw_arena_array(&graph->arena, count, sizeof *formats);
    bool *floats = bw_arena_array(&graph->arena, count, sizeof *floats);
    how->classes = bw_find_classes(graph);
    how->formats = formats;
    how->floats = floats;
    if (!formats || !floats || !how->classes)
        return bw_fail_memory(error, count * sizeof *formats, "a pass");
    for (size_t tensor = 0; tensor < count; tensor++) {
        bw_format *of = &formats[how->classes[tensor]], given = graph->tensors[tensor].given;
        if (given.type == BW_U8)
            *of = cover(*of, given);
    }
    for (size_t tensor = 0; tensor < count; tensor++)
        formats[tensor] = formats[how->classes[tensor]];
    leave_floats(how, graph, floats);
    return BW_OK;
}

bw_status bw_pass_quantize_as_given(bw_graph *graph, int largest_dense, int largest_whole,
                                    bw_error *error)
{
    bw_quantization how = {.largest_dense = largest_dense, .largest_whole = largest_whole};
    bw_status status = open_given(&how, graph, error);
    if (status == BW_OK)
        status = bw_give_formats(graph, &how, error);
    if (status == BW_OK)
        status = bw_keep_weights(graph, &how, error);
    return status == BW_OK ? bw_graph_verify(graph, error) : status;
}
