/**
 * The third stage: the engine's streams take decoded pictures, each as many as are ready and its
 * batch holds: in order, or the oldest and others of its shape.
 *
 * A batch waits for nothing but its first picture, and a stream for nothing but that. So none is
 * idle while there is something to do, and a budget that large pictures have used up cannot lock
 * the run.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "pipeline/pipeline.h"

enum { ROOM = 8 /* batches that wait, where shapes matter */ };

struct bw_batch {
    bw_item **items;
    bw_image *images; /* theirs */
    bw_detections *detections;
    size_t count;
};

/** Usable pictures that the sink knows of, and no stream has in hand yet. */
struct bw_waiting {
    size_t count, capacity;
    bw_item *items[]; /* in order */
};

size_t bw_waiting_capacity(const bw_pipeline_options *options)
{
    size_t batch = (size_t)options->batch;
    return options->by_shape && batch > 1 ? ROOM * batch : batch;
}

bw_status bw_waiting_open(bw_waiting **out, const bw_pipeline_options *options, bw_error *error)
{
    size_t capacity = bw_waiting_capacity(options);
    size_t bytes = sizeof **out + capacity * sizeof(bw_item *);
    *out = calloc(1, bytes);
    if (!*out)
        return bw_fail_memory(error, bytes, "pictures that wait");
    (*out)->capacity = capacity;
    return BW_OK;
}

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
static void add_item(bw_pipeline *pipeline, bw_item *item)
{
    bw_waiting *waiting = pipeline->waiting;
    pipeline->dropping |= item->dropped;
    if (pipeline->dropping) {
        bw_pipeline_discard(pipeline, item);
        return;
    }
    if (item->error.status == BW_OK)
        waiting->items[waiting->count++] = item;
    else
        atomic_store(&item->detected, true);
    bw_queue_push(pipeline->to_write, item);
}

/* Waits for the next item; false at the end of the run. */
static bool take_first(bw_pipeline *pipeline)
{
    bw_item *item = bw_queue_pop(pipeline->in_order);
    if (!item)
        return false;
    bw_pipeline_await(pipeline, &item->decoded, &pipeline->item_decoded);
    add_item(pipeline, item);
    return true;
}

/* What is ready, as long as nothing has to be waited for: neither the next item, nor the sink,
 * which may itself wait for what has been taken. So a failed one must come first. */
static void take_ready(bw_pipeline *pipeline)
{
    while (pipeline->waiting->count < pipeline->waiting->capacity) {
        bw_item *item = bw_queue_peek(pipeline->in_order);
        if (!item || !atomic_load(&item->decoded) || item->error.status != BW_OK || item->dropped ||
            bw_queue_is_full(pipeline->to_write))
            return;
        add_item(pipeline, bw_queue_pop(pipeline->in_order));
    }
}

/* Whether two pictures leave about the same padding. */
static bool are_alike(const bw_image *a, const bw_image *b)
{
    enum { PART = 64 /* of the aspect, by which it may differ */ };
    int64_t one = (int64_t)a->width * b->height, other = (int64_t)b->width * a->height;
    return llabs(one - other) <= one / PART;
}

/* The oldest of those that wait, and more. */
static void fill_batch(bw_batch *batch, bw_pipeline *pipeline, size_t most)
{
    bw_waiting *waiting = pipeline->waiting;
    size_t left = 0;
    batch->count = 0;
    for (size_t at = 0; at < waiting->count; at++) {
        bw_item *item = waiting->items[at];
        bool fits = batch->count < most && (batch->count == 0 || !pipeline->options->by_shape ||
                                            are_alike(&batch->images[0], &item->image));
        if (fits) {
            batch->items[batch->count] = item;
            batch->images[batch->count++] = item->image;
        } else {
            waiting->items[left++] = item;
        }
    }
    waiting->count = left;
}

static size_t take(void *context, int stream, size_t most, const bw_image **images,
                   bw_detections **out)
{
    bw_pipeline *pipeline = context;
    bw_batch *batch = &pipeline->batches[stream];
    uint64_t begun = bw_clock();
    pthread_mutex_lock(&pipeline->taking);
    while (pipeline->waiting->count == 0 && take_first(pipeline))
        continue;
    if (pipeline->waiting->count > 0)
        take_ready(pipeline);
    fill_batch(batch, pipeline, most);
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
    bw_waiting *waiting = pipeline->waiting;
    for (size_t at = 0; at < waiting->count; at++)
        bw_pipeline_announce(pipeline, &waiting->items[at]->detected, &pipeline->item_detected);
    pipeline->dropping = true;
    while (take_first(pipeline))
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
