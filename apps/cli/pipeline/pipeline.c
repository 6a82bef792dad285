#include "pipeline/pipeline.h"

#include <stdlib.h>

#include "base/cpu.h"
#include "interrupt.h"

enum { MEGABYTE = 1 << 20, MOST_DECODERS = 512, FETCHERS = 8 };

/* ---- What the stages share ------------------------------------------------------------------ */

bool bw_pipeline_stopped(const bw_pipeline *pipeline)
{
    return atomic_load(&pipeline->stop) || bw_interrupted();
}

void bw_pipeline_fail(bw_pipeline *pipeline, const bw_error *error)
{
    pthread_mutex_lock(&pipeline->mutex);
    if (pipeline->error.status == BW_OK)
        pipeline->error = *error;
    pthread_mutex_unlock(&pipeline->mutex);
    atomic_store(&pipeline->stop, true);
}

static bool has_failed(bw_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->mutex);
    bool failed = pipeline->error.status != BW_OK;
    pthread_mutex_unlock(&pipeline->mutex);
    return failed;
}

void bw_pipeline_await(bw_pipeline *pipeline, atomic_bool *flag, pthread_cond_t *condition)
{
    if (atomic_load(flag))
        return;
    pthread_mutex_lock(&pipeline->mutex);
    while (!atomic_load(flag))
        pthread_cond_wait(condition, &pipeline->mutex);
    pthread_mutex_unlock(&pipeline->mutex);
}

void bw_pipeline_announce(bw_pipeline *pipeline, atomic_bool *flag, pthread_cond_t *condition)
{
    pthread_mutex_lock(&pipeline->mutex);
    atomic_store(flag, true);
    pthread_cond_broadcast(condition);
    pthread_mutex_unlock(&pipeline->mutex);
}

void bw_pipeline_discard(bw_pipeline *pipeline, bw_item *item)
{
    if (item->charged)
        bw_budget_release(&pipeline->budget, item->charged);
    bw_item_free(item);
}

bool bw_pipeline_lost_network(const bw_pipeline *pipeline)
{
    return atomic_load(&pipeline->network_lost);
}

int64_t bw_pipeline_total(const bw_pipeline *pipeline)
{
    return atomic_load(&pipeline->total);
}

void bw_pipeline_read_times(bw_pipeline *pipeline, bw_stage_times *times)
{
    bw_engine_times engine;
    bw_engine_read_times(pipeline->options->engine, &engine);
    *times = (bw_stage_times){
        .wall = bw_clock() - pipeline->begun,
        .decode = atomic_load(&pipeline->decode_time),
        .decoders = pipeline->options->decoders,
        .wait = atomic_load(&pipeline->wait_time) / (unsigned)pipeline->options->streams,
        .engine = engine,
        .sink = atomic_load(&pipeline->sink_time),
    };
}

static bw_status open_shared(bw_pipeline *pipeline, const bw_pipeline_options *options,
                             bw_error *error)
{
    size_t decoders = (size_t)options->decoders;
    size_t in_hand = (size_t)options->batch * (size_t)options->streams;
    size_t window = in_hand + bw_waiting_capacity(options) + 2 * decoders + 16;
    *pipeline = (bw_pipeline){.options = options, .total = -1, .begun = bw_clock()};
    pthread_mutex_init(&pipeline->mutex, NULL);
    pthread_mutex_init(&pipeline->taking, NULL);
    pthread_cond_init(&pipeline->item_decoded, NULL);
    pthread_cond_init(&pipeline->item_fetched, NULL);
    pthread_cond_init(&pipeline->item_detected, NULL);
    bw_budget_init(&pipeline->budget, (96 + 32 * decoders) * MEGABYTE);
    bw_budget_init(&pipeline->content_budget, (size_t)64 * MEGABYTE);
    bw_budget_init(&pipeline->fetch_budget, (size_t)64 * MEGABYTE);
    bw_status status = bw_queue_open(&pipeline->to_decode, window, error);
    if (status == BW_OK)
        status = bw_queue_open(&pipeline->to_fetch, window, error);
    if (status == BW_OK)
        status = bw_queue_open(&pipeline->in_order, window, error);
    if (status == BW_OK)
        status = bw_queue_open(&pipeline->to_write, window, error);
    if (status == BW_OK)
        status = bw_batches_open(&pipeline->batches, options, error);
    if (status == BW_OK)
        status = bw_waiting_open(&pipeline->waiting, options, error);
    return status;
}

