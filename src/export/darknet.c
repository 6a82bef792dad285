/**
 * The exporter of darknet's files: cfg, weights and class names.
 */
#include "export/darknet.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 20 }; /* of the weights: version 0.2, revision 5, pictures seen */

/* ---- Heads ---------------------------------------------------------------------------------- */

static void write_anchors(const bw_darknet_file *file, const bw_head *head)
{
    for (int anchor = 0; anchor < head->anchors; anchor++)
        fprintf(file->cfg, "%s%.9g,%.9g",
                anchor ? ", " : "anchors=", (double)head->anchor[anchor][0],
                (double)head->anchor[anchor][1]);
    fprintf(file->cfg, "\nnum=%d\nclasses=%d\n", head->anchors, head->classes);
}

static void write_yolo(const bw_darknet_file *file, const bw_head *head)
{
    fputs("\n[yolo]\n", file->cfg);
    for (int anchor = 0; anchor < head->anchors; anchor++)
        fprintf(file->cfg, "%s%d", anchor ? "," : "mask=", anchor);
    fputc('\n', file->cfg);
    write_anchors(file, head);
    if (head->form == BW_HEAD_SCALED)
        fputs("new_coords=1\n", file->cfg);
    fprintf(file->cfg, "scale_x_y=%.9g\n", (double)head->scale_xy);
    if (head->nms != BW_NMS_AUTO)
        fprintf(file->cfg, "nms_kind=%s\n", head->nms == BW_NMS_DIOU ? "diounms" : "greedynms");
}

static void write_region(const bw_darknet_file *file, const bw_head *head)
{
    fputs("\n[region]\n", file->cfg);
    write_anchors(file, head);
    fputs("coords=4\nsoftmax=1\n", file->cfg);
}

static bw_status write_head(bw_darknet_file *file, const bw_output *output)
{
    const bw_graph *graph = file->what->graph;
    const bw_head *head = &output->head;
    const bw_node *node = &graph->nodes[graph->tensors[output->tensor].producer];
    if ((head->kind != BW_HEAD_YOLO && head->kind != BW_HEAD_REGION) ||
        head->form == BW_HEAD_SCALED_LOGITS)
        return bw_darknet_refuse(file, node,
                                 "a head reads it whose boxes neither [yolo] nor [region] decode");
    bw_status status = bw_darknet_read_tensor(file, node, output->tensor);
    if (status != BW_OK)
        return status;
    if (head->kind == BW_HEAD_YOLO)
        write_yolo(file, head);
    else
        write_region(file, head);
    file->count++;
    file->previous = BW_NONE;
    return BW_OK;
}

/* Heads keep their order: each comes as soon as it and those before it can. */
static bw_status write_heads(bw_darknet_file *file, size_t *next)
{
    const bw_graph *graph = file->what->graph;
    bw_status status = BW_OK;
    while (status == BW_OK && *next < graph->output_count &&
           file->layers[graph->outputs[*next].tensor] != BW_NONE)
        status = write_head(file, &graph->outputs[(*next)++]);
    return status;
}

/* ---- The network ---------------------------------------------------------------------------- */

static bw_status write_net(const bw_darknet_file *file)
{
    const bw_export *what = file->what;
    bw_shape shape = what->graph->tensors[0].shape;
    if (what->resize == BW_RESIZE_CORNER)
        return bw_fail(file->error, BW_ERROR_UNSUPPORTED,
                       "the network wants pictures at the top left of its input, and darknet puts "
                       "them into its middle or stretches them; ONNX tells it (--to onnx)");
    fprintf(file->cfg,
            "# Written by boxwright %s from the network %s.\n[net]\nbatch=1\nsubdivisions=1\n"
            "width=%d\nheight=%d\nchannels=%d\nletter_box=%d\n",
            bw_version(), what->fingerprint, shape.width, shape.height, shape.channels,
            what->resize == BW_RESIZE_LETTERBOX);
    return BW_OK;
}

