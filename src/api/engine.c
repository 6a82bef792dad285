#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/cpu.h"
#include "detect/detect.h"
#include "image/image.h"

enum { ROWS_A_UNIT = 32, LARGEST_THREADS = 1024 };

struct bw_engine {
    const bw_plan *plan;
    const bw_backend *backend;
    bw_executor *executor;
    bw_pool *pool;
    bw_run_options options; /* every AUTO resolved; `classes` is our own copy */
    bool *classes;
    bw_nms_options nms;
    bw_candidates *candidates; /* one a worker, as the next two */
    bw_status *statuses;
    bw_error *errors;
    bw_engine_times times;
};

/* One batch on its way through the engine, as the pool's threads see it. */
typedef struct batch {
    bw_engine *engine;
    const bw_image *images;
    bw_detections *out;
    int units_an_image;
} batch;

void bw_run_options_init(bw_run_options *options)
{
    *options = (bw_run_options){
        .confidence = 0.25f,
        .iou = 0.45f,
        .max_detections = 300,
    };
}

void bw_detections_clear(bw_detections *detections)
{
    free(detections->items);
    *detections = (bw_detections){0};
}

static bw_status check_options(const bw_run_options *options, bw_error *error)
{
    if (!(options->confidence >= 0.0f && options->confidence < 1.0f))
        return bw_fail(error, BW_ERROR_ARGUMENT, "the confidence must be at least 0 and below 1");
    if (!(options->iou >= 0.0f && options->iou <= 1.0f))
        return bw_fail(error, BW_ERROR_ARGUMENT, "the NMS overlap must be 0 to 1");
    if (options->max_detections < 1)
        return bw_fail(error, BW_ERROR_ARGUMENT, "at least 1 detection must be allowed");
    if (options->threads < 0 || options->threads > LARGEST_THREADS)
        return bw_fail(error, BW_ERROR_ARGUMENT, "%d threads; it must be 1 to %d", options->threads,
                       LARGEST_THREADS);
    return BW_OK;
}

static bw_nms resolve_nms(const bw_plan *plan, bw_nms wanted)
{
    for (int head = 0; wanted == BW_NMS_AUTO && head < plan->output_count; head++)
        wanted = plan->heads[head].nms;
    return wanted == BW_NMS_AUTO ? BW_NMS_GREEDY : wanted;
}

static bw_status set_options(bw_engine *engine, const bw_run_options *options, bw_error *error)
{
    bw_run_options_init(&engine->options);
    if (options)
        engine->options = *options;
    bw_run_options *own = &engine->options;
    bw_status status = check_options(own, error);
    if (status != BW_OK)
        return status;
    if (own->threads == 0)
        own->threads = bw_cpu_count();
    if (own->resize == BW_RESIZE_AUTO)
        own->resize = engine->plan->model.resize;
    own->nms = resolve_nms(engine->plan, own->nms);
    engine->nms = (bw_nms_options){own->iou, own->nms == BW_NMS_DIOU, own->class_agnostic,
                                   own->max_detections};
    if (own->classes) {
        size_t bytes = (size_t)engine->plan->model.classes * sizeof *engine->classes;
        engine->classes = malloc(bytes);
        if (!engine->classes)
            return bw_fail_memory(error, bytes, "the class filter");
        own->classes = memcpy(engine->classes, own->classes, bytes);
    }
    return BW_OK;
}

static bw_status open_engine(bw_engine *engine, const bw_run_options *options, bw_error *error)
{
    bw_status status = set_options(engine, options, error);
    if (status == BW_OK)
        status = bw_pool_open(&engine->pool, engine->options.threads, error);
    if (status == BW_OK)
        status = engine->backend->open(&engine->executor, engine->plan, engine->pool, error);
    if (status != BW_OK)
        return status;
    size_t threads = (size_t)engine->options.threads;
    engine->candidates = calloc(threads, sizeof *engine->candidates);
    engine->statuses = calloc(threads, sizeof *engine->statuses);
    engine->errors = calloc(threads, sizeof *engine->errors);
    if (!engine->candidates || !engine->statuses || !engine->errors)
        return bw_fail_memory(error, threads * sizeof *engine->errors, "an engine");
    return BW_OK;
}

bw_status bw_engine_open(bw_engine **out, const bw_plan *plan, const bw_run_options *options,
                         bw_error *error)
{
    *out = NULL;
    bw_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return bw_fail_memory(error, sizeof *engine, "an engine");
    engine->plan = plan;
    engine->backend = &bw_backend_cpu;
    bw_status status = open_engine(engine, options, error);
    if (status != BW_OK)
        bw_engine_close(&engine);
    *out = engine;
    return status;
}

void bw_engine_close(bw_engine **handle)
{
    bw_engine *engine = *handle;
    if (!engine)
        return;
    if (engine->executor)
        engine->backend->close(&engine->executor);
    for (int worker = 0; engine->candidates && worker < engine->options.threads; worker++)
        bw_candidates_free(&engine->candidates[worker]);
    bw_pool_close(&engine->pool);
    free(engine->candidates);
    free(engine->statuses);
    free(engine->errors);
    free(engine->classes);
    free(engine);
    *handle = NULL;
}

static bw_fit fit_of(const bw_engine *engine, const bw_image *image)
{
    const bw_layout *input = &engine->plan->input.layout;
    return bw_fit_make(image->width, image->height, input->width, input->height,
                       engine->options.resize);
}

