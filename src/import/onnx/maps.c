/**
 * The network's results, sorted into scales and parts; and parts put together as heads.
 */
#include <string.h>

#include "import/onnx/heads.h"

size_t bw_onnx_cells(const bw_onnx_scale *scale)
{
    return (size_t)scale->height * (size_t)scale->width;
}

static const bw_node *producer(const bw_onnx_lowering *lowering, int tensor)
{
    return &lowering->graph->nodes[lowering->graph->tensors[tensor].producer];
}

/* The scale of that size; a new one where there is none. NULL: there are too many. */
static bw_onnx_scale *find_scale(bw_onnx_maps *maps, bw_shape shape)
{
    for (int index = 0; index < maps->scale_count; index++) {
        bw_onnx_scale *scale = &maps->scales[index];
        if (scale->height == shape.height && scale->width == shape.width)
            return scale;
    }
    if (maps->scale_count == BW_ONNX_SCALES)
        return NULL;
    bw_onnx_scale *scale = &maps->scales[maps->scale_count++];
    scale->height = shape.height;
    scale->width = shape.width;
    return scale;
}

static bool add_part(bw_onnx_scale *scale, bw_onnx_map *map, int tensor, int channels,
                     bool logistic)
{
    int part = 0;
    while (part < scale->part_count && scale->parts[part].tensor != tensor)
        part++;
    if (part == BW_ONNX_PARTS || map->count == BW_ONNX_PARTS)
        return false;
    if (part == scale->part_count) {
        scale->parts[scale->part_count++] =
            (bw_onnx_part){tensor, channels, scale->channels, false};
        scale->channels += channels;
    }
    scale->parts[part].logistic |= logistic;
    map->parts[map->count] = part;
    map->logistic[map->count++] = logistic;
    return true;
}

/* Takes logistic functions off, and joins apart. */
static bool add_parts(const bw_onnx_lowering *lowering, bw_onnx_scale *scale, bw_onnx_map *map,
                      int tensor, bool logistic)
{
    const bw_node *node = producer(lowering, tensor);
    if (!logistic && node->op == BW_OP_ACTIVATION && node->attributes.activation == BW_LOGISTIC) {
        logistic = true;
        tensor = node->inputs[0];
        node = producer(lowering, tensor);
    }
    if (node->op != BW_OP_CONCAT || node->input_count > BW_ONNX_PARTS)
        return add_part(scale, map, tensor, bw_onnx_shape(lowering, tensor).channels, logistic);
    for (int input = 0; input < node->input_count; input++) {
        int from = node->inputs[input];
        const bw_node *inner = producer(lowering, from);
        bool gated = inner->op == BW_OP_ACTIVATION && inner->attributes.activation == BW_LOGISTIC;
        from = gated && !logistic ? inner->inputs[0] : from;
        if (!add_part(scale, map, from, bw_onnx_shape(lowering, from).channels, logistic || gated))
            return false;
    }
    return true;
}

/* Scale `at` and the one before it change places; the maps' numbers of scales follow. */
static void swap_scales(bw_onnx_maps *maps, int at)
{
    bw_onnx_scale upper = maps->scales[at - 1];
    maps->scales[at - 1] = maps->scales[at];
    maps->scales[at] = upper;
    for (int map = 0; map < maps->map_count; map++) {
        int *scale = &maps->maps[map].scale;
        *scale = *scale == at ? at - 1 : *scale == at - 1 ? at : *scale;
    }
}

/* The finest first. */
static void sort_scales(bw_onnx_maps *maps)
{
    for (int place = 1; place < maps->scale_count; place++) {
        for (int at = place; at > 0; at--) {
            if (bw_onnx_cells(&maps->scales[at - 1]) >= bw_onnx_cells(&maps->scales[at]))
                break;
            swap_scales(maps, at);
        }
    }
}

/* A scale of one part beside others of several is no head: it goes to the end. */
static void set_apart(bw_onnx_maps *maps)
{
    int parts = maps->scales[maps->scale_count - 1].part_count;
    for (int index = maps->scale_count - 1; index >= 0 && parts > 1; index--) {
        if (maps->scales[index].part_count > 1)
            continue;
        for (int at = index + 1; at < maps->scale_count; at++)
            swap_scales(maps, at);
        maps->scale_count--;
        maps->spare_count++;
    }
}

bool bw_onnx_sort_results(bw_onnx_maps *out, const bw_onnx_lowering *lowering)
{
    *out = (bw_onnx_maps){0};
    if (lowering->result_count < 1 || lowering->result_count > sizeof out->maps / sizeof *out->maps)
        return false;
    for (size_t index = 0; index < lowering->result_count; index++) {
        int tensor = lowering->results[index];
        bw_onnx_scale *scale = find_scale(out, bw_onnx_shape(lowering, tensor));
        bw_onnx_map *map = &out->maps[out->map_count++];
        if (!scale)
            return false;
        *map = (bw_onnx_map){.tensor = tensor, .scale = (int)(scale - out->scales)};
        if (!add_parts(lowering, scale, map, tensor, false))
            return false;
    }
    sort_scales(out);
    set_apart(out);
    return true;
}

/* ---- heads of parts ------------------------------------------------------------------------- */

/* The tensor of a range: its part, or a slice of that. */
static bw_status take_range(bw_onnx_lowering *lowering, const bw_onnx_scale *scale,
                            const bw_onnx_range *range, int *tensor)
{
    const bw_onnx_part *part = &scale->parts[range->part];
    *tensor = part->tensor;
    if (range->channels == part->channels)
        return BW_OK;
    bw_node node = {.op = BW_OP_SLICE,
                    .attributes = {.first_channel = range->first, .channels = range->channels}};
    return bw_onnx_append_tensor(lowering, tensor, &node, &part->tensor, 1);
}

static bw_status add_head(bw_onnx_lowering *lowering, const bw_onnx_scale *scale,
                          const bw_onnx_guess *guess, int index)
{
    int tensors[BW_ONNX_RANGES] = {0}, tensor;
    bw_status status = BW_OK;
    for (int range = 0; status == BW_OK && range < guess->range_count; range++)
        status = take_range(lowering, scale, &guess->ranges[index][range], &tensors[range]);
    tensor = tensors[0];
    bw_node join = {.op = BW_OP_CONCAT};
    if (status == BW_OK && guess->range_count > 1)
        status = bw_onnx_append_tensor(lowering, &tensor, &join, tensors, guess->range_count);
    return status == BW_OK
               ? bw_graph_add_output(lowering->graph, tensor, &guess->heads[index], lowering->error)
               : status;
}

bw_status bw_onnx_apply(bw_onnx_lowering *lowering, const bw_onnx_maps *maps,
                        const bw_onnx_guess *guess)
{
    const bw_onnx_family *family = guess->family;
    bw_status status = BW_OK;
    lowering->label = "head";
    for (int index = 0; status == BW_OK && index < maps->scale_count; index++)
        status = add_head(lowering, &maps->scales[index], guess, index);
    if (status == BW_OK)
        status = bw_onnx_set_pictures(lowering, &family->pictures, family->resize,
                                      family->padding / 255.0f);
    lowering->out->head = family->title;
    return status;
}
