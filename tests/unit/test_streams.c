/**
 * Streams: pictures come out the same whatever their number, pieces are dealt as promised, and
 * threads keep to their processors.
 */
#include "check.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/group.h"
#include "base/topology.h"

enum { PICTURES = 7, MOST_STREAMS = 5, PIECES = 40 };

static const char network[] =
    "[net]\nwidth=64\nheight=96\nchannels=3\n"
    "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[maxpool]\nsize=2\nstride=2\n"
    "[convolutional]\nbatch_normalize=1\nfilters=24\nsize=3\npad=1\nactivation=mish\n"
    "[convolutional]\nfilters=21\nsize=1\nactivation=linear\n"
    "[yolo]\nmask=0,1,2\nanchors=10,14,23,27,37,58\nclasses=2\nnum=3\n";

static char path[] = "/tmp/boxwright-test-XXXXXX.cfg";
static bw_image pictures[PICTURES];
static bw_plan *plans[5]; /* by batch */

static void make_picture(bw_image *picture, int index)
{
    static uint32_t random = 3;
    picture->width = 30 + 41 * index;
    picture->height = 190 - 23 * index;
    picture->stride = (size_t)picture->width * 3 + (size_t)index;
    size_t bytes = picture->stride * (size_t)picture->height;
    picture->pixels = malloc(bytes);
    for (size_t byte = 0; byte < bytes; byte++) {
        random = random * 1664525u + 1013904223u;
        picture->pixels[byte] = (uint8_t)(random >> 24);
    }
}

static int set_up(void **state)
{
    (void)state;
    int descriptor = mkstemps(path, 4);
    if (descriptor < 0 || write(descriptor, network, sizeof network - 1) < 0)
        return -1;
    close(descriptor);
    bw_model *model;
    check_ok(bw_model_load(&model, path, "random:5", NULL, &error));
    for (int batch = 1; batch < 5; batch++) {
        bw_build_options build;
        bw_build_options_init(&build);
        build.batch = batch;
        check_ok(bw_plan_build(&plans[batch], model, &build, &error));
    }
    bw_model_close(&model);
    for (int index = 0; index < PICTURES; index++)
        make_picture(&pictures[index], index);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int batch = 1; batch < 5; batch++)
        bw_plan_close(&plans[batch]);
    for (int index = 0; index < PICTURES; index++)
        free(pictures[index].pixels);
    return unlink(path);
}

/* ---- The engine ----------------------------------------------------------------------------- */

static bw_engine *open_engine(int batch, int threads, int streams)
{
    bw_engine *engine;
    bw_engine_info info;
    bw_run_options run;
    bw_run_options_init(&run);
    run.threads = threads;
    run.streams = streams;
    run.confidence = 0.2f;
    check_ok(bw_engine_open(&engine, plans[batch], &run, &error));
    bw_engine_describe(engine, &info);
    assert_int_equal(info.threads, threads);
    assert_int_equal(info.streams, streams);
    return engine;
}

static void clear(bw_detections *results)
{
    for (int index = 0; index < PICTURES; index++)
        bw_detections_clear(&results[index]);
}

static void check_same(const bw_detections *results, const bw_detections *expected, int count)
{
    for (int index = 0; index < count; index++) {
        assert_true(results[index].count > 0);
        assert_int_equal(results[index].count, expected[index].count);
        assert_memory_equal(results[index].items, expected[index].items,
                            expected[index].count * sizeof(bw_detection));
    }
}

/* A second call and a call with fewer pictures give the same as the first. */
static void check_engine(bw_engine *engine, const bw_detections *expected)
{
    bw_detections results[PICTURES] = {0};
    for (int count = PICTURES; count > 0; count -= 2) {
        check_ok(bw_engine_detect(engine, pictures, (size_t)count, results, &error));
        check_same(results, expected, count);
    }
    check_ok(bw_engine_detect(engine, pictures, 0, results, &error));
    bw_engine_times times;
    bw_engine_read_times(engine, &times);
    assert_int_equal(times.images, 7 + 5 + 3 + 1);
    assert_true(times.prepare > 0 && times.network > 0 && times.detect > 0);
    clear(results);
}

static void streams_change_nothing(void **state)
{
    (void)state;
    static const int batches[] = {1, 3, 4};
    bw_detections expected[PICTURES] = {0};
    bw_engine *single = open_engine(1, 1, 1);
    check_ok(bw_engine_detect(single, pictures, PICTURES, expected, &error));
    bw_engine_close(&single);
    for (int variant = 0; variant < 3; variant++) {
        for (int threads = 1; threads <= 5; threads++) {
            for (int streams = 1; streams <= threads && streams <= 3; streams++) {
                bw_engine *engine = open_engine(batches[variant], threads, streams);
                check_engine(engine, expected);
                bw_engine_close(&engine);
            }
        }
    }
    clear(expected);
}

/* Pictures that streams take, each a batch of 1 and 2 in turn. */
typedef struct counter {
    const bw_image *images;
    bw_detections *out;
    size_t count, most;
    atomic_size_t next;
    atomic_int taken, done, failed;
} counter;

