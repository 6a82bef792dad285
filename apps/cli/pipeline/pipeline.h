/**
 * The stages of a run, each in its own file, joined by bounded queues:
 *
 *     stage_list ──► stage_decode (threads) ──► stage_detect (streams) ──► the caller's sink
 *        │ └───────────── in_order ──────────────────►┘ └─── to_write ───────►┘
 *        └► stage_fetch (threads): what lies in a network, read ahead of decoding
 *
 * Listing puts every item into two queues: one from which any decoder takes the next, one that
 * keeps the order, in which detecting waits for each item to be decoded. What a stream of the
 * engine takes from there it appends to a third queue at once, in which the sink waits for each
 * item's boxes. So results come in the order of listing, whatever the number of threads, and no
 * stream waits for another. Memory is bounded by the queues' capacity and
 * by a budget of decoded bytes, which decoders await before they take an item. What the lister
 * reads from archives has a budget of its own, which only decoding returns, and decoders never wait
 * for.
 *
 * A run that is stopped (by a signal or by a failure) lists no more; items that no decoder has
 * taken are dropped, and what was taken is finished: the sink sees an unbroken beginning.
 */
#ifndef BW_CLI_PIPELINE_H
#define BW_CLI_PIPELINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "pipeline/budget.h"
#include "pipeline/done.h"
#include "pipeline/item.h"
#include "pipeline/list.h"
#include "pipeline/queue.h"
#include "pipeline/share.h"

/** So many objects of servers that do not answer, one after the other, end the run. */
enum { BW_MOST_UNREACHABLE = 32 };

/** Called when for a while no item has come. A failure ends the run. */
typedef bw_status bw_idle_function(void *context, bw_error *error);

/** Takes an item in order; the pipeline frees it afterwards. A failure ends the run. */
typedef bw_status bw_sink_function(void *context, bw_item *item, bw_error *error);

typedef struct bw_pipeline_options {
    bw_sources sources;
    bw_share share; /* only these pictures are taken, */
    bw_done *done;  /* but for those that the run has already; NULL for none */
    int64_t last;   /* the highest number that the run has given; 0 for none */
    bw_decode_options decode;
    int decoders; /* threads that decode */
    bw_engine *engine;
    int streams, batch; /* of the engine; pictures that a stream takes at once */
    bool by_shape;      /* those are of about one shape: each shape has work of its own */
    bw_sink_function *sink;
    bw_idle_function *idle;
    void *sink_context; /* of both */
} bw_pipeline_options;

/** How long each stage worked, summed over its threads; nanoseconds. */
typedef struct bw_stage_times {
    uint64_t wall;
    uint64_t decode; /* of `decoders` threads */
    int decoders;
    uint64_t wait; /* of the engine's streams, for decoded pictures; their mean, as the engine's */
    bw_engine_times engine;
    uint64_t sink;
} bw_stage_times;

/** The pictures that a stream has in hand, and those that wait for one; stage_detect.c. */
typedef struct bw_batch bw_batch;
typedef struct bw_waiting bw_waiting;

/** What the stages share; private to this folder. */
typedef struct bw_pipeline {
    const bw_pipeline_options *options;
    bw_queue *to_fetch, *to_decode, *in_order, *to_write;
    bw_budget budget;         /* of decoded bytes */
    bw_budget content_budget; /* of bytes that were read from archives and not yet decoded */
    bw_budget fetch_budget;   /* of bytes that were fetched and not yet decoded */
    bw_batch *batches;        /* one a stream */
    pthread_mutex_t taking;   /* held by the stream that takes pictures; of what follows */
    bw_waiting *waiting;
    bool dropping;            /* an item was dropped, so all after it are */
    atomic_int unreachable;   /* objects that could not be had, one after the other */
    atomic_bool network_lost; /* for they were too many */
    atomic_bool stop;
    atomic_llong total; /* pictures there are; -1 while unknown */
    uint64_t begun;
    atomic_ullong decode_time, wait_time, sink_time;
    pthread_mutex_t mutex;        /* of what follows */
    pthread_cond_t item_decoded;  /* some item's `decoded` became true */
    pthread_cond_t item_fetched;  /* some item's `fetched` did */
    pthread_cond_t item_detected; /* and some item's `detected` */
    bw_error error;               /* the first failure; BW_OK while there is none */
} bw_pipeline;

/** Runs all stages to the end; fails with the first failure of any. */
bw_status bw_pipeline_run(bw_pipeline *pipeline, const bw_pipeline_options *options,
                          bw_stage_times *times, bw_error *error);

/** How long the stages have worked so far; any thread may ask. */
void bw_pipeline_read_times(bw_pipeline *pipeline, bw_stage_times *times);

/** Whether the run ended since nothing in the network could be had any more. */
bool bw_pipeline_lost_network(const bw_pipeline *pipeline);

/** Pictures that there are; -1 while that is not known. */
int64_t bw_pipeline_total(const bw_pipeline *pipeline);

/** A batch for each stream of the options. */
bw_status bw_batches_open(bw_batch **out, const bw_pipeline_options *options, bw_error *error);
void bw_batches_close(bw_batch **batches, int streams);

/** The most pictures that wait. */
size_t bw_waiting_capacity(const bw_pipeline_options *options);

/** Room for them; freed by free. */
bw_status bw_waiting_open(bw_waiting **out, const bw_pipeline_options *options, bw_error *error);

/** Waits until a stage has set the item's flag, of which `condition` tells. */
void bw_pipeline_await(bw_pipeline *pipeline, atomic_bool *flag, pthread_cond_t *condition);

/** Sets the flag and tells all who wait. */
void bw_pipeline_announce(bw_pipeline *pipeline, atomic_bool *flag, pthread_cond_t *condition);

/* The stages: bodies of threads, whose argument is the pipeline. */
void *bw_stage_count(void *pipeline);
void *bw_stage_list(void *pipeline);
void *bw_stage_fetch(void *pipeline);
void *bw_stage_decode(void *pipeline);
void *bw_stage_detect(void *pipeline);

/** Frees an item and returns its bytes to the budget. */
void bw_pipeline_discard(bw_pipeline *pipeline, bw_item *item);

/** Whether stages should take no more. */
bool bw_pipeline_stopped(const bw_pipeline *pipeline);

/** Notes a failure, the first of which counts, and stops the run. */
void bw_pipeline_fail(bw_pipeline *pipeline, const bw_error *error);

#endif
