#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "api/api.h"
#include "base/cpu.h"
#include "prune/prune.h"

struct bw_pruning {
    const bw_model *model;
    bw_graph graph;
    bw_pool *pool;
    bw_pruner *pruner;
    bw_resize resize;
    float padding;
};

static bw_status open_pruning(bw_pruning *pruning, const bw_model *model, uint32_t cpu_mask,
                              int threads, bw_error *error)
{
    bw_model_info info;
    bw_model_describe(model, &info);
    pruning->model = model;
    pruning->resize = info.resize;
    pruning->padding = info.padding;
    bw_status status = bw_graph_optimise(&pruning->graph, model, error);
    if (status == BW_OK)
        status = bw_pool_open(&pruning->pool, threads ? threads : bw_cpu_count(), error);
    return status == BW_OK ? bw_pruner_open(&pruning->pruner, &pruning->graph, pruning->pool,
                                            cpu_mask & bw_cpu_features(), error)
                           : status;
}

bw_status bw_pruning_open(bw_pruning **out, const bw_model *model, uint32_t cpu_mask, int threads,
                          bw_error *error)
{
    *out = NULL;
    bw_pruning *pruning = calloc(1, sizeof *pruning);
    if (!pruning)
        return bw_fail_memory(error, sizeof *pruning, "pruning");
    bw_status status = open_pruning(pruning, model, cpu_mask, threads, error);
    if (status != BW_OK)
        bw_pruning_close(&pruning);
    *out = pruning;
    return status;
}

bw_status bw_pruning_add(bw_pruning *pruning, const bw_image *image, bw_error *error)
{
    return bw_pruner_add(pruning->pruner, image, pruning->resize, pruning->padding, error);
}

bw_status bw_pruning_rank(bw_pruning *pruning, bw_error *error)
{
    return bw_pruner_rank(pruning->pruner, error);
}

/* What the model tells of itself beside its graph: that of the whole one. */
static bw_status copy_texts(bw_model *model, const bw_model *from, bw_error *error)
{
    bw_model_info info;
    bw_model_describe(from, &info);
    bw_status status = bw_model_info_own(&info, &model->arena, error);
    model->import.head = info.head;
    model->import.pictures = info.pictures;
    model->names = info.names;
    model->classes = info.classes;
    return status;
}

/* What the network was, and what its weights have become. */
static void take_fingerprint(bw_model *model, const bw_model *from)
{
    const bw_graph *graph = &model->import.graph;
    XXH128_hash_t hash = XXH3_128bits(from->fingerprint, sizeof from->fingerprint);
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_constant *parts[] = {&graph->nodes[index].weights, &graph->nodes[index].bias};
        for (size_t part = 0; part < 2; part++) {
            if (parts[part]->data)
                hash = XXH3_128bits_withSeed(parts[part]->data, parts[part]->count * sizeof(float),
                                             hash.low64 ^ hash.high64);
        }
    }
    snprintf(model->fingerprint, sizeof model->fingerprint, "%016llx%016llx",
             (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

bw_status bw_pruning_cut(bw_model **out, double *saved, bw_pruning *pruning, double share,
                         bw_error *error)
{
    *out = NULL;
    if (!(share >= 0.0 && share < 1.0))
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "a share of %g of the time to be saved; it must be 0 to 1", share);
    bw_model *model = calloc(1, sizeof *model);
    if (!model)
        return bw_fail_memory(error, sizeof *model, "a model");
    const bw_model *from = pruning->model;
    model->limits = from->limits;
    model->import.layers = from->import.layers;
    model->import.resize = from->import.resize;
    model->import.padding = from->import.padding;
    bw_status status = bw_pruner_cut(&model->import.graph, saved, pruning->pruner, share, error);
    if (status == BW_OK)
        status = copy_texts(model, from, error);
    if (status == BW_OK)
        take_fingerprint(model, from);
    else
        bw_model_close(&model);
    *out = model;
    return status;
}

void bw_pruning_close(bw_pruning **handle)
{
    bw_pruning *pruning = *handle;
    if (!pruning)
        return;
    bw_pruner_close(&pruning->pruner);
    bw_pool_close(&pruning->pool);
    bw_graph_free(&pruning->graph);
    free(pruning);
    *handle = NULL;
}
