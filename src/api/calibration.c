#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/rounding.h"
#include "calibrate/observe.h"
#include "calibrate/ranges.h"
#include "passes/passes.h"

static const uint64_t largest_file = UINT64_C(1) << 31;

struct bw_calibration {
    const bw_model *model; /* borrowed */
    bw_graph graph;
    bw_pool *pool;
    bw_observer *observer;     /* NULL where the statistics came from a file */
    bw_statistics *statistics; /* from a file, their arrays in the arena; or NULL */
    bw_arena arena;
    bw_resize resize;
    float padding;
    bw_probed *probed; /* one a tensor, once a plan has asked for it; of `pictures` */
    size_t pictures;
};

bw_status bw_graph_optimise(bw_graph *out, const bw_model *model, bw_error *error)
{
    bw_status status = bw_graph_clone(out, &model->import.graph, error);
    if (status != BW_OK)
        return status;
    status = bw_passes_run(out, error);
    if (status != BW_OK)
        bw_graph_free(out);
    return status;
}

char *bw_model_graph(const bw_model *model, bool optimised)
{
    bw_graph graph;
    char *text = NULL;
    size_t size;
    bw_status status = optimised ? bw_graph_optimise(&graph, model, NULL)
                                 : bw_graph_clone(&graph, &model->import.graph, NULL);
    if (status != BW_OK)
        return NULL;
    FILE *stream = open_memstream(&text, &size);
    if (stream) {
        bw_graph_dump(&graph, stream);
        if (fclose(stream) != 0) {
            free(text);
            text = NULL;
        }
    }
    bw_graph_free(&graph);
    return text;
}

static bw_status open_calibration(bw_calibration *calibration, const bw_model *model, int threads,
                                  bw_error *error)
{
    bw_model_info info;
    bw_model_describe(model, &info);
    calibration->model = model;
    calibration->resize = info.resize;
    calibration->padding = info.padding;
    bw_status status = bw_graph_optimise(&calibration->graph, model, error);
    if (status == BW_OK)
        status = bw_pool_open(&calibration->pool, threads ? threads : bw_cpu_count(), error);
    return status == BW_OK ? bw_observer_open(&calibration->observer, &calibration->graph,
                                              calibration->pool, error)
                           : status;
}

bw_status bw_calibration_open(bw_calibration **out, const bw_model *model, int threads,
                              bw_error *error)
{
    *out = NULL;
    bw_calibration *calibration = calloc(1, sizeof *calibration);
    if (!calibration)
        return bw_fail_memory(error, sizeof *calibration, "a calibration");
    bw_status status = open_calibration(calibration, model, threads, error);
    if (status != BW_OK)
        bw_calibration_close(&calibration);
    *out = calibration;
    return status;
}

bw_status bw_calibration_add(bw_calibration *calibration, const bw_image *image, bw_error *error)
{
    if (!calibration->observer)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "a calibration from a file cannot be added to; calibrate on all pictures");
    return bw_observer_add(calibration->observer, image, calibration->resize, calibration->padding,
                           error);
}

/* `*statistics` (the caller's) for the `count` tensors of the model's optimised graph. */
static bw_status take_statistics(bw_statistics **statistics, const bw_calibration *calibration,
                                 size_t count, bw_error *error)
{
    *statistics = NULL;
    if (count != calibration->graph.tensor_count)
        return bw_fail(error, BW_ERROR_ARGUMENT, "the calibration was made with another model");
    if (calibration->observer && bw_observer_pictures(calibration->observer) == 0)
        return bw_fail(error, BW_ERROR_ARGUMENT, "the calibration has seen no picture");
    *statistics = calloc(count, sizeof **statistics);
    if (!*statistics)
        return bw_fail_memory(error, count * sizeof **statistics, "a calibration");
    if (calibration->observer)
        bw_observer_statistics(calibration->observer, *statistics);
    else
        memcpy(*statistics, calibration->statistics, count * sizeof **statistics);
    return BW_OK;
}

/* Measures which ranges are best on the pictures that were kept; errors become what a file can
 * hold. */
