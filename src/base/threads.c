#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"

enum { SPINS = 4000 };

/* One worker's share of the loop, on a cache line of its own: others take from it when idle. */
typedef struct share {
    _Alignas(BW_ALIGNMENT) atomic_int next;
    int end;
} share;

struct bw_pool {
    int threads, started;
    pthread_t *handles;
    share *shares;
    bw_task *task;
    void *context;
    int grain;
    bool stop;
    _Alignas(BW_ALIGNMENT) atomic_uint generation; /* counts loops; a change is the call to work */
    _Alignas(BW_ALIGNMENT) atomic_int pending;     /* workers that have not finished this loop */
    atomic_int sleepers;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
};

typedef struct worker {
    bw_pool *pool;
    int index;
} worker;

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void take_share(bw_pool *pool, int owner, int index)
{
    share *part = &pool->shares[owner];
    for (;;) {
        int first = atomic_fetch_add_explicit(&part->next, pool->grain, memory_order_relaxed);
        if (first >= part->end)
            return;
        int last = part->end - first > pool->grain ? first + pool->grain : part->end;
        pool->task(pool->context, first, last, index);
    }
}

static void work(bw_pool *pool, int index)
{
    for (int step = 0; step < pool->threads; step++)
        take_share(pool, (index + step) % pool->threads, index);
}

static unsigned wait_for_loop(bw_pool *pool, unsigned seen)
{
    for (int spin = 0; spin < SPINS; spin++) {
        unsigned now = atomic_load_explicit(&pool->generation, memory_order_acquire);
        if (now != seen)
            return now;
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(&pool->generation) == seen)
        pthread_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
    return atomic_load(&pool->generation);
}

static void *worker_main(void *argument)
{
    worker me = *(worker *)argument;
    free(argument);
    unsigned seen = 0;
    for (;;) {
        seen = wait_for_loop(me.pool, seen);
        if (me.pool->stop)
            return NULL;
        work(me.pool, me.index);
        atomic_fetch_sub_explicit(&me.pool->pending, 1, memory_order_release);
    }
}

static void start_loop(bw_pool *pool)
{
    atomic_fetch_add(&pool->generation, 1);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
}

static bool start_worker(bw_pool *pool, int index)
{
    worker *me = malloc(sizeof *me);
    if (!me)
        return false;
    *me = (worker){pool, index};
    if (pthread_create(&pool->handles[index], NULL, worker_main, me) != 0) {
        free(me);
        return false;
    }
    return true;
}

bw_status bw_pool_open(bw_pool **out, int threads, bw_error *error)
{
    *out = NULL;
    if (threads < 1)
        return bw_fail(error, BW_ERROR_ARGUMENT, "a pool of %d threads was asked for", threads);
    bw_pool *pool = bw_aligned_alloc(sizeof *pool);
    if (!pool)
        return bw_fail_memory(error, sizeof *pool, "the thread pool");
    *pool = (bw_pool){.threads = threads, .started = 1};
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->handles = calloc((size_t)threads, sizeof *pool->handles);
    pool->shares = bw_aligned_alloc((size_t)threads * sizeof *pool->shares);
    bool good = pool->handles && pool->shares;
    while (good && pool->started < threads) {
        good = start_worker(pool, pool->started);
        pool->started += good;
    }
    if (!good) {
        bw_pool_close(&pool);
        return bw_fail(error, BW_ERROR_MEMORY, "cannot start %d threads", threads);
    }
    *out = pool;
    return BW_OK;
}

int bw_pool_threads(const bw_pool *pool)
{
    return pool->threads;
}

static void deal_shares(bw_pool *pool, int units)
{
    int begin = 0;
    for (int index = 0; index < pool->threads; index++) {
        int end = (int)((int64_t)units * (index + 1) / pool->threads);
        atomic_store_explicit(&pool->shares[index].next, begin, memory_order_relaxed);
        pool->shares[index].end = end;
        begin = end;
    }
}

void bw_pool_run(bw_pool *pool, bw_task *task, void *context, int units, int grain)
{
    if (units <= 0)
        return;
    if (pool->threads == 1 || units == 1) {
        for (int first = 0; first < units; first += grain)
            task(context, first, units - first > grain ? first + grain : units, 0);
        return;
    }
    pool->task = task;
    pool->context = context;
    pool->grain = grain;
    deal_shares(pool, units);
    atomic_store_explicit(&pool->pending, pool->threads - 1, memory_order_relaxed);
    start_loop(pool);
    work(pool, 0);
    for (int spin = 0; atomic_load_explicit(&pool->pending, memory_order_acquire) > 0; spin++) {
        if (spin < SPINS)
            relax();
        else
            sched_yield();
    }
}

void bw_pool_close(bw_pool **handle)
{
    bw_pool *pool = *handle;
    if (!pool)
        return;
    pool->stop = true;
    start_loop(pool);
    for (int index = 1; index < pool->started; index++)
        pthread_join(pool->handles[index], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->handles);
    bw_aligned_free(pool->shares);
    bw_aligned_free(pool);
    *handle = NULL;
}