static size_t take_next(void *context, int stream, size_t most, const bw_image **images,
                        bw_detections **out)
{
    counter *feed = context;
    assert_true(stream >= 0 && stream < 3);
    size_t first = atomic_fetch_add(&feed->next, feed->most);
    if (first >= feed->count)
        return 0;
    *images = feed->images + first;
    *out = feed->out + first;
    atomic_fetch_add(&feed->taken, 1);
    size_t left = feed->count - first;
    assert_true(feed->most <= most);
    return left < feed->most ? left : feed->most;
}

static void note_done(void *context, int stream, const bw_error *failure)
{
    (void)stream;
    counter *feed = context;
    atomic_fetch_add(failure ? &feed->failed : &feed->done, 1);
}

static void serves_every_picture_once(void **state)
{
    (void)state;
    bw_detections expected[PICTURES] = {0};
    bw_engine *single = open_engine(1, 1, 1);
    check_ok(bw_engine_detect(single, pictures, PICTURES, expected, &error));
    bw_engine_close(&single);
    for (int streams = 1; streams <= 3; streams++) {
        for (size_t most = 1; most <= 2; most++) {
            bw_detections results[PICTURES] = {0};
            bw_engine *engine = open_engine(2, 3, streams);
            counter feed = {.images = pictures, .out = results, .count = PICTURES, .most = most};
            check_ok(bw_engine_serve(engine, &(bw_feed){take_next, note_done, &feed}, &error));
            check_same(results, expected, PICTURES);
            assert_int_equal(atomic_load(&feed.done), atomic_load(&feed.taken));
            bw_engine_close(&engine);
            clear(results);
        }
    }
    clear(expected);
}

/* A stream that fails takes no more; with all of them gone, pictures are left. */
static void serving_ends_with_a_failure(void **state)
{
    (void)state;
    bw_detections results[PICTURES] = {0};
    bw_image broken[PICTURES];
    memcpy(broken, pictures, sizeof broken);
    broken[2].pixels = NULL;
    bw_engine *engine = open_engine(1, 1, 1);
    counter feed = {.images = broken, .out = results, .count = PICTURES, .most = 1};
    check_fails(bw_engine_serve(engine, &(bw_feed){take_next, note_done, &feed}, &error),
                BW_ERROR_ARGUMENT, "image 0");
    assert_int_equal(atomic_load(&feed.done), 2);
    assert_int_equal(atomic_load(&feed.failed), 1);
    assert_int_equal(atomic_load(&feed.next), 3);
    bw_engine_close(&engine);
    clear(results);
}

static void profiles_every_stream(void **state)
{
    (void)state;
    enum { RUNS = 3 };
    bw_engine *engine = open_engine(2, 3, 2);
    bw_plan_info info;
    bw_plan_describe(plans[2], &info);
    uint64_t *times = calloc((size_t)info.steps, sizeof *times);
    assert_non_null(times);
    check_ok(bw_engine_profile(engine, RUNS, NULL, &error));
    check_ok(bw_engine_profile(engine, RUNS, times, &error));
    for (int step = 0; step < info.steps; step++)
        assert_true(times[step] > 0);
    free(times);
    bw_engine_close(&engine);
}

static void check_refused(int threads, int streams, const char *text)
{
    bw_engine *engine;
    bw_run_options run;
    bw_run_options_init(&run);
    run.threads = threads;
    run.streams = streams;
    check_fails(bw_engine_open(&engine, plans[1], &run, &error), BW_ERROR_ARGUMENT, text);
    assert_null(engine);
}

static void refuses_mistakes(void **state)
{
    (void)state;
    check_refused(2, 3, "3 streams; they must be at least 1 and at most the threads, here 2");
    check_refused(2, -1, "-1 streams");
    bw_engine *engine = open_engine(3, 3, 3);
    bw_detections results[PICTURES] = {0};
    bw_image broken[PICTURES];
    memcpy(broken, pictures, sizeof broken);
    broken[4].pixels = broken[6].pixels = NULL;
    check_fails(bw_engine_detect(engine, broken, PICTURES, results, &error), BW_ERROR_ARGUMENT,
                "image 4");
    assert_null(results[0].items);
    bw_engine_close(&engine);
}

/* Where nothing is asked for, a stream a node, and only if a batch has a picture for each. */
static void chooses_streams(void **state)
{
    (void)state;
    bw_topology topology;
    bw_topology_read(&topology);
    for (int batch = 1; batch < 5; batch++) {
        bw_engine *engine;
        bw_engine_info info;
        check_ok(bw_engine_open(&engine, plans[batch], NULL, &error));
        bw_engine_describe(engine, &info);
        assert_int_equal(info.threads, bw_cpu_count());
        assert_int_equal(info.streams, topology.nodes <= batch ? topology.nodes : 1);
        bw_engine_close(&engine);
    }
}

