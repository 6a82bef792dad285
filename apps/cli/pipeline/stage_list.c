/**
 * The first stage: makes an item of every picture that the sources name, and, beside it, counts
 * them all so that the remaining time can be told.
 */
#include <string.h>

#include "pipeline/pipeline.h"
#include "video/video.h"

typedef struct listing_state {
    bw_pipeline *pipeline;
    int64_t count;  /* pictures of the share so far */
    int64_t place;  /* in the whole list */
    int64_t number; /* the last that was given */
} listing_state;

static bool stopped(void *context)
{
    const listing_state *state = context;
    return bw_pipeline_stopped(state->pipeline);
}

/* What an archive or video holds is not counted: that would mean to read it twice. */
static bool count_picture(void *context, const bw_found *found)
{
    listing_state *state = context;
    if (bw_share_has(state->pipeline->options->share, found->name))
        state->count++;
    return !found->container && !stopped(context);
}

void *bw_stage_count(void *argument)
{
    bw_pipeline *pipeline = argument;
    listing_state state = {.pipeline = pipeline};
    bw_list_options options = {count_picture, stopped, &state, .closed = true};
    if (bw_list_sources(&pipeline->options->sources, &options))
        atomic_store(&pipeline->total, state.count);
    return NULL;
}

/* Reads a picture that is in an archive, which only the lister can do. */
static void read_content(bw_pipeline *pipeline, bw_item *item, const bw_found *found)
{
    bw_budget_wait(&pipeline->content_budget);
    if (found->read(found->reader, &item->content, &item->content_bytes, &item->error) != BW_OK) {
        bw_fail_prefix(&item->error, item->error.status, "%s", item->path);
        return;
    }
    item->error.status = BW_OK;
    bw_budget_charge(&pipeline->content_budget, item->content_bytes);
}

static void take_frame(bw_pipeline *pipeline, bw_item *item, const bw_found *found)
{
    bw_budget_wait(&pipeline->content_budget);
    item->picture = *found->picture;
    *found->picture = NULL;
    item->content_bytes = bw_video_frame_bytes(item->picture);
    bw_budget_charge(&pipeline->content_budget, item->content_bytes);
}

/*
 * A picture's number is its place in the whole list, so that shares of one list can be put together
 * again. Where the list has got new pictures since a run began, they come after all that it has.
 */
static int64_t next_number(listing_state *state)
{
    state->number = state->place > state->number ? state->place : state->number + 1;
    return state->number;
}

static bool list_picture(void *context, const bw_found *found)
{
    listing_state *state = context;
    bw_pipeline *pipeline = state->pipeline;
    if (stopped(context))
        return false;
    state->place++;
    if (!bw_share_has(pipeline->options->share, found->name) ||
        bw_done_take(pipeline->options->done, found->path))
        return true;
    bw_item *item = bw_item_make(next_number(state), found);
    if (!item)
        return false;
    if (found->read)
        read_content(pipeline, item, found);
    else if (found->picture && *found->picture)
        take_frame(pipeline, item, found);
    bw_queue_push(pipeline->in_order, item);
    if (item->remote)
        bw_queue_push(pipeline->to_fetch, item);
    bw_queue_push(pipeline->to_decode, item);
    return true;
}

void *bw_stage_list(void *argument)
{
    bw_pipeline *pipeline = argument;
    listing_state state = {.pipeline = pipeline, .number = pipeline->options->last};
    bw_error failure = {.status = BW_OK};
    bw_list_options options = {.visit = list_picture,
                               .stopped = stopped,
                               .context = &state,
                               .threads = pipeline->options->decoders,
                               .failure = &failure};
    if (!bw_list_sources(&pipeline->options->sources, &options) && !bw_pipeline_stopped(pipeline)) {
        if (failure.status == BW_OK)
            bw_fail(&failure, BW_ERROR_MEMORY, "the list of pictures could not be read to its end");
        bw_pipeline_fail(pipeline, &failure);
    }
    bw_queue_finish(pipeline->to_fetch);
    bw_queue_finish(pipeline->in_order);
    bw_queue_finish(pipeline->to_decode);
    return NULL;
}
