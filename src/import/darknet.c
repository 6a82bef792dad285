/**
 * The importer of darknet's cfg and weights files.
 */
#include "import/darknet.h"

#include <stdlib.h>
#include <string.h>

static const bw_darknet_kind kinds[] = {
    {"convolutional", "conv", bw_darknet_convolutional, false, false},
    {"maxpool", "max", bw_darknet_maxpool, false, false},
    {"avgpool", "avg", bw_darknet_avgpool, false, false},
    {"upsample", NULL, bw_darknet_upsample, false, false},
    {"reorg", NULL, bw_darknet_reorg, false, false},
    {"batchnorm", NULL, bw_darknet_batchnorm, false, false},
    {"activation", NULL, bw_darknet_activation, false, false},
    {"dropout", NULL, bw_darknet_dropout, false, false},
    {"route", NULL, bw_darknet_route, false, true},
    {"shortcut", NULL, bw_darknet_shortcut, false, false},
    {"yolo", NULL, bw_darknet_yolo, true, false},
    {"region", NULL, bw_darknet_region, true, false},
    {0},
};

static const bw_darknet_kind *find_kind(const char *name)
{
    for (const bw_darknet_kind *kind = kinds; kind->name; kind++) {
        if (strcmp(name, kind->name) == 0 || (kind->alias && strcmp(name, kind->alias) == 0))
            return kind;
    }
    return NULL;
}

static bool is_net(const char *name)
{
    return strcmp(name, "net") == 0 || strcmp(name, "network") == 0;
}

bw_shape bw_darknet_shape(const bw_darknet *net, int tensor)
{
    return net->graph->tensors[tensor].shape;
}

/* Puts the section's place before the message of a failure. */
static bw_status locate(const bw_cfg_reader *options, bw_status status)
{
    if (status == BW_OK)
        return BW_OK;
    return bw_fail_prefix(options->error, status, "%s:%d", options->cfg->path,
                          options->section->line);
}

/* The node, named and with its inputs; `*tensor` is its input where it has none yet. */
static bw_node complete(const bw_darknet *net, int *tensor, const bw_node *node)
{
    bw_node copy = *node;
    copy.name = net->name;
    copy.residual = BW_NONE;
    if (!copy.inputs) {
        copy.inputs = tensor;
        copy.input_count = 1;
    }
    return copy;
}

bw_status bw_darknet_check(bw_darknet *net, int tensor, const bw_node *node)
{
    bw_shape shape;
    bw_node copy = complete(net, &tensor, node);
    return locate(&net->options, bw_graph_infer(net->graph, &copy, &shape, net->error));
}

bw_status bw_darknet_append(bw_darknet *net, int *tensor, const bw_node *node)
{
    int input = *tensor;
    bw_node copy = complete(net, &input, node);
    return locate(&net->options, bw_graph_add(net->graph, tensor, &copy, net->error));
}

bw_status bw_darknet_begin_weights(bw_darknet *net, size_t count)
{
    char layer[200];
    snprintf(layer, sizeof layer, "layer %s (%s:%d)", net->name, net->options.cfg->path,
             net->options.section->line);
    return bw_weights_begin(&net->weights, layer, count, net->error);
}

/* The [net] section: the input's size and how pictures are fitted into it. */
static bw_status import_net(bw_darknet *net, bw_resize *resize, int *tensor)
{
    enum { LARGEST_SIDE = 1 << 16 };
    bw_cfg_reader *options = &net->options;
    const bw_cfg_section *section = options->section;
    if (!is_net(section->name))
        return bw_cfg_fail(options, section->line, BW_ERROR_FORMAT,
                           "the first section is [%.40s]; it must be [net]", section->name);
    bw_shape shape = {.height = bw_cfg_required(options, "height", 1, LARGEST_SIDE),
                      .width = bw_cfg_required(options, "width", 1, LARGEST_SIDE),
                      .channels = bw_cfg_integer(options, "channels", 3, 1, LARGEST_SIDE)};
    bool letterbox = bw_cfg_integer(options, "letter_box", 1, 0, 1);
    *resize = letterbox ? BW_RESIZE_LETTERBOX : BW_RESIZE_STRETCH;
    if (shape.channels != 3)
        bw_cfg_fail(options, bw_cfg_line(options, "channels"), BW_ERROR_UNSUPPORTED,
                    "the network takes pictures of %d channels; only 3, RGB, are supported",
                    shape.channels);
    if (options->status != BW_OK)
        return options->status;
    return locate(options, bw_graph_add_input(net->graph, tensor, shape, net->error));
}

