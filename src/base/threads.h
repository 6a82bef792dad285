/**
 * A pool of threads that share loops.
 *
 * The caller is worker 0. Each worker starts on its own contiguous share of the units, so that it
 * meets the same rows in layer after layer, and helps the others when its share is done. Idle
 * workers spin for a moment, then sleep.
 */
#ifndef BW_BASE_THREADS_H
#define BW_BASE_THREADS_H

#include "base/error.h"

typedef struct bw_pool bw_pool;

/** Works on units [first, last); `worker` is 0 to threads - 1 and unique among those running. */
typedef void bw_task(void *context, int first, int last, int worker);

/** Starts a pool of `threads` workers, the caller included; at least 1. */
bw_status bw_pool_open(bw_pool **out, int threads, bw_error *error);

int bw_pool_threads(const bw_pool *pool);

/** Runs `task` over units [0, units), at most `grain` units a call; returns when all are done. */
void bw_pool_run(bw_pool *pool, bw_task *task, void *context, int units, int grain);

void bw_pool_close(bw_pool **pool);

#endif
