/**
 * A bounded queue of pointers between two stages: a full one holds its producer back, which is
 * what bounds the memory of a run.
 */
#ifndef BW_CLI_QUEUE_H
#define BW_CLI_QUEUE_H

#include "base/error.h"

typedef struct bw_queue bw_queue;

bw_status bw_queue_open(bw_queue **out, size_t capacity, bw_error *error);

/** Appends, waiting for room. */
void bw_queue_push(bw_queue *queue, void *entry);

/** Waits until something can be popped or the queue is finished; false when the time is over. */
bool bw_queue_wait(bw_queue *queue, uint64_t nanoseconds);

/** Takes the oldest, waiting for one; NULL once the queue is finished and empty. */
void *bw_queue_pop(bw_queue *queue);

/** The oldest, left in the queue, or NULL when there is none now. For the only consumer. */
void *bw_queue_peek(bw_queue *queue);

/** Whether pushing would wait now. For the only producer. */
bool bw_queue_is_full(bw_queue *queue);

/** Says that nothing more will be pushed. */
void bw_queue_finish(bw_queue *queue);

void bw_queue_close(bw_queue **queue);

#endif