static void close_shared(bw_pipeline *pipeline)
{
    free(pipeline->waiting);
    bw_batches_close(&pipeline->batches, pipeline->options->streams);
    bw_queue_close(&pipeline->to_write);
    bw_queue_close(&pipeline->in_order);
    bw_queue_close(&pipeline->to_decode);
    bw_queue_close(&pipeline->to_fetch);
    bw_budget_destroy(&pipeline->fetch_budget);
    bw_budget_destroy(&pipeline->content_budget);
    bw_budget_destroy(&pipeline->budget);
    pthread_cond_destroy(&pipeline->item_decoded);
    pthread_cond_destroy(&pipeline->item_fetched);
    pthread_cond_destroy(&pipeline->item_detected);
    pthread_mutex_destroy(&pipeline->taking);
    pthread_mutex_destroy(&pipeline->mutex);
}

/* ---- Threads -------------------------------------------------------------------------------- */

typedef struct stage_threads {
    pthread_t threads[MOST_DECODERS + FETCHERS + 3];
    int count;
} stage_threads;

static bool start(stage_threads *group, void *(*body)(void *), bw_pipeline *pipeline)
{
    if (pthread_create(&group->threads[group->count], NULL, body, pipeline) != 0)
        return false;
    group->count++;
    return true;
}

/* Starts from the end of the pipeline, so that a stage that cannot start leaves none waiting. */
static bw_status start_stages(stage_threads *group, bw_pipeline *pipeline, bw_error *error)
{
    const bw_pipeline_options *options = pipeline->options;
    bool started = start(group, bw_stage_detect, pipeline);
    for (int i = 0; started && i < options->decoders && i < MOST_DECODERS; i++)
        started = start(group, bw_stage_decode, pipeline);
    for (int i = 0; started && i < FETCHERS && bw_list_may_be_remote(&options->sources); i++)
        started = start(group, bw_stage_fetch, pipeline);
    if (started && bw_list_is_countable(&options->sources))
        started = start(group, bw_stage_count, pipeline);
    if (started)
        started = start(group, bw_stage_list, pipeline);
    if (started)
        return BW_OK;
    atomic_store(&pipeline->stop, true);
    bw_queue_finish(pipeline->to_fetch);
    bw_queue_finish(pipeline->to_decode);
    bw_queue_finish(pipeline->in_order);
    return bw_fail(error, BW_ERROR_MEMORY, "the system refuses to start %d threads",
                   options->decoders + 3);
}

static void join_stages(stage_threads *group)
{
    for (int i = 0; i < group->count; i++)
        pthread_join(group->threads[i], NULL);
}

/* ---- The run -------------------------------------------------------------------------------- */

/* Waits for the next item to write, and for its boxes; NULL at the end. */
static bw_item *next_item(bw_pipeline *pipeline)
{
    enum { PATIENCE = 500000000 }; /* nanoseconds */
    const bw_pipeline_options *options = pipeline->options;
    while (!bw_queue_wait(pipeline->to_write, PATIENCE)) {
        bw_error error;
        if (!has_failed(pipeline) && options->idle(options->sink_context, &error) != BW_OK)
            bw_pipeline_fail(pipeline, &error);
    }
    bw_item *item = bw_queue_pop(pipeline->to_write);
    if (item)
        bw_pipeline_await(pipeline, &item->detected, &pipeline->item_detected);
    return item;
}

/* The last stage, in the caller's thread. After a failure it only empties the queue. */
static void write_items(bw_pipeline *pipeline)
{
    const bw_pipeline_options *options = pipeline->options;
    bw_item *item;
    while ((item = next_item(pipeline))) {
        bw_error error;
        uint64_t begun = bw_clock();
        if (!has_failed(pipeline) && options->sink(options->sink_context, item, &error) != BW_OK)
            bw_pipeline_fail(pipeline, &error);
        atomic_fetch_add(&pipeline->sink_time, bw_clock() - begun);
        bw_pipeline_discard(pipeline, item);
    }
}

bw_status bw_pipeline_run(bw_pipeline *pipeline, const bw_pipeline_options *options,
                          bw_stage_times *times, bw_error *error)
{
    stage_threads group = {.count = 0};
    bw_status status = open_shared(pipeline, options, error);
    if (status == BW_OK)
        status = start_stages(&group, pipeline, error);
    if (group.count > 0)
        write_items(pipeline);
    join_stages(&group);
    if (status == BW_OK && pipeline->error.status != BW_OK) {
        *error = pipeline->error;
        status = error->status;
    }
    bw_pipeline_read_times(pipeline, times);
    close_shared(pipeline);
    return status;
}
