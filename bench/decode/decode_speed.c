/**
 * How many pictures a second can be decoded, and nothing else be done: what a run's decoding is
 * measured against. Prints the figure alone.
 *
 * usage: decode_speed THREADS SECONDS FILE...
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "boxwright/boxwright.h"

enum { MOST_THREADS = 256 };

typedef struct work {
    char **files;
    int count;
    double end; /* no picture is begun afterwards */
    atomic_int next, done, failed;
} work;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *decode(void *argument)
{
    work *job = argument;
    bw_decode_options options;
    bw_decode_options_init(&options);
    while (now() < job->end) {
        bw_image image = {0};
        bw_error error;
        int index = atomic_fetch_add(&job->next, 1) % job->count;
        if (bw_image_read(&image, job->files[index], &options, &error) == BW_OK)
            atomic_fetch_add(&job->done, 1);
        else
            atomic_fetch_add(&job->failed, 1);
        bw_image_clear(&image);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 3 ? atoi(argv[1]) : 0, started = 0;
    if (threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: decode_speed THREADS SECONDS FILE...\n");
        return 2;
    }
    pthread_t group[MOST_THREADS];
    double begun = now();
    work job = {.files = argv + 3, .count = argc - 3, .end = begun + strtod(argv[2], NULL)};
    while (started < threads && pthread_create(&group[started], NULL, decode, &job) == 0)
        started++;
    for (int i = 0; i < started; i++)
        pthread_join(group[i], NULL);
    double seconds = now() - begun;
    if (started < threads || atomic_load(&job.failed) > 0 || atomic_load(&job.done) == 0) {
        fprintf(stderr, "decode_speed: %d of %d threads, %d pictures failed\n", started, threads,
                atomic_load(&job.failed));
        return 1;
    }
    printf("%.2f\n", (double)atomic_load(&job.done) / seconds);
    return 0;
}