/* One sentence for a section that no handler takes. */
static bw_status fail_unknown(bw_cfg_reader *options)
{
    const bw_cfg_section *section = options->section;
    if (is_net(section->name))
        return bw_cfg_fail(options, section->line, BW_ERROR_FORMAT,
                           "a second [%s] section; there can be one only", section->name);
    char names[200] = "net";
    size_t length = strlen(names);
    for (const bw_darknet_kind *kind = kinds; kind->name && length < sizeof names; kind++) {
        int written = snprintf(names + length, sizeof names - length, ", %s", kind->name);
        length += written > 0 ? (size_t)written : 0;
    }
    return bw_cfg_fail(options, section->line, BW_ERROR_UNSUPPORTED,
                       "[%.40s] is not supported; supported sections are %s", section->name, names);
}

static bw_status import_layer(bw_darknet *net, int *tensor)
{
    bw_cfg_reader *options = &net->options;
    const bw_darknet_kind *kind = find_kind(options->section->name);
    if (!kind)
        return fail_unknown(options);
    if (!kind->is_junction && net->count > 0 && net->layers[net->count - 1].kind->is_head)
        return bw_cfg_fail(options, options->section->line, BW_ERROR_UNSUPPORTED,
                           "[%s] reads the boxes of the [%s] before it; name another layer by a "
                           "[route] between them",
                           kind->name, net->layers[net->count - 1].kind->name);
    snprintf(net->name, sizeof net->name, "%d %s", net->count, kind->name);
    bw_status status = kind->import(net, tensor);
    if (status == BW_OK)
        status = options->status;
    if (status == BW_OK)
        net->layers[net->count++] = (bw_darknet_layer){kind, *tensor};
    return status;
}

static bw_status warn_unused(const bw_cfg *cfg, bw_warnings *warnings, bw_error *error)
{
    for (size_t index = 0; index < cfg->section_count; index++) {
        const bw_cfg_section *section = &cfg->sections[index];
        for (size_t key = section->first; key < section->first + section->count; key++) {
            const bw_cfg_entry *entry = &cfg->entries[key];
            if (entry->used || bw_darknet_key_is_for_training(section->name, entry->key))
                continue;
            bw_status status =
                bw_warnings_add(warnings, error, "%s:%d: key '%.40s' of [%s] is not used",
                                cfg->path, entry->line, entry->key, section->name);
            if (status != BW_OK)
                return status;
        }
    }
    return BW_OK;
}

static bw_status import_sections(bw_darknet *net, bw_import *out)
{
    bw_cfg *cfg = net->options.cfg;
    int tensor;
    net->options.section = &cfg->sections[0];
    bw_status status = import_net(net, &out->resize, &tensor);
    for (size_t index = 1; status == BW_OK && index < cfg->section_count; index++) {
        net->options.section = &cfg->sections[index];
        status = import_layer(net, &tensor);
    }
    out->layers = net->count;
    if (status == BW_OK && out->graph.output_count == 0)
        status = bw_fail(net->error, BW_ERROR_FORMAT,
                         "%s: the network has no [yolo] or [region] section: it detects nothing",
                         cfg->path);
    return status == BW_OK ? bw_weights_finish(&net->weights, net->error) : status;
}

static bw_status import_cfg(bw_import *out, const bw_source *source, bw_cfg *cfg,
                            bw_warnings *warnings, bw_error *error)
{
    bw_darknet net = {
        .graph = &out->graph, .options = {.cfg = cfg, .error = error}, .error = error};
    net.layers = calloc(cfg->section_count, sizeof *net.layers);
    if (!net.layers)
        return bw_fail_memory(error, cfg->section_count * sizeof *net.layers, "a cfg's layers");
    bw_status status = bw_weights_open(&net.weights, source, &out->graph.arena, error);
    if (status == BW_OK)
        status = import_sections(&net, out);
    free(net.layers);
    if (status == BW_OK)
        status = warn_unused(cfg, warnings, error);
    return status == BW_OK ? bw_warnings_finish(warnings, &out->warnings, error) : status;
}

static bw_status run_darknet(bw_import *out, const bw_source *source, bw_error *error)
{
    bw_cfg cfg;
    bw_warnings warnings = {0};
    uint64_t layers = source->limits->layers;
    uint64_t sections = layers < INT32_MAX ? layers + 1 : INT32_MAX;
    bw_graph_init(&out->graph, source->limits->tensor_bytes);
    bw_status status =
        bw_cfg_parse(&cfg, source->path, source->text, source->size, sections, &warnings, error);
    if (status == BW_OK) {
        status = import_cfg(out, source, &cfg, &warnings, error);
        bw_cfg_free(&cfg);
    }
    bw_warnings_free(&warnings);
    return status;
}

/* Any text: a text that is wrong deserves a message with its line. */
static bool is_text(const bw_source *source)
{
    return bw_import_is_text(source->text, source->size);
}

const bw_importer bw_importer_darknet = {
    .name = "darknet",
    .recognises = is_text,
    .run = run_darknet,
};
