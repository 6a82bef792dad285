/**
 * Streams that work side by side: each has an executor of its own on the one shared plan, and the
 * threads that serve it.
 *
 *     caller ──► deal ──┬──► stream 0: driver thread, pool, executor
 *       ▲               ├──► stream 1: driver thread, pool, executor
 *       └── all done ◄──┴──► …
 *
 * On the processor a stream is a part of its cores (base/topology.h): its threads stay on them, and
 * its memory is first touched there, so that it lies on their NUMA node. On graphics cards it would
 * be a card. A group of one stream has no driver: the caller's own thread works, where it likes.
 */
#ifndef BW_BACKEND_GROUP_H
#define BW_BACKEND_GROUP_H

#include "backend/backend.h"

typedef struct bw_group bw_group;

typedef struct bw_stream {
    int index; /* 0 to streams - 1 */
    bw_pool *pool;
    bw_executor *executor;
} bw_stream;

/**
 * Works on piece `piece` of what the group was handed, on `stream` and in its driver thread. Other
 * streams work on other pieces at the same time.
 */
typedef bw_status bw_stream_work(void *context, bw_stream *stream, size_t piece, bw_error *error);

/**
 * Opens `streams` executors of the plan, among which `threads` threads are shared: 1 to `threads`
 * of them, or 0 for one a NUMA node where there are several and a batch has an image for each.
 */
bw_status bw_group_open(bw_group **out, const bw_backend *backend, const bw_plan *plan, int padding,
                        int streams, int threads, bw_error *error);

int bw_group_streams(const bw_group *group);

/** Stream `index`, for what belongs to it and outlives a piece. */
const bw_stream *bw_group_stream(const bw_group *group, int index);

/**
 * Hands out the pieces 0 to pieces - 1 in order, the next one to the stream that is free first, and
 * returns when all are done. After a failure no further piece is begun; the failure of the lowest
 * piece is returned, whatever the streams' speed.
 */
bw_status bw_group_deal(bw_group *group, size_t pieces, bw_stream_work *work, void *context,
                        bw_error *error);

/** Has every stream work once, at the same time: on the piece that is its own index. */
bw_status bw_group_each(bw_group *group, bw_stream_work *work, void *context, bw_error *error);

void bw_group_close(bw_group **group);

#endif
