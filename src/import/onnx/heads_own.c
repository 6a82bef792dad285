/**
 * What `boxwright convert` wrote: the metadata describes the heads, and the nodes that begin to
 * decode them have known names.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/onnx/lower.h"

static const bw_onnx_node *maker_of(const bw_onnx_lowering *lowering, const char *name)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_onnx_node *node = &graph->nodes[index];
        if (node->output_count == 1 && strcmp(node->outputs[0], name) == 0)
            return node;
    }
    return NULL;
}

/* The tensor of head `index`: what the first node of its decoding reads, or its copy. */
static int tensor_of(const bw_onnx_lowering *lowering, size_t index)
{
    static const char *const parts[] = {".planes", ""};
    for (size_t form = 0; form < 2; form++) {
        char name[40];
        snprintf(name, sizeof name, "head%zu%s", index, parts[form]);
        const bw_onnx_node *node = maker_of(lowering, name);
        const bw_onnx_item *item =
            bw_onnx_item_named(lowering, node && node->input_count ? node->inputs[0] : "");
        if (item->role == BW_ONNX_PICTURE)
            return item->tensor;
    }
    return BW_NONE;
}

static bool read_side(const json_t *value, float *out)
{
    *out = (float)json_number_value(value);
    return json_is_number(value) && *out > 0.0f && *out <= 65536.0f;
}

/* Other kinds have no such description. */
static const char *const kinds[BW_HEAD_COUNT] = {
    [BW_HEAD_YOLO] = "yolo", [BW_HEAD_REGION] = "region", [BW_HEAD_YOLOX] = "yolox"};

static bool read_head(const json_t *entry, int channels, bw_head *head)
{
    const char *kind = json_string_value(json_object_get(entry, "kind"));
    const char *form = json_string_value(json_object_get(entry, "form"));
    const json_t *anchors = json_object_get(entry, "anchors");
    size_t count = json_array_size(anchors);
    if (!kind || !form || count < 1 || count > BW_MAX_ANCHORS)
        return false;
    bool scaled = strcmp(form, "scaled") == 0;
    int which = 0;
    while (which < BW_HEAD_COUNT && (!kinds[which] || strcmp(kind, kinds[which]) != 0))
        which++;
    if (which == BW_HEAD_COUNT || (!scaled && strcmp(form, "raw") != 0))
        return false;
    *head = (bw_head){.kind = (bw_head_kind)which,
                      .form = scaled ? BW_HEAD_SCALED : BW_HEAD_RAW,
                      .anchors = (int)count,
                      .classes = channels / (int)count - 5};
    head->scale_xy = (float)json_number_value(json_object_get(entry, "scale_x_y"));
    for (size_t index = 0; index < 2 * count; index++) {
        const json_t *pair = json_array_get(anchors, index / 2);
        if (!read_side(json_array_get(pair, index % 2), &head->anchor[index / 2][index % 2]))
            return false;
    }
    return head->classes >= 1 && channels == (int)count * (5 + head->classes) &&
           head->scale_xy > 0.0f && head->scale_xy < 16.0f;
}

static bool add_head(bw_onnx_lowering *lowering, const json_t *entry, size_t index,
                     bw_status *status)
{
    bw_head head;
    int tensor = tensor_of(lowering, index);
    if (tensor == BW_NONE || !read_head(entry, bw_onnx_shape(lowering, tensor).channels, &head))
        return false;
    *status = bw_graph_add_output(lowering->graph, tensor, &head, lowering->error);
    return true;
}

static void read_pictures(bw_onnx_lowering *lowering)
{
    const char *resize = bw_onnx_find_metadata(lowering->file, "resize");
    const char *padding = bw_onnx_find_metadata(lowering->file, "padding");
    double grey = padding ? strtod(padding, NULL) : 0.5;
    lowering->out->resize = resize && strcmp(resize, "stretch") == 0  ? BW_RESIZE_STRETCH
                            : resize && strcmp(resize, "corner") == 0 ? BW_RESIZE_CORNER
                                                                      : BW_RESIZE_LETTERBOX;
    lowering->out->padding = grey >= 0.0 && grey <= 1.0 ? (float)grey : 0.5f;
}

bool bw_onnx_recognise_own(bw_onnx_lowering *lowering, bw_status *status)
{
    const char *text = bw_onnx_find_metadata(lowering->file, "heads");
    if (!text || strcmp(lowering->file->producer, "boxwright") != 0)
        return false;
    json_t *heads = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    bool good = json_array_size(heads) > 0;
    *status = BW_OK;
    for (size_t index = 0; good && *status == BW_OK && index < json_array_size(heads); index++)
        good = add_head(lowering, json_array_get(heads, index), index, status);
    json_decref(heads);
    if (good)
        read_pictures(lowering);
    else
        lowering->graph->output_count = 0;
    return good;
}
