/**
 * The first stage: makes an item of every picture that the sources name, and, beside it, counts
 * them all so that the remaining time can be told.
 */
#include <string.h>

#include "pipeline/pipeline.h"

typedef struct listing_state {
    bw_pipeline *pipeline;
    int64_t count;
} listing_state;

static bool stopped(void *context)
{
    const listing_state *state = context;
    return bw_pipeline_stopped(state->pipeline);
}

static bool count_picture(void *context, const char *path, const char *name,
                          const bw_error *problem)
{
    listing_state *state = context;
    (void)path;
    (void)name;
    (void)problem;
    state->count++;
    return !stopped(context);
}

void *bw_stage_count(void *argument)
{
    bw_pipeline *pipeline = argument;
    listing_state state = {pipeline, 0};
    if (bw_list_sources(&pipeline->options->sources, count_picture, stopped, &state))
        atomic_store(&pipeline->total, state.count);
    return NULL;
}

static bool list_picture(void *context, const char *path, const char *name, const bw_error *problem)
{
    listing_state *state = context;
    bw_pipeline *pipeline = state->pipeline;
    if (stopped(context))
        return false;
    bw_item *item = bw_item_make(state->count + 1, path, name);
    if (!item)
        return false;
    state->count++;
    if (problem)
        item->error = *problem;
    bw_queue_push(pipeline->in_order, item);
    bw_queue_push(pipeline->to_decode, item);
    return true;
}

void *bw_stage_list(void *argument)
{
    bw_pipeline *pipeline = argument;
    listing_state state = {pipeline, 0};
    if (!bw_list_sources(&pipeline->options->sources, list_picture, stopped, &state) &&
        !bw_pipeline_stopped(pipeline)) {
        bw_error error;
        bw_fail(&error, BW_ERROR_MEMORY, "the list of pictures could not be read to its end");
        bw_pipeline_fail(pipeline, &error);
    }
    bw_queue_finish(pipeline->in_order);
    bw_queue_finish(pipeline->to_decode);
    return NULL;
}
