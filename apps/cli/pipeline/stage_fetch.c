/**
 * Beside listing, in several threads: pictures in a network are read ahead of decoding.
 *
 * Items are taken in the order of listing, and bytes are charged to a budget that only decoding
 * returns; a thread waits for that before it takes an item. So the one that decoding waits for is
 * always in some thread's hands.
 */
#include <stdlib.h>

#include "pipeline/pipeline.h"

static bool stopped(void *context)
{
    return bw_pipeline_stopped(context);
}

/* The network has failed rather than some server: going on would list everything as failed. */
static void count_unreachable(bw_pipeline *pipeline, const bw_item *item, bool unreachable)
{
    if (!unreachable) {
        atomic_store(&pipeline->unreachable, 0);
    } else if (!bw_pipeline_stopped(pipeline) &&
               atomic_fetch_add(&pipeline->unreachable, 1) + 1 >= BW_MOST_UNREACHABLE) {
        bw_error error;
        atomic_store(&pipeline->network_lost, true);
        bw_fail(&error, BW_ERROR_IO,
                "%d pictures, one after the other, could not be had; when the network is back, the "
                "same command goes on. The last: %.300s",
                BW_MOST_UNREACHABLE, item->error.message);
        bw_pipeline_fail(pipeline, &error);
    }
}

static void fetch(bw_pipeline *pipeline, bw_remote *remote, bw_item *item)
{
    bw_remote_object object;
    bw_status status = bw_remote_read(remote, &object, item->path, &item->error);
    if (status == BW_OK) {
        item->content = object.bytes ? object.bytes : calloc(1, 1);
        item->content_bytes = object.size;
        item->bytes = (int64_t)object.size;
        item->modified_ns = object.modified_ns;
        bw_budget_charge(&pipeline->fetch_budget, item->content_bytes);
    }
    count_unreachable(pipeline, item, status != BW_OK && object.unreachable);
}

void *bw_stage_fetch(void *argument)
{
    bw_pipeline *pipeline = argument;
    bw_remote *remote = NULL;
    bw_error error;
    const bw_sources *sources = &pipeline->options->sources;
    bw_status status = bw_remote_open(&remote, &sources->remote, stopped, pipeline, &error);
    for (;;) {
        bw_budget_wait(&pipeline->fetch_budget);
        bw_item *item = bw_queue_pop(pipeline->to_fetch);
        if (!item)
            break;
        if (status != BW_OK)
            item->error = error;
        else if (!bw_pipeline_stopped(pipeline))
            fetch(pipeline, remote, item);
        bw_pipeline_announce(pipeline, &item->fetched, &pipeline->item_fetched);
    }
    bw_remote_close(&remote);
    return NULL;
}
