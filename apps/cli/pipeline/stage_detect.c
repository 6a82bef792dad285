/**
 * The third stage: the engine's streams take decoded pictures, in order, each as many as are ready
 * and its batch holds.
 *
 * A batch waits for nothing but its first picture, and a stream for nothing but that. So none is
 * idle while there is something to do, and a budget that large pictures have used up cannot lock
 * the run.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "pipeline/pipeline.h"

struct bw_batch {
    bw_item **items;  /* usable ones, in order */
    bw_image *images; /* theirs */
    bw_detections *detections;
    size_t count;
};

void bw_batches_close(bw_batch **batches, int streams)
{
    for (int stream = 0; *batches && stream < streams; stream++) {
        free((*batches)[stream].items);
        free((*batches)[stream].images);
        free((*batches)[stream].detections);
    }
    free(*batches);
    *batches = NULL;
}

bw_status bw_batches_open(bw_batch **out, const bw_pipeline_options *options, bw_error *error)
{
    size_t streams = (size_t)options->streams, pictures = (size_t)options->batch;
    bw_batch *batches = *out = calloc(streams, sizeof *batches);
    bool good = batches != NULL;
    for (size_t stream = 0; good && stream < streams; stream++) {
        bw_batch *batch = &batches[stream];
        batch->items = calloc(pictures, sizeof(bw_item *));
        batch->images = calloc(pictures, sizeof *batch->images);
        batch->detections = calloc(pictures, sizeof *batch->detections);
        good = batch->items && batch->images && batch->detections;
    }
    if (good)
        return BW_OK;
    bw_batches_close(out, options->streams);
    return bw_fail_memory(error, streams * pictures * sizeof(bw_image), "batches of pictures");
}

/* ---- Taking --------------------------------------------------------------------------------- */

/* An item that was taken goes to the sink at once, which waits for its boxes, or away. */
static void add_item(bw_batch *batch, bw_pipeline *pipeline, bw_item *item)
{
    pipeline->dropping |= item->dropped;
    if (pipeline->dropping) {
        bw_pipeline_discard(pipeline, item);
        return;
    }
    if (item->error.status == BW_OK) {
        batch->items[batch->count] = item;
        batch->images[batch->count++] = item->image;
    } else {
        atomic_store(&item->detected, true);
    }
    bw_queue_push(pipeline->to_write, item);
}

/* Waits for the next item; false at the end of the run. */
static bool take_first(bw_batch *batch, bw_pipeline *pipeline)
{
    bw_item *item = bw_queue_pop(pipeline->in_order);
    if (!item)
        return false;
    bw_pipeline_await(pipeline, &item->decoded, &pipeline->item_decoded);
    add_item(batch, pipeline, item);
    return true;
}

/* A failed one ends a batch: nothing that the sink has to write may wait behind what it waits for.
 */
static void take_ready(bw_batch *batch, bw_pipeline *pipeline, size_t most)
{
    while (batch->count < most) {
        bw_item *item = bw_queue_peek(pipeline->in_order);
        if (!item || !atomic_load(&item->decoded) || item->error.status != BW_OK || item->dropped)
            return;
        add_item(batch, pipeline, bw_queue_pop(pipeline->in_order));
    }
}

static size_t take(void *context, int stream, size_t most, const bw_image **images,
                   bw_detections **out)
{
    bw_pipeline *pipeline = context;
    bw_batch *batch = &pipeline->batches[stream];
    uint64_t begun = bw_clock();
    batch->count = 0;
    pthread_mutex_lock(&pipeline->taking);
    while (batch->count == 0 && take_first(batch, pipeline))
        continue;
    if (batch->count > 0)
        take_ready(batch, pipeline, most);
    pthread_mutex_unlock(&pipeline->taking);
    atomic_fetch_add(&pipeline->wait_time, bw_clock() - begun);
    memset(batch->detections, 0, batch->count * sizeof *batch->detections);
    *images = batch->images;
    *out = batch->detections;
    return batch->count;
}

/* ---- Handing on ----------------------------------------------------------------------------- */

/* From the pixels that were decoded to those of the picture. */
static void enlarge(bw_item *item)
{
    if (item->image.width == item->width && item->image.height == item->height)
        return;
    float across = (float)item->width / (float)item->image.width;
    float down = (float)item->height / (float)item->image.height;
    for (size_t i = 0; i < item->detections.count; i++) {
        bw_detection *box = &item->detections.items[i];
        box->left *= across;
        box->right *= across;
        box->top *= down;
        box->bottom *= down;
    }
}

static void hand_on(void *context, int stream, const bw_error *failure)
{
    bw_pipeline *pipeline = context;
    bw_batch *batch = &pipeline->batches[stream];
    if (failure)
        bw_pipeline_fail(pipeline, failure);
    for (size_t i = 0; i < batch->count; i++) {
        batch->items[i]->detections = batch->detections[i];
        enlarge(batch->items[i]);
        bw_pipeline_announce(pipeline, &batch->items[i]->detected, &pipeline->item_detected);
    }
}

/* What no stream took, since all of them failed. */
static void drop_rest(bw_pipeline *pipeline)
{
    pipeline->dropping = true;
    while (take_first(&pipeline->batches[0], pipeline))
        continue;
}

void *bw_stage_detect(void *argument)
{
    bw_pipeline *pipeline = argument;
    bw_feed feed = {take, hand_on, pipeline};
    bw_error error;
    if (bw_engine_serve(pipeline->options->engine, &feed, &error) != BW_OK)
        drop_rest(pipeline);
    bw_queue_finish(pipeline->to_write);
    return NULL;
}
