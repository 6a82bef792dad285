#include "pipeline/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct bw_queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_full, not_empty;
    size_t capacity, first, count;
    bool finished;
    void *entries[];
};

bw_status bw_queue_open(bw_queue **out, size_t capacity, bw_error *error)
{
    size_t bytes = sizeof **out + capacity * sizeof(void *);
    *out = calloc(1, bytes);
    if (!*out)
        return bw_fail_memory(error, bytes, "a queue");
    (*out)->capacity = capacity;
    pthread_mutex_init(&(*out)->mutex, NULL);
    pthread_cond_init(&(*out)->not_full, NULL);
    pthread_cond_init(&(*out)->not_empty, NULL);
    return BW_OK;
}

void bw_queue_push(bw_queue *queue, void *entry)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == queue->capacity)
        pthread_cond_wait(&queue->not_full, &queue->mutex);
    queue->entries[(queue->first + queue->count++) % queue->capacity] = entry;
    pthread_cond_signal(&queue->not_empty);
    pthread_mutex_unlock(&queue->mutex);
}

bool bw_queue_wait(bw_queue *queue, uint64_t nanoseconds)
{
    enum { SECOND = 1000000000 };
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    uint64_t later = (uint64_t)end.tv_nsec + nanoseconds;
    end.tv_sec += (time_t)(later / SECOND);
    end.tv_nsec = (long)(later % SECOND);
    int waited = 0;
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0 && !queue->finished && waited == 0)
        waited = pthread_cond_timedwait(&queue->not_empty, &queue->mutex, &end);
    bool ready = queue->count > 0 || queue->finished;
    pthread_mutex_unlock(&queue->mutex);
    return ready;
}

void *bw_queue_pop(bw_queue *queue)
{
    void *entry = NULL;
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0 && !queue->finished)
        pthread_cond_wait(&queue->not_empty, &queue->mutex);
    if (queue->count > 0) {
        entry = queue->entries[queue->first];
        queue->first = (queue->first + 1) % queue->capacity;
        queue->count--;
        pthread_cond_signal(&queue->not_full);
    }
    pthread_mutex_unlock(&queue->mutex);
    return entry;
}

void *bw_queue_peek(bw_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    void *entry = queue->count > 0 ? queue->entries[queue->first] : NULL;
    pthread_mutex_unlock(&queue->mutex);
    return entry;
}

bool bw_queue_is_full(bw_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    bool full = queue->count == queue->capacity;
    pthread_mutex_unlock(&queue->mutex);
    return full;
}

void bw_queue_finish(bw_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->finished = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->mutex);
}

void bw_queue_close(bw_queue **queue)
{
    if (!queue || !*queue)
        return;
    pthread_cond_destroy(&(*queue)->not_empty);
    pthread_cond_destroy(&(*queue)->not_full);
    pthread_mutex_destroy(&(*queue)->mutex);
    free(*queue);
    *queue = NULL;
}
