#include "backend/group.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/topology.h"

typedef struct member {
    bw_stream stream;
    bw_group *group;
    bw_cpu_group share;
    pthread_t driver;
    size_t failed_piece;
    bw_error error; /* of that piece; BW_OK while none has failed */
} member;

struct bw_group {
    const bw_backend *backend;
    const bw_plan *plan;
    int padding;
    member *members;
    int streams, drivers; /* as many drivers were started */

    bw_stream_work *work;
    void *context;
    size_t pieces;
    bool each;          /* a stream's only piece is its index */
    atomic_size_t next; /* the first piece that no stream has taken */
    atomic_bool failed;

    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t begun, done;
    unsigned generation; /* counts what was handed out; a change is the call to work */
    int pending;         /* drivers that have not finished */
    bool stop;
};

/* ---- Pieces --------------------------------------------------------------------------------- */

static void work_on(member *self, size_t piece)
{
    bw_group *group = self->group;
    self->error.status = group->work(group->context, &self->stream, piece, &self->error);
    self->failed_piece = piece;
    if (self->error.status != BW_OK)
        atomic_store(&group->failed, true);
}

/* A piece that was taken is worked on, so every piece below a failed one is, too. */
static void work_off(member *self)
{
    bw_group *group = self->group;
    if (group->each) {
        work_on(self, (size_t)self->stream.index);
        return;
    }
    while (!atomic_load(&group->failed)) {
        size_t piece = atomic_fetch_add(&group->next, 1);
        if (piece >= group->pieces)
            return;
        work_on(self, piece);
    }
}

static const member *find_failure(const bw_group *group)
{
    const member *found = NULL;
    for (int index = 0; index < group->streams; index++) {
        const member *one = &group->members[index];
        bool first = !found || one->failed_piece < found->failed_piece;
        if (one->error.status != BW_OK && first)
            found = one;
    }
    return found;
}

static void wake_drivers(bw_group *group)
{
    pthread_mutex_lock(&group->mutex);
    group->generation++;
    group->pending = group->drivers;
    pthread_cond_broadcast(&group->begun);
    while (group->pending > 0)
        pthread_cond_wait(&group->done, &group->mutex);
    pthread_mutex_unlock(&group->mutex);
}

static bw_status run(bw_group *group, bw_stream_work *work, void *context, bw_error *error)
{
    group->work = work;
    group->context = context;
    atomic_store(&group->next, 0);
    atomic_store(&group->failed, false);
    for (int index = 0; index < group->streams; index++)
        group->members[index].error.status = BW_OK;
    if (group->streams == 1)
        work_off(&group->members[0]);
    else
        wake_drivers(group);
    const member *failure = find_failure(group);
    if (failure && error)
        *error = failure->error;
    return failure ? failure->error.status : BW_OK;
}

bw_status bw_group_deal(bw_group *group, size_t pieces, bw_stream_work *work, void *context,
                        bw_error *error)
{
    group->each = false;
    group->pieces = pieces;
    return run(group, work, context, error);
}

bw_status bw_group_each(bw_group *group, bw_stream_work *work, void *context, bw_error *error)
{
    group->each = true;
    return run(group, work, context, error);
}

/* ---- Drivers -------------------------------------------------------------------------------- */

/* Waits for the next call to work; false when the group is closed. */
static bool wait_for_work(bw_group *group, unsigned *seen)
{
    pthread_mutex_lock(&group->mutex);
    while (group->generation == *seen && !group->stop)
        pthread_cond_wait(&group->begun, &group->mutex);
    *seen = group->generation;
    bool stop = group->stop;
    pthread_mutex_unlock(&group->mutex);
    return !stop;
}

static void report_done(bw_group *group)
{
    pthread_mutex_lock(&group->mutex);
    if (--group->pending == 0)
        pthread_cond_signal(&group->done);
    pthread_mutex_unlock(&group->mutex);
}

/* The pool's threads inherit the processors of the driver, which starts them. */
static void *drive(void *argument)
{
    member *self = argument;
    const cpu_set_t *cpus = &self->share.cpus;
    if (CPU_COUNT(cpus) > 0)
        (void)pthread_setaffinity_np(pthread_self(), sizeof *cpus, cpus);
    unsigned seen = 0;
    while (wait_for_work(self->group, &seen)) {
        work_off(self);
        report_done(self->group);
    }
    return NULL;
}