static void prepare_rows(void *context, int first, int last, int worker)
{
    (void)worker;
    const batch *work = context;
    const bw_layout *input = &work->engine->plan->input.layout;
    for (int unit = first; unit < last; unit++) {
        int index = unit / work->units_an_image;
        int row = unit % work->units_an_image * ROWS_A_UNIT;
        int end = row + ROWS_A_UNIT < input->height ? row + ROWS_A_UNIT : input->height;
        bw_fit fit = fit_of(work->engine, &work->images[index]);
        void *out = work->engine->backend->input(work->engine->executor, index);
        bw_image_pack(&work->images[index], &fit, input, out, row, end);
    }
}

/* Boxes of the network's input become boxes of the picture, cut off at its edges. */
static void map_to_picture(bw_detection *box, const bw_fit *fit, const bw_image *image)
{
    float width = (float)image->width, height = (float)image->height;
    float scale_x = width / (float)fit->width, scale_y = height / (float)fit->height;
    box->left = fminf(fmaxf((box->left - (float)fit->left) * scale_x, 0.0f), width);
    box->right = fminf(fmaxf((box->right - (float)fit->left) * scale_x, 0.0f), width);
    box->top = fminf(fmaxf((box->top - (float)fit->top) * scale_y, 0.0f), height);
    box->bottom = fminf(fmaxf((box->bottom - (float)fit->top) * scale_y, 0.0f), height);
}

static bw_status hand_over(const bw_engine *engine, const bw_candidates *candidates,
                           const bw_image *image, bw_detections *out, bw_error *error)
{
    bw_fit fit = fit_of(engine, image);
    out->count = 0;
    if (!bw_array_reserve((void **)&out->items, &out->capacity, candidates->count,
                          sizeof *out->items))
        return bw_fail_memory(error, candidates->count * sizeof *out->items, "detections");
    for (size_t index = 0; index < candidates->count; index++) {
        bw_detection box = candidates->items[index];
        map_to_picture(&box, &fit, image);
        if (box.right > box.left && box.bottom > box.top)
            out->items[out->count++] = box;
    }
    return BW_OK;
}

static bw_status detect_image(const batch *work, int index, int worker, bw_error *error)
{
    const bw_engine *engine = work->engine;
    const bw_layout *input = &engine->plan->input.layout;
    bw_candidates *candidates = &engine->candidates[worker];
    bw_status status = BW_OK;
    candidates->count = 0;
    for (int head = 0; status == BW_OK && head < engine->plan->output_count; head++) {
        bw_head_view view = engine->backend->output(engine->executor, head, index);
        status =
            bw_head_decode(&engine->plan->heads[head], &view, input->width, input->height,
                           engine->options.confidence, engine->options.classes, candidates, error);
    }
    if (status == BW_OK)
        status = bw_nms_apply(candidates, &engine->nms, error);
    return status == BW_OK
               ? hand_over(engine, candidates, &work->images[index], &work->out[index], error)
               : status;
}

static void detect_images(void *context, int first, int last, int worker)
{
    const batch *work = context;
    bw_engine *engine = work->engine;
    for (int index = first; index < last && engine->statuses[worker] == BW_OK; index++)
        engine->statuses[worker] = detect_image(work, index, worker, &engine->errors[worker]);
}

/* The first worker's failure, if any had one; all are forgotten. */
static bw_status take_failure(bw_engine *engine, bw_error *error)
{
    bw_status status = BW_OK;
    for (int worker = 0; worker < engine->options.threads; worker++) {
        if (status == BW_OK && engine->statuses[worker] != BW_OK) {
            status = engine->statuses[worker];
            if (error)
                *error = engine->errors[worker];
        }
        engine->statuses[worker] = BW_OK;
    }
    return status;
}

static bw_status run_batch(batch *work, int count, bw_error *error)
{
    bw_engine *engine = work->engine;
    uint64_t start = bw_clock();
    bw_pool_run(engine->pool, prepare_rows, work, count * work->units_an_image, 1);
    uint64_t prepared = bw_clock();
    bw_status status = engine->backend->run(engine->executor, count, NULL, error);
    if (status != BW_OK)
        return status;
    uint64_t computed = bw_clock();
    bw_pool_run(engine->pool, detect_images, work, count, 1);
    engine->times.images += (uint64_t)count;
    engine->times.prepare += prepared - start;
    engine->times.network += computed - prepared;
    engine->times.detect += bw_clock() - computed;
    return take_failure(engine, error);
}

static bw_status check_images(const bw_image *images, size_t count, bw_error *error)
{
    for (size_t index = 0; index < count; index++) {
        const bw_image *image = &images[index];
        if (!image->pixels || image->width < 1 || image->height < 1 ||
            image->stride < (size_t)image->width * 3)
            return bw_fail(error, BW_ERROR_ARGUMENT, "image %zu of the call has no pixels", index);
    }
    return BW_OK;
}

bw_status bw_engine_detect(bw_engine *engine, const bw_image *images, size_t count,
                           bw_detections *out, bw_error *error)
{
    bw_status status = check_images(images, count, error);
    if (status != BW_OK)
        return status;
    size_t capacity = (size_t)engine->plan->batch;
    batch work = {.engine = engine};
    work.units_an_image = (engine->plan->input.layout.height + ROWS_A_UNIT - 1) / ROWS_A_UNIT;
    for (size_t first = 0; status == BW_OK && first < count; first += capacity) {
        work.images = images + first;
        work.out = out + first;
        status =
            run_batch(&work, (int)(count - first < capacity ? count - first : capacity), error);
    }
    return status;
}

void bw_engine_read_times(const bw_engine *engine, bw_engine_times *times)
{
    *times = engine->times;
}

bw_status bw_engine_profile(bw_engine *engine, int runs, uint64_t *step_times, bw_error *error)
{
    bw_status status = BW_OK;
    for (int run = 0; status == BW_OK && run < runs; run++)
        status = engine->backend->run(engine->executor, engine->plan->batch, step_times, error);
    return status;
}
