#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "api/api.h"
#include "base/path.h"
#include "passes/quantize.h"

enum { MODEL_FILE_LIMIT = 64 << 20, SIDE_FILE_LIMIT = 1 << 20 };

static const char random_prefix[] = "random:";

static bw_status parse_seed(uint64_t *seed, const char *text, bw_error *error)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno)
        return bw_fail(error, BW_ERROR_ARGUMENT, "'random:%s' needs a whole number, as random:1",
                       text);
    *seed = value;
    return BW_OK;
}

static bw_status find_weights(bw_source *source, bw_model *model, const char *weights,
                              bw_error *error)
{
    size_t prefix = sizeof random_prefix - 1;
    if (model->file.data)
        return weights
                   ? bw_fail(error, BW_ERROR_ARGUMENT, "'%s' holds its own weights; leave '%s' out",
                             source->path, weights)
                   : BW_OK;
    if (weights && strncmp(weights, random_prefix, prefix) == 0)
        return parse_seed(&source->seed, weights + prefix, error);
    if (!source->text || !memchr(source->text, '[', source->size))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "'%s' is no model: neither a darknet .cfg, which has [sections], nor ONNX",
                       source->path);
    bool named = weights;
    if (!named)
        weights = bw_replace_suffix(&model->arena, source->path, ".weights");
    if (!weights)
        return bw_fail_memory(error, strlen(source->path), "a file name");
    if (!named && access(weights, F_OK) != 0)
        return bw_fail(error, BW_ERROR_IO,
                       "the weights of '%s' are missing: there is no '%s'; put them there, or name "
                       "their file with --weights",
                       source->path, weights);
    source->weights_path = weights;
    bw_status status = bw_map_file(&model->weights, weights, error);
    source->weights = model->weights;
    return status;
}

/* Models that hold their weights may have a file beside them that tells how to use them. */
static bw_status find_side(bw_source *source, uint8_t **text, bw_model *model, bw_error *error)
{
    if (!model->file.data)
        return BW_OK;
    source->side_path = bw_replace_suffix(&model->arena, source->path, ".boxwright");
    if (!source->side_path)
        return bw_fail_memory(error, strlen(source->path), "a file name");
    if (access(source->side_path, F_OK) != 0)
        return BW_OK;
    bw_status status =
        bw_read_file(text, &source->side_size, source->side_path, SIDE_FILE_LIMIT, error);
    source->side = (const char *)*text;
    return status;
}

/* The identity of a model: a digest of its files, or of the seed in place of weights. */
static void take_fingerprint(bw_model *model, const bw_source *source)
{
    XXH128_hash_t hash = XXH3_128bits(source->text, source->size);
    for (size_t part = 0; part < model->import.part_count; part++) {
        const bw_mapping *file = &model->import.parts[part];
        hash = XXH3_128bits_withSeed(file->data, file->size, hash.low64 ^ hash.high64);
    }
    if (source->side)
        hash = XXH3_128bits_withSeed(source->side, source->side_size, hash.low64 ^ hash.high64);
    if (source->weights_path)
        hash = XXH3_128bits_withSeed(source->weights.data, source->weights.size,
                                     hash.low64 ^ hash.high64);
    else if (!model->file.data)
        hash = XXH3_128bits_withSeed(&source->seed, sizeof source->seed, hash.low64 ^ hash.high64);
    snprintf(model->fingerprint, sizeof model->fingerprint, "%016llx%016llx",
             (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

static bw_status check_heads(bw_model *model, const char *path, bw_error *error)
{
    const bw_graph *graph = &model->import.graph;
    if (graph->output_count == 0)
        return bw_fail(error, BW_ERROR_FORMAT, "%s: has no detection layer", path);
    model->classes = graph->outputs[0].head.classes;
    for (size_t index = 1; index < graph->output_count; index++) {
        if (graph->outputs[index].head.classes != model->classes)
            return bw_fail(error, BW_ERROR_UNSUPPORTED,
                           "%s: its detection layers have %d and %d classes; all must have the "
                           "same",
                           path, model->classes, graph->outputs[index].head.classes);
    }
    return BW_OK;
}

static bw_status find_names(bw_model *model, const char *path, bw_error *error)
{
    const char *names = bw_replace_suffix(&model->arena, path, ".names");
    if (!names)
        return bw_fail_memory(error, strlen(path), "a file name");
    if (access(names, F_OK) == 0)
        return bw_model_set_names(model, names, error);
    if (!model->import.names)
        return bw_model_set_names(model, NULL, error);
    model->names = model->import.names;
    return BW_OK;
}

static bw_status load(bw_model *model, bw_source *source, const char *weights, bw_error *error)
{
    uint8_t *side = NULL;
    bw_status status = find_weights(source, model, weights, error);
    if (status == BW_OK)
        status = find_side(source, &side, model, error);
    if (status == BW_OK)
        status = bw_import_model(&model->import, source, error);
    if (status == BW_OK)
        status = check_heads(model, source->path, error);
    if (status == BW_OK)
        status = find_names(model, source->path, error);
    if (status == BW_OK)
        take_fingerprint(model, source);
    free(side);
    return status;
}

/* A text is read, so that a NUL ends it; anything else is mapped for as long as the model lives. */
static bw_status open_file(bw_model *model, uint8_t **text, bw_source *source, bw_error *error)
{
    bw_status status = bw_map_file(&model->file, source->path, error);
    if (status != BW_OK)
        return status;
    source->text = (const char *)model->file.data;
    source->size = model->file.size;
    if (!bw_import_is_text(source->text, source->size))
        return BW_OK;
    bw_unmap_file(&model->file);
    status = bw_read_file(text, &source->size, source->path, MODEL_FILE_LIMIT, error);
    source->text = (const char *)*text;
    return status;
}

bw_status bw_model_load(bw_model **out, const char *path, const char *weights,
                        const bw_limits *limits, bw_error *error)
{
    *out = NULL;
    bw_model *model = calloc(1, sizeof *model);
    if (!model)
        return bw_fail_memory(error, sizeof *model, "a model");
    bw_limits_init(&model->limits);
    if (limits)
        model->limits = *limits;
    uint8_t *text = NULL;
    model->path = bw_arena_text(&model->arena, path, strlen(path));
    bw_source source = {.path = path, .limits = &model->limits};
    bw_status status = model->path ? open_file(model, &text, &source, error)
                                   : bw_fail_memory(error, strlen(path), "a file name");
    if (status == BW_OK)
        status = load(model, &source, weights, error);
    free(text);
    if (status != BW_OK)
        bw_model_close(&model);
    *out = model;
    return status;
}

static bool has_general_operators(const bw_graph *graph)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        if (graph->nodes[index].op == BW_OP_PLAIN)
            return true;
    }
    return false;
}

/* General operators are made for one size: for another the file is read again. */
static bw_status import_again(bw_model *model, int width, int height, bw_error *error)
{
    bw_source source = {.path = model->path,
                        .text = (const char *)model->file.data,
                        .size = model->file.size,
                        .limits = &model->limits,
                        .width = width,
                        .height = height};
    bw_import again;
    uint8_t *side = NULL;
    bw_status status = find_side(&source, &side, model, error);
    if (status == BW_OK)
        status = bw_import_model(&again, &source, error);
    free(side);
    if (status != BW_OK)
        return status;
    bw_shape shape = again.graph.tensors[0].shape;
    if (shape.width != width || shape.height != height) {
        bw_import_free(&again);
        return bw_fail(
            error, BW_ERROR_UNSUPPORTED,
            "'%s' fixes its input at %d × %d pixels; export it with an input of %d × %d, "
            "or of any size",
            model->path, shape.width, shape.height, width, height);
    }
    if (model->import.names && model->names == model->import.names)
        model->names = again.names;
    bw_import_free(&model->import);
    model->import = again;
    return BW_OK;
}

bw_status bw_model_resize(bw_model *model, int width, int height, bw_error *error)
{
    bw_graph *graph = &model->import.graph;
    bw_shape before = graph->tensors[0].shape;
    if (width < 1 || height < 1 || width > 1 << 16 || height > 1 << 16)
        return bw_fail(error, BW_ERROR_ARGUMENT, "an input of %d × %d pixels makes no sense", width,
                       height);
    if (has_general_operators(graph) && (before.width != width || before.height != height))
        return import_again(model, width, height, error);
    bw_status status = bw_graph_resize(graph, height, width, error);
    if (status == BW_OK)
        return BW_OK;
    bw_fail_prefix(error, status,
                   "the network does not fit an input of %d × %d pixels (multiples "
                   "of its largest stride, often 32, do)",
                   width, height);
    bw_graph_resize(graph, before.height, before.width, NULL);
    return status;
}

static uint64_t count_weights(const bw_graph *graph)
{
    uint64_t count = 0;
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        count += node->weights.count + node->bias.count + node->scale.count + node->shift.count +
                 node->mean.count + node->variance.count;
    }
    return count;
}