static bw_status start_drivers(bw_group *group, bw_error *error)
{
    if (group->streams == 1)
        return BW_OK;
    for (; group->drivers < group->streams; group->drivers++) {
        member *one = &group->members[group->drivers];
        if (pthread_create(&one->driver, NULL, drive, one) != 0)
            return bw_fail(error, BW_ERROR_MEMORY, "cannot start the threads of %d streams",
                           group->streams);
    }
    return BW_OK;
}

static void stop_drivers(bw_group *group)
{
    pthread_mutex_lock(&group->mutex);
    group->stop = true;
    pthread_cond_broadcast(&group->begun);
    pthread_mutex_unlock(&group->mutex);
    for (int index = 0; index < group->drivers; index++)
        pthread_join(group->members[index].driver, NULL);
}

/* ---- Opening and closing -------------------------------------------------------------------- */

static bw_status open_stream(void *context, bw_stream *stream, size_t piece, bw_error *error)
{
    (void)piece;
    const bw_group *group = context;
    bw_status status =
        bw_pool_open(&stream->pool, group->members[stream->index].share.threads, error);
    return status == BW_OK ? group->backend->open(&stream->executor, group->plan, stream->pool,
                                                  group->padding, error)
                           : status;
}

static int choose_streams(const bw_topology *topology, int batch, int threads)
{
    int nodes = topology->nodes;
    return nodes <= batch && nodes <= threads ? nodes : 1;
}

static bw_status set_members(bw_group *group, int streams, int threads, bw_error *error)
{
    bw_topology topology;
    bw_topology_read(&topology);
    group->streams = streams ? streams : choose_streams(&topology, group->plan->batch, threads);
    size_t count = (size_t)group->streams;
    group->members = calloc(count, sizeof *group->members);
    bw_cpu_group *shares = calloc(count, sizeof *shares);
    bool good = group->members && shares;
    if (good)
        bw_topology_cut(&topology, threads, shares, group->streams);
    for (int index = 0; good && index < group->streams; index++)
        group->members[index] =
            (member){.stream = {.index = index}, .group = group, .share = shares[index]};
    free(shares);
    return good ? BW_OK : bw_fail_memory(error, count * sizeof *group->members, "streams");
}

bw_status bw_group_open(bw_group **out, const bw_backend *backend, const bw_plan *plan, int padding,
                        int streams, int threads, bw_error *error)
{
    *out = NULL;
    if (threads < 1 || streams < 0 || streams > threads)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "%d streams; they must be at least 1 and at most the threads, here %d",
                       streams, threads);
    bw_group *group = calloc(1, sizeof *group);
    if (!group)
        return bw_fail_memory(error, sizeof *group, "streams");
    group->backend = backend;
    group->plan = plan;
    group->padding = padding;
    pthread_mutex_init(&group->mutex, NULL);
    pthread_cond_init(&group->begun, NULL);
    pthread_cond_init(&group->done, NULL);
    bw_status status = set_members(group, streams, threads, error);
    if (status == BW_OK)
        status = start_drivers(group, error);
    if (status == BW_OK)
        status = bw_group_each(group, open_stream, group, error);
    if (status != BW_OK)
        bw_group_close(&group);
    *out = group;
    return status;
}

int bw_group_streams(const bw_group *group)
{
    return group->streams;
}

const bw_stream *bw_group_stream(const bw_group *group, int index)
{
    return &group->members[index].stream;
}

void bw_group_close(bw_group **handle)
{
    bw_group *group = *handle;
    if (!group)
        return;
    stop_drivers(group);
    for (int index = 0; group->members && index < group->streams; index++) {
        bw_stream *stream = &group->members[index].stream;
        if (stream->executor)
            group->backend->close(&stream->executor);
        bw_pool_close(&stream->pool);
    }
    pthread_cond_destroy(&group->done);
    pthread_cond_destroy(&group->begun);
    pthread_mutex_destroy(&group->mutex);
    free(group->members);
    free(group);
    *handle = NULL;
}
