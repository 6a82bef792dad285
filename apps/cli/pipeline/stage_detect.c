/**
 * The third stage: hands decoded pictures to the engine, in order, as many at once as are ready.
 *
 * A batch waits for nothing but its first picture. So the engine is never idle while there is
 * something to do, and a budget that large pictures have used up cannot lock the run.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "pipeline/pipeline.h"

struct bw_batch {
    bw_item **items; /* in order, unusable ones among them */
    size_t count, capacity;
    bw_image *images; /* of the usable ones */
    bw_detections *detections;
    size_t pictures, picture_capacity;
    bool dropping; /* an item was dropped, so all after it are */
};

void bw_batch_close(bw_batch **batch)
{
    if (!*batch)
        return;
    free((*batch)->items);
    free((*batch)->images);
    free((*batch)->detections);
    free(*batch);
    *batch = NULL;
}

bw_status bw_batch_open(bw_batch **out, int pictures, bw_error *error)
{
    bw_batch *batch = *out = calloc(1, sizeof *batch);
    if (!batch)
        return bw_fail_memory(error, sizeof *batch, "a batch of pictures");
    batch->picture_capacity = (size_t)pictures;
    batch->capacity = 2 * batch->picture_capacity;
    batch->items = calloc(batch->capacity, sizeof(bw_item *));
    batch->images = calloc(batch->picture_capacity, sizeof *batch->images);
    batch->detections = calloc(batch->picture_capacity, sizeof *batch->detections);
    if (batch->items && batch->images && batch->detections)
        return BW_OK;
    bw_batch_close(out);
    return bw_fail_memory(error, (size_t)pictures * sizeof(bw_image), "a batch of pictures");
}

static void wait_decoded(bw_pipeline *pipeline, const bw_item *item)
{
    pthread_mutex_lock(&pipeline->mutex);
    while (!atomic_load(&item->decoded))
        pthread_cond_wait(&pipeline->item_decoded, &pipeline->mutex);
    pthread_mutex_unlock(&pipeline->mutex);
}

static void add_item(bw_batch *batch, bw_pipeline *pipeline, bw_item *item)
{
    batch->dropping |= item->dropped;
    if (batch->dropping) {
        bw_pipeline_discard(pipeline, item);
        return;
    }
    batch->items[batch->count++] = item;
    if (item->error.status == BW_OK)
        batch->images[batch->pictures++] = item->image;
}

/* Fills the batch; false at the end of the run. */
static bool collect(bw_batch *batch, bw_pipeline *pipeline)
{
    batch->count = batch->pictures = 0;
    uint64_t begun = bw_clock();
    bw_item *item = bw_queue_pop(pipeline->in_order);
    if (item)
        wait_decoded(pipeline, item);
    atomic_fetch_add(&pipeline->wait_time, bw_clock() - begun);
    if (!item)
        return false;
    add_item(batch, pipeline, item);
    while (batch->count < batch->capacity && batch->pictures < batch->picture_capacity) {
        item = bw_queue_peek(pipeline->in_order);
        if (!item || !atomic_load(&item->decoded))
            break;
        add_item(batch, pipeline, bw_queue_pop(pipeline->in_order));
    }
    return true;
}

static void note_times(bw_pipeline *pipeline)
{
    bw_engine_times times;
    bw_engine_read_times(pipeline->options->engine, &times);
    pthread_mutex_lock(&pipeline->mutex);
    pipeline->engine_times = times;
    pthread_mutex_unlock(&pipeline->mutex);
}

static void detect(bw_batch *batch, bw_pipeline *pipeline)
{
    if (batch->pictures == 0)
        return;
    bw_error error;
    memset(batch->detections, 0, batch->pictures * sizeof *batch->detections);
    if (bw_engine_detect(pipeline->options->engine, batch->images, batch->pictures,
                         batch->detections, &error) != BW_OK)
        bw_pipeline_fail(pipeline, &error);
    note_times(pipeline);
    size_t next = 0;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i]->error.status == BW_OK)
            batch->items[i]->detections = batch->detections[next++];
}

void *bw_stage_detect(void *argument)
{
    bw_pipeline *pipeline = argument;
    bw_batch *batch = pipeline->batch;
    while (collect(batch, pipeline)) {
        detect(batch, pipeline);
        for (size_t i = 0; i < batch->count; i++)
            bw_queue_push(pipeline->to_write, batch->items[i]);
    }
    bw_queue_finish(pipeline->to_write);
    return NULL;
}