static uint64_t count_boxes(const bw_graph *graph)
{
    uint64_t count = 0;
    for (size_t index = 0; index < graph->output_count; index++) {
        const bw_output *output = &graph->outputs[index];
        bw_shape shape = graph->tensors[output->tensor].shape;
        count += (uint64_t)shape.height * (uint64_t)shape.width * (uint64_t)output->head.anchors;
    }
    return count;
}

void bw_model_describe(const bw_model *model, bw_model_info *info)
{
    const bw_graph *graph = &model->import.graph;
    *info = (bw_model_info){
        .width = graph->tensors[0].shape.width,
        .height = graph->tensors[0].shape.height,
        .classes = model->classes,
        .names = model->names,
        .layers = model->import.layers,
        .boxes = count_boxes(graph),
        .weights = count_weights(graph),
        .macs = bw_graph_macs(graph),
        .resize = model->import.resize,
        .padding = model->import.padding,
        .head = model->import.head ? model->import.head : "YOLO",
        .pictures = model->import.pictures ? model->import.pictures : "RGB, 0 to 1",
        .quantized = bw_is_quantized(graph),
        .general = model->import.general ? model->import.general : "",
    };
    memcpy(info->fingerprint, model->fingerprint, sizeof info->fingerprint);
}

static bool copy_text(bw_arena *arena, const char **text)
{
    *text = bw_arena_text(arena, *text, strlen(*text));
    return *text != NULL;
}

bw_status bw_model_info_own(bw_model_info *info, bw_arena *arena, bw_error *error)
{
    const char **names = bw_arena_array(arena, (size_t)info->classes, sizeof *names);
    bool good = names && copy_text(arena, &info->head) && copy_text(arena, &info->pictures) &&
                copy_text(arena, &info->general);
    for (int class_id = 0; good && class_id < info->classes; class_id++) {
        names[class_id] = info->names[class_id];
        good = copy_text(arena, &names[class_id]);
    }
    info->names = names;
    return good ? BW_OK : bw_fail_memory(error, sizeof *names, "a model's texts");
}

const char *bw_model_warnings(const bw_model *model)
{
    return model->import.warnings ? model->import.warnings : "";
}

void bw_model_close(bw_model **handle)
{
    bw_model *model = *handle;
    if (!model)
        return;
    bw_import_free(&model->import);
    bw_unmap_file(&model->weights);
    bw_unmap_file(&model->file);
    bw_arena_free(&model->arena);
    free(model);
    *handle = NULL;
}