static bw_status open_tables(bw_darknet_file *file)
{
    const bw_graph *graph = file->what->graph;
    size_t tensors = graph->tensor_count;
    file->layers = bw_arena_array(&file->arena, tensors, sizeof *file->layers);
    file->uses = bw_arena_array(&file->arena, tensors, sizeof *file->uses);
    file->readers = bw_arena_array(&file->arena, tensors, sizeof *file->readers);
    file->done = bw_arena_array(&file->arena, graph->node_count, sizeof *file->done);
    if (!file->layers || !file->uses || !file->readers || !file->done)
        return bw_fail_memory(file->error, tensors * sizeof *file->uses, "a cfg");
    for (size_t tensor = 0; tensor < tensors; tensor++)
        file->layers[tensor] = file->readers[tensor] = BW_NONE;
    bw_graph_count_uses(graph, file->uses);
    for (size_t index = 0; index < graph->node_count; index++) {
        for (int input = 0; input < graph->nodes[index].input_count; input++)
            file->readers[graph->nodes[index].inputs[input]] = (int)index;
    }
    return BW_OK;
}

static bw_status write_network(bw_darknet_file *file)
{
    const bw_graph *graph = file->what->graph;
    size_t next = 0;
    bw_status status = open_tables(file);
    if (status == BW_OK)
        status = write_net(file);
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++) {
        if (graph->nodes[index].op == BW_OP_INPUT)
            continue;
        status = bw_darknet_write_node(file, index);
        if (status == BW_OK)
            status = write_heads(file, &next);
    }
    if (status == BW_OK && next < graph->output_count)
        status = bw_darknet_refuse(file, &graph->nodes[0], "a head reads the picture itself");
    return status;
}

/* ---- Files ---------------------------------------------------------------------------------- */

/* `path` with another ending in place of ".cfg"; NULL without memory. */
static const char *beside(bw_darknet_file *file, const char *path, const char *suffix)
{
    size_t length = strlen(path), ending = strlen(".cfg");
    if (length > ending && strcmp(path + length - ending, ".cfg") == 0)
        length -= ending;
    return bw_arena_format(&file->arena, "%.*s%s", (int)length, path, suffix);
}

static bw_status write_weights(bw_darknet_file *file, const char *path)
{
    static const uint8_t header[HEADER_BYTES] = {[4] = 2, [8] = 5};
    bw_span *spans = bw_arena_array(&file->arena, file->span_count + 1, sizeof *spans);
    if (!spans)
        return bw_fail_memory(file->error, file->span_count * sizeof *spans, "a weights file");
    spans[0] = (bw_span){header, sizeof header};
    if (file->span_count)
        memcpy(spans + 1, file->spans, file->span_count * sizeof *spans);
    return bw_write_spans(path, spans, file->span_count + 1, file->error);
}

static bw_status write_names(const bw_darknet_file *file, const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    for (int class_id = 0; stream && class_id < file->what->classes; class_id++)
        fprintf(stream, "%s\n", file->what->names[class_id]);
    bw_status status = stream && fclose(stream) == 0
                           ? bw_write_file(path, text, size, file->error)
                           : bw_fail_memory(file->error, size, "class names");
    free(text);
    return status;
}

/* The cfg comes last: where it is, the others are. */
static bw_status write_files(bw_darknet_file *file, const char *path, const char *text, size_t size)
{
    const char *weights = beside(file, path, ".weights"), *names = beside(file, path, ".names");
    if (!weights || !names)
        return bw_fail_memory(file->error, strlen(path), "a file name");
    bw_status status = write_weights(file, weights);
    if (status == BW_OK)
        status = write_names(file, names);
    return status == BW_OK ? bw_write_file(path, text, size, file->error) : status;
}

bw_status bw_export_darknet(const char *path, const bw_export *what, bw_error *error)
{
    bw_darknet_file file = {.what = what, .error = error};
    char *text = NULL;
    size_t size = 0;
    file.cfg = open_memstream(&text, &size);
    bw_status status = file.cfg ? write_network(&file) : bw_fail_memory(error, 1, "a cfg");
    bool whole = file.cfg && fclose(file.cfg) == 0;
    if (status == BW_OK && !whole)
        status = bw_fail_memory(error, size, "a cfg");
    if (status == BW_OK)
        status = write_files(&file, path, text, size);
    free(text);
    free(file.spans);
    bw_arena_free(&file.arena);
    return status;
}
