/**
 * Pictures through an engine: a call is cut into batches, which the streams take in turn. A batch
 * is fitted and packed, run, and its boxes are found, each by all threads of its stream.
 */
#include <math.h>

#include "api/engine.h"
#include "base/cpu.h"
#include "base/memory.h"
#include "image/image.h"

enum { ROWS_A_UNIT = 32 };

/* One call of bw_engine_detect, as the streams see it. */
typedef struct call {
    bw_engine *engine;
    const bw_image *images;
    bw_detections *out;
    size_t count, batch; /* pictures in all and in a batch */
} call;

/* One batch on its way through a stream, as the pool's threads see it. */
typedef struct batch {
    const bw_engine *engine;
    const bw_stream *stream;
    bw_lane *lane;
    const bw_image *images;
    bw_detections *out;
    int units_an_image;
} batch;

static bw_fit fit_of(const bw_engine *engine, const bw_image *image)
{
    const bw_layout *input = &engine->plan->input.layout;
    bw_fit fit = bw_fit_make(image->width, image->height, input->width, input->height,
                             engine->options.resize);
    fit.padding = engine->plan->model.padding;
    return fit;
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
        void *out = work->engine->backend->input(work->stream->executor, index);
        bw_image_pack(&work->images[index], &fit, input, out, row, end);
    }
}

/* What the pictures leave of their inputs is padding. */
static void frame_images(const batch *work, int count)
{
    for (int index = 0; index < count; index++) {
        bw_fit fit = fit_of(work->engine, &work->images[index]);
        bw_region inside = {{fit.top, fit.top + fit.height}, {fit.left, fit.left + fit.width}};
        work->engine->backend->frame(work->stream->executor, index, &inside);
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

static bw_status detect_image(const batch *work, int index, bw_candidates *candidates,
                              bw_error *error)
{
    const bw_engine *engine = work->engine;
    const bw_layout *input = &engine->plan->input.layout;
    bw_status status = BW_OK;
    candidates->count = 0;
    for (int head = 0; status == BW_OK && head < engine->plan->output_count; head++) {
        bw_head_view view = engine->backend->output(work->stream->executor, head, index);
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
    bw_detector *detector = &work->lane->detectors[worker];
    for (int index = first; index < last; index++) {
        bw_error error;
        if (detect_image(work, index, &detector->candidates, &error) == BW_OK)
            continue;
        if (detector->error.status == BW_OK || index < detector->failed_image) {
            detector->failed_image = index;
            detector->error = error;
        }
    }
}

/* The failure of the batch's first image that failed, if one did; all are forgotten. */
static bw_status take_failure(bw_lane *lane, bw_error *error)
{
    bw_status status = BW_OK;
    int first = 0;
    for (int worker = 0; worker < lane->threads; worker++) {
        bw_detector *detector = &lane->detectors[worker];
        if (detector->error.status == BW_OK)
            continue;
        if (status == BW_OK || detector->failed_image < first) {
            first = detector->failed_image;
            status = detector->error.status;
            *error = detector->error;
        }
        detector->error.status = BW_OK;
    }
    return status;
}

static bw_status run_batch(batch *work, int count, bw_error *error)
{
    const bw_stream *stream = work->stream;
    bw_lane_times *times = &work->lane->times;
    uint64_t start = bw_clock();
    bw_pool_run(stream->pool, prepare_rows, work, count * work->units_an_image, 1);
    frame_images(work, count);
    uint64_t prepared = bw_clock();
    bw_status status = work->engine->backend->run(stream->executor, count, NULL, error);
    if (status != BW_OK)
        return status;
    uint64_t computed = bw_clock();
    bw_pool_run(stream->pool, detect_images, work, count, 1);
    atomic_fetch_add(&times->images, (uint64_t)count);
    atomic_fetch_add(&times->prepare, prepared - start);
    atomic_fetch_add(&times->network, computed - prepared);
    atomic_fetch_add(&times->detect, bw_clock() - computed);
    return take_failure(work->lane, error);
}

static bw_status detect_batch(const bw_engine *engine, const bw_stream *stream,
                              const bw_image *images, bw_detections *out, size_t count,
                              bw_error *error)
{
    int rows = engine->plan->input.layout.height;
    batch work = {
        .engine = engine,
        .stream = stream,
        .lane = &engine->lanes[stream->index],
        .images = images,
        .out = out,
        .units_an_image = bw_divide_up(rows, ROWS_A_UNIT),
    };
    return run_batch(&work, (int)count, error);
}

static bw_status take_batch(void *context, bw_stream *stream, size_t piece, bw_error *error)
{
    const call *all = context;
    size_t first = piece * all->batch, left = all->count - first;
    return detect_batch(all->engine, stream, all->images + first, all->out + first,
                        left < all->batch ? left : all->batch, error);
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

/* As many as the plan takes, or fewer where some streams would get none. */
static size_t choose_batch(const bw_engine *engine, size_t count)
{
    size_t streams = (size_t)engine->options.streams, most = (size_t)engine->plan->batch;
    size_t even = count / streams + (count % streams > 0);
    return even < most ? even : most;
}

bw_status bw_engine_detect(bw_engine *engine, const bw_image *images, size_t count,
                           bw_detections *out, bw_error *error)
{
    bw_status status = check_images(images, count, error);
    if (status != BW_OK || count == 0)
        return status;
    call all = {engine, images, out, count, choose_batch(engine, count)};
    size_t batches = (count - 1) / all.batch + 1;
    return bw_group_deal(engine->group, batches, take_batch, &all, error);
}

/* ---- Streams that take pictures themselves --------------------------------------------------- */

typedef struct service {
    const bw_engine *engine;
    const bw_feed *feed;
} service;

static bw_status serve_stream(void *context, bw_stream *stream, size_t piece, bw_error *error)
{
    (void)piece;
    const service *all = context;
    const bw_feed *feed = all->feed;
    bw_status status = BW_OK;
    while (status == BW_OK) {
        const bw_image *images = NULL;
        bw_detections *out = NULL;
        size_t most = (size_t)all->engine->plan->batch;
        size_t count = feed->take(feed->context, stream->index, most, &images, &out);
        if (count == 0)
            break;
        status = count <= most ? check_images(images, count, error)
                               : bw_fail(error, BW_ERROR_ARGUMENT,
                                         "%zu pictures for a batch of at most %zu", count, most);
        if (status == BW_OK)
            status = detect_batch(all->engine, stream, images, out, count, error);
        feed->done(feed->context, stream->index, status == BW_OK ? NULL : error);
    }
    return status;
}

bw_status bw_engine_serve(bw_engine *engine, const bw_feed *feed, bw_error *error)
{
    service all = {engine, feed};
    return bw_group_each(engine->group, serve_stream, &all, error);
}