static bw_status find_ranges(bw_calibration *calibration, bw_quantization *how, bw_graph *graph,
                             bw_error *error)
{
    bw_probed *probed = calibration->probed;
    bw_probe_pictures kept = bw_observer_kept(calibration->observer);
    bw_status status = bw_probe_ranges(probed, how, graph, &kept, calibration->pool, error);
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++)
        probed[tensor].error = (double)(float)probed[tensor].error;
    return status;
}

/* Probes, unless that was done for as many pictures before. */
static bw_status probe(bw_calibration *calibration, bw_quantization *how, bw_graph *graph,
                       bw_error *error)
{
    size_t count = graph->tensor_count;
    size_t pictures =
        calibration->observer ? bw_observer_pictures(calibration->observer) : calibration->pictures;
    bool known = calibration->probed && calibration->pictures == pictures;
    if (!calibration->probed)
        calibration->probed = calloc(count, sizeof *calibration->probed);
    if (!calibration->probed)
        return bw_fail_memory(error, count * sizeof *calibration->probed, "a calibration");
    bw_status status = known ? BW_OK : find_ranges(calibration, how, graph, error);
    calibration->pictures = status == BW_OK ? pictures : 0;
    for (size_t tensor = 0; known && tensor < count; tensor++)
        how->ranges[tensor] = calibration->probed[how->classes[tensor]].range;
    return status;
}

/* Signed bytes go from −128 to 127. */
static void widen_ranges(bw_quantization *how, size_t count)
{
    for (size_t tensor = 0; tensor < count; tensor++) {
        bw_range *range = &how->ranges[tensor];
        float step = fmaxf(-range->low, range->high) / 127.0f;
        *range = (bw_range){-128.0f * step, 127.0f * step};
    }
}

static bw_status quantize(bw_graph *graph, bw_calibration *calibration, bw_quantization *how,
                          const bw_mix *mix, bool symmetric, bw_error *error)
{
    bw_status status = probe(calibration, how, graph, error);
    if (status == BW_OK && mix)
        status = bw_choose_floats(how, graph, calibration->probed, mix, error);
    if (status == BW_OK && symmetric)
        widen_ranges(how, graph->tensor_count);
    for (size_t tensor = 0; status == BW_OK && tensor < graph->tensor_count; tensor++) {
        bool floats = how->floats && how->floats[tensor];
        graph->tensors[tensor].error = floats ? 0.0f : (float)calibration->probed[tensor].error;
    }
    size_t count = graph->tensor_count;
    if (status == BW_OK)
        status = bw_pass_quantize(graph, how, error);
    if (status == BW_OK && mix && !mix->exact && mix->halvings == 0)
        status = bw_choose_rounded(graph, how, calibration->probed, count, mix->cpu, error);
    return status;
}

static bw_status quantize_graph(bw_graph *graph, bw_calibration *calibration, int largest,
                                int largest_whole, const bw_mix *mix, bool symmetric,
                                bw_error *error)
{
    if (!calibration)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "INT8 needs a calibration: pictures like those that will be annotated");
    bw_statistics *statistics = NULL;
    bw_quantization how;
    bw_status status = take_statistics(&statistics, calibration, graph->tensor_count, error);
    if (status == BW_OK)
        status = bw_quantization_open(&how, graph, statistics, largest, error);
    how.largest_whole = largest_whole;
    if (status == BW_OK && mix) {
        how.share_bits = mix->share_bits;
        how.share_noise = mix->share_noise;
    }
    if (status == BW_OK)
        status = quantize(graph, calibration, &how, mix, symmetric, error);
    free(statistics);
    return status;
}

bw_status bw_graph_quantize(bw_graph *graph, bw_calibration *calibration, int largest,
                            const bw_mix *mix, bw_error *error)
{
    return quantize_graph(graph, calibration, largest, BW_LARGEST_INTEGER, mix, false, error);
}

/* What other programs mostly run on: AVX-512 with VNNI, for which INT8 is made. */
static const uint32_t usual_cpu = BW_CPU_AVX2 | BW_CPU_AVX512 | BW_CPU_AVX512_VNNI;