/* ---- The group ------------------------------------------------------------------------------ */

typedef struct ledger {
    atomic_int done[PIECES];
    atomic_int running[MOST_STREAMS];
    atomic_int faults;
    int streams;
    bool fails[PIECES];
} ledger;

static bw_status note_piece(void *context, bw_stream *stream, size_t piece, bw_error *error)
{
    ledger *book = context;
    bool valid = piece < PIECES && stream->index >= 0 && stream->index < book->streams &&
                 stream->pool && stream->executor;
    if (!valid || atomic_fetch_add(&book->running[stream->index], 1) != 0) {
        atomic_fetch_add(&book->faults, 1);
        return BW_OK;
    }
    if (stream->index == 0)
        usleep(500);
    atomic_fetch_add(&book->done[piece], 1);
    atomic_fetch_sub(&book->running[stream->index], 1);
    return book->fails[piece] ? bw_fail(error, BW_ERROR_IO, "piece %zu failed", piece) : BW_OK;
}

static bw_group *open_group(int streams, int threads)
{
    bw_group *group;
    check_ok(
        bw_group_open(&group, &bw_backend_cpu, plans[1], BW_ALL_PADDING, streams, threads, &error));
    assert_int_equal(bw_group_streams(group), streams);
    return group;
}

static void deals_every_piece_once(void **state)
{
    (void)state;
    for (int streams = 1; streams <= MOST_STREAMS; streams++) {
        bw_group *group = open_group(streams, MOST_STREAMS);
        ledger book = {.streams = streams};
        check_ok(bw_group_deal(group, PIECES, note_piece, &book, &error));
        check_ok(bw_group_deal(group, 0, note_piece, &book, &error));
        check_ok(bw_group_each(group, note_piece, &book, &error));
        assert_int_equal(atomic_load(&book.faults), 0);
        for (int piece = 0; piece < PIECES; piece++)
            assert_int_equal(atomic_load(&book.done[piece]), piece < streams ? 2 : 1);
        bw_group_close(&group);
        bw_group_close(&group);
        assert_null(group);
    }
}

static void tells_of_the_lowest_failure(void **state)
{
    (void)state;
    for (int streams = 1; streams <= MOST_STREAMS; streams++) {
        bw_group *group = open_group(streams, MOST_STREAMS);
        ledger book = {.streams = streams};
        for (int piece = 9; piece < 9 + MOST_STREAMS; piece++)
            book.fails[piece] = true;
        check_fails(bw_group_deal(group, PIECES, note_piece, &book, &error), BW_ERROR_IO,
                    "piece 9 failed");
        for (int piece = 0; piece < PIECES; piece++) {
            int done = atomic_load(&book.done[piece]);
            assert_int_equal(piece <= 9 || done ? 1 : 0, done);
        }
        assert_int_equal(atomic_load(&book.done[PIECES - 1]), 0);
        assert_int_equal(bw_group_deal(group, PIECES, note_piece, &book, NULL), BW_ERROR_IO);
        memset(book.fails, 0, sizeof book.fails);
        check_ok(bw_group_deal(group, PIECES, note_piece, &book, &error));
        bw_group_close(&group);
    }
}

/* What the threads of each stream are bound to: their processors' union, and how many they are. */
typedef struct masks {
    cpu_set_t cpus[MOST_STREAMS];
    int threads[MOST_STREAMS];
} masks;

static bw_status note_mask(void *context, bw_stream *stream, size_t piece, bw_error *error)
{
    masks *seen = context;
    seen->threads[piece] = bw_pool_threads(stream->pool);
    return sched_getaffinity(0, sizeof(cpu_set_t), &seen->cpus[piece]) == 0
               ? BW_OK
               : bw_fail(error, BW_ERROR_IO, "the mask cannot be read");
}

/* A stream has what the cut gives it; the caller's own processors stay as they are. */
static void keeps_to_its_processors(void **state)
{
    (void)state;
    cpu_set_t before, after;
    bw_topology topology;
    bw_cpu_group shares[2];
    masks seen = {0};
    bw_topology_read(&topology);
    bw_topology_cut(&topology, MOST_STREAMS, shares, 2);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    bw_group *group = open_group(2, MOST_STREAMS);
    check_ok(bw_group_each(group, note_mask, &seen, &error));
    bw_group_close(&group);
    for (int stream = 0; stream < 2; stream++) {
        assert_true(CPU_EQUAL(&seen.cpus[stream], &shares[stream].cpus));
        assert_int_equal(seen.threads[stream], shares[stream].threads);
    }
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_change_nothing),
        cmocka_unit_test(serves_every_picture_once),
        cmocka_unit_test(serving_ends_with_a_failure),
        cmocka_unit_test(profiles_every_stream),
        cmocka_unit_test(refuses_mistakes),
        cmocka_unit_test(chooses_streams),
        cmocka_unit_test(deals_every_piece_once),
        cmocka_unit_test(tells_of_the_lowest_failure),
        cmocka_unit_test(keeps_to_its_processors),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