bw_status bw_graph_quantize_portably(bw_graph *graph, bw_calibration *calibration,
                                     const bw_portable *portable, bw_error *error)
{
    bw_mix mix = {.cpu = usual_cpu, .halvings = portable->halvings, .exact = true};
    return quantize_graph(graph, calibration, portable->largest, portable->largest,
                          portable->halvings > 0 ? &mix : NULL, portable->symmetric, error);
}

/* ---- Files ---------------------------------------------------------------------------------- */

/* What a file of this calibration says, or has to say. */
static bw_ranges describe(const bw_calibration *calibration, const bw_quantization *how,
                          bw_statistics *statistics)
{
    bw_model_info info;
    bw_model_describe(calibration->model, &info);
    return (bw_ranges){.fingerprint = calibration->model->fingerprint,
                       .width = info.width,
                       .height = info.height,
                       .pictures = calibration->pictures,
                       .graph = &calibration->graph,
                       .classes = how->classes,
                       .statistics = statistics,
                       .probed = calibration->probed};
}

/* Probes a copy of the graph, as that scales its channels; what `how` has is in the copy's arena.
 */
static bw_status probe_copy(bw_graph *graph, bw_quantization *how, bw_calibration *calibration,
                            const bw_statistics *statistics, bw_error *error)
{
    bw_status status = bw_graph_clone(graph, &calibration->graph, error);
    if (status != BW_OK)
        return status;
    status = bw_quantization_open(how, graph, statistics, BW_LARGEST_INTEGER, error);
    return status == BW_OK ? probe(calibration, how, graph, error) : status;
}

bw_status bw_calibration_save(bw_calibration *calibration, const char *path, bw_error *error)
{
    bw_graph graph = {0};
    bw_quantization how;
    bw_statistics *statistics = NULL;
    bw_status status =
        take_statistics(&statistics, calibration, calibration->graph.tensor_count, error);
    if (status == BW_OK)
        status = probe_copy(&graph, &how, calibration, statistics, error);
    if (status == BW_OK) {
        bw_ranges ranges = describe(calibration, &how, statistics);
        status = bw_ranges_write(&ranges, path, error);
    }
    bw_graph_free(&graph);
    free(statistics);
    return status;
}

static bw_status load(bw_calibration *calibration, const char *path, bw_error *error)
{
    bw_graph *graph = &calibration->graph;
    bw_status status = bw_graph_optimise(graph, calibration->model, error);
    if (status != BW_OK)
        return status;
    calibration->statistics = calloc(graph->tensor_count, sizeof *calibration->statistics);
    calibration->probed = calloc(graph->tensor_count, sizeof *calibration->probed);
    bw_quantization how = {.classes = bw_find_classes(graph)};
    if (!calibration->statistics || !calibration->probed || !how.classes)
        return bw_fail_memory(error, graph->tensor_count * sizeof(bw_statistics), "a calibration");
    uint8_t *bytes;
    size_t size;
    status = bw_read_file(&bytes, &size, path, largest_file, error);
    if (status != BW_OK)
        return status;
    bw_ranges ranges = describe(calibration, &how, calibration->statistics);
    status = bw_ranges_read(&ranges, &calibration->pictures, &calibration->arena, bytes, size, path,
                            error);
    free(bytes);
    return status;
}

bw_status bw_calibration_load(bw_calibration **out, const bw_model *model, const char *path,
                              bw_error *error)
{
    *out = NULL;
    bw_calibration *calibration = calloc(1, sizeof *calibration);
    if (!calibration)
        return bw_fail_memory(error, sizeof *calibration, "a calibration");
    calibration->model = model;
    bw_status status = load(calibration, path, error);
    if (status != BW_OK)
        bw_calibration_close(&calibration);
    *out = calibration;
    return status;
}

void bw_calibration_close(bw_calibration **handle)
{
    bw_calibration *calibration = *handle;
    if (!calibration)
        return;
    bw_observer_close(&calibration->observer);
    bw_pool_close(&calibration->pool);
    bw_graph_free(&calibration->graph);
    bw_arena_free(&calibration->arena);
    free(calibration->statistics);
    free(calibration->probed);
    free(calibration);
    *handle = NULL;
}
