/**
 * base/: threads, memory, files, errors and the processor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/threads.h"
#include "check.h"

/* ---- threads -------------------------------------------------------------------------------- */

enum { MOST_THREADS = 8, MOST_UNITS = 1000 };

typedef struct tally {
    atomic_int done[MOST_UNITS];
    atomic_int running[MOST_THREADS];
    atomic_int faults;
    int units, grain, threads;
} tally;

static void count_units(void *context, int first, int last, int worker)
{
    tally *counts = context;
    bool valid = worker >= 0 && worker < counts->threads && first >= 0 && first < last &&
                 last <= counts->units && last - first <= counts->grain;
    if (!valid || atomic_fetch_add(&counts->running[worker], 1) != 0) {
        atomic_fetch_add(&counts->faults, 1);
        return;
    }
    for (int unit = first; unit < last; unit++)
        atomic_fetch_add(&counts->done[unit], 1);
    atomic_fetch_sub(&counts->running[worker], 1);
}

static void check_loop(bw_pool *pool, int units, int grain)
{
    tally *counts = calloc(1, sizeof *counts);
    assert_non_null(counts);
    counts->units = units;
    counts->grain = grain;
    counts->threads = bw_pool_threads(pool);
    bw_pool_run(pool, count_units, counts, units, grain);
    assert_int_equal(atomic_load(&counts->faults), 0);
    for (int unit = 0; unit < MOST_UNITS; unit++)
        assert_int_equal(atomic_load(&counts->done[unit]), unit < units);
    free(counts);
}

static void test_pool_runs_every_unit_once(void **state)
{
    (void)state;
    static const int sizes[] = {0, 1, 2, 3, 7, 8, 9, 64, 333, MOST_UNITS};
    for (int threads = 1; threads <= MOST_THREADS; threads++) {
        bw_pool *pool;
        check_ok(bw_pool_open(&pool, threads, &error));
        assert_int_equal(bw_pool_threads(pool), threads);
        for (int loop = 0; loop < 60; loop++)
            check_loop(pool, sizes[loop % 10], 1 + loop % 7);
        check_loop(pool, 100, 1000);
        bw_pool_close(&pool);
        assert_null(pool);
    }
}

/* Workers fall asleep between loops, and a pool that never ran is closed. */
static void test_pool_wakes(void **state)
{
    (void)state;
    bw_pool *pool, *idle;
    check_ok(bw_pool_open(&pool, 3, &error));
    check_ok(bw_pool_open(&idle, 3, &error));
    for (int loop = 0; loop < 5; loop++) {
        usleep(3000);
        check_loop(pool, 50, 1);
    }
    bw_pool_close(&idle);
    bw_pool_close(&pool);
    bw_pool_close(&pool);
}

static void test_pool_refuses(void **state)
{
    (void)state;
    bw_pool *pool = NULL;
    check_fails(bw_pool_open(&pool, 0, &error), BW_ERROR_ARGUMENT, "0 threads");
    assert_null(pool);
}

/* ---- memory --------------------------------------------------------------------------------- */

static void test_sizes(void **state)
{
    (void)state;
    size_t result = 7;
    assert_true(bw_size_multiply(&result, 6, 7));
    assert_int_equal(result, 42);
    assert_false(bw_size_multiply(&result, SIZE_MAX / 2 + 1, 2));
    assert_false(bw_size_add(&result, SIZE_MAX, 1));
    assert_int_equal(result, 42);
    assert_true(bw_size_add(&result, SIZE_MAX - 1, 1));
    assert_true(result == SIZE_MAX);
    assert_true(bw_size_multiply(&result, 0, SIZE_MAX));
    assert_int_equal(result, 0);
    assert_int_equal(bw_round_up(0, 64), 0);
    assert_int_equal(bw_round_up(1, 64), 64);
    assert_int_equal(bw_round_up(64, 64), 64);
    assert_int_equal(bw_round_up(65, 64), 128);
}

static void test_blocks(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 63, 64, 1000, 5 << 20};
    for (size_t index = 0; index < sizeof sizes / sizeof *sizes; index++) {
        char *block = bw_aligned_alloc(sizes[index]);
        uint8_t *large = bw_large_alloc(sizes[index]);
        assert_non_null(block);
        assert_non_null(large);
        assert_int_equal((uintptr_t)block % BW_ALIGNMENT, 0);
        assert_int_equal((uintptr_t)large % BW_ALIGNMENT, 0);
        memset(block, 1, sizes[index]);
        for (size_t byte = 0; byte < sizes[index]; byte++)
            assert_int_equal(large[byte], 0);
        bw_aligned_free(block);
        bw_aligned_free(large);
    }
    assert_null(bw_aligned_alloc(SIZE_MAX));
    assert_null(bw_large_alloc(SIZE_MAX));
    bw_aligned_free(NULL);
}

static void test_arena(void **state)
{
    (void)state;
    bw_arena arena = {0};
    uint8_t *objects[500];
    for (size_t index = 0; index < 500; index++) {
        size_t size = index == 250 ? 300000 : index;
        objects[index] = bw_arena_alloc(&arena, size);
        assert_non_null(objects[index]);
        assert_int_equal((uintptr_t)objects[index] % _Alignof(max_align_t), 0);
        for (size_t byte = 0; byte < size; byte++)
            assert_int_equal(objects[index][byte], 0);
        memset(objects[index], (int)index & 255, size);
    }
    for (size_t index = 1; index < 500; index++) {
        assert_int_equal(objects[index][0], index & 255);
        assert_int_equal(objects[index][index - 1], index & 255);
    }
    assert_null(bw_arena_alloc(&arena, SIZE_MAX));
    assert_null(bw_arena_array(&arena, SIZE_MAX / 4, 8));
    assert_non_null(bw_arena_array(&arena, 100, 8));
    bw_arena_free(&arena);
    assert_null(arena.chunks);
    bw_arena_free(&arena);
}

static void test_arena_texts(void **state)
{
    (void)state;
    bw_arena arena = {0};
    assert_string_equal(bw_arena_text(&arena, "anchors", 6), "anchor");
    assert_string_equal(bw_arena_text(&arena, "", 0), "");
    assert_string_equal(bw_arena_format(&arena, "layer %d of %s", 12, "yolov3"),
                        "layer 12 of yolov3");
    bw_arena_free(&arena);
}

static void test_array_growth(void **state)
{
    (void)state;
    int *items = NULL;
    size_t capacity = 0;
    for (size_t count = 0; count < 1000; count++) {
        assert_true(bw_array_reserve((void **)&items, &capacity, count + 1, sizeof *items));
        assert_true(capacity > count);
        items[count] = (int)count;
    }
    for (size_t index = 0; index < 1000; index++)
        assert_int_equal(items[index], index);
    int *before = items;
    size_t same = capacity;
    assert_false(bw_array_reserve((void **)&items, &capacity, SIZE_MAX / 2, sizeof *items));
    assert_ptr_equal(items, before);
    assert_int_equal(capacity, same);
    free(items);
}

/* ---- files ---------------------------------------------------------------------------------- */

typedef struct folder {
    char path[64];
} folder;

static int make_scratch(void **state)
{
    folder *scratch = calloc(1, sizeof *scratch);
    if (!scratch)
        return -1;
    snprintf(scratch->path, sizeof scratch->path, "/tmp/boxwright-test-XXXXXX");
    *state = scratch;
    return mkdtemp(scratch->path) ? 0 : -1;
}

static int remove_scratch(void **state)
{
    folder *scratch = *state;
    int status = rmdir(scratch->path);
    free(scratch);
    return status;
}

/* A path in the test's folder; the text stays until the next call but one. */
static const char *inside(void **state, const char *name)
{
    static char paths[2][128];
    static int turn;
    const folder *scratch = *state;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", scratch->path, name);
    return paths[turn];
}

static void test_write_and_read(void **state)
{
    const char *path = inside(state, "weights");
    uint8_t *bytes;
    size_t size;
    check_ok(bw_write_file(path, "first", 5, &error));
    check_ok(bw_write_file(path, "second!", 7, &error));
    check_ok(bw_read_file(&bytes, &size, path, 7, &error));
    assert_int_equal(size, 7);
    assert_string_equal((char *)bytes, "second!");
    free(bytes);
    check_fails(bw_read_file(&bytes, &size, path, 6, &error), BW_ERROR_LIMIT, "7 bytes");
    assert_null(bytes);
    check_ok(bw_write_file(path, NULL, 0, &error));
    check_ok(bw_read_file(&bytes, &size, path, 0, &error));
    assert_int_equal(size, 0);
    assert_int_equal(bytes[0], 0);
    free(bytes);
    assert_int_equal(unlink(path), 0);
}

static void test_failed_write_leaves_nothing(void **state)
{
    const char *path = inside(state, "folder");
    assert_int_equal(mkdir(path, 0777), 0);
    check_fails(bw_write_file(path, "x", 1, &error), BW_ERROR_IO, "cannot write");
    assert_int_not_equal(access(inside(state, "folder.part"), F_OK), 0);
    assert_int_equal(rmdir(path), 0);
    check_fails(bw_write_file(inside(state, "absent/file"), "x", 1, &error), BW_ERROR_IO,
                "absent/file");
}

static void test_map(void **state)
{
    const char *path = inside(state, "weights");
    bw_mapping mapping;
    check_ok(bw_write_file(path, "mapped", 6, &error));
    check_ok(bw_map_file(&mapping, path, &error));
    assert_int_equal(mapping.size, 6);
    assert_memory_equal(mapping.data, "mapped", 6);
    bw_unmap_file(&mapping);
    assert_null(mapping.data);
    bw_unmap_file(&mapping);
    check_ok(bw_write_file(path, "", 0, &error));
    check_ok(bw_map_file(&mapping, path, &error));
    assert_null(mapping.data);
    assert_int_equal(mapping.size, 0);
    bw_unmap_file(&mapping);
    assert_int_equal(unlink(path), 0);
}

/* What is no regular file is refused, without waiting for a writer to a pipe. */
static void check_unreadable(const char *path, const char *text)
{
    bw_mapping mapping;
    uint8_t *bytes;
    size_t size;
    check_fails(bw_map_file(&mapping, path, &error), BW_ERROR_IO, text);
    check_fails(bw_read_file(&bytes, &size, path, 100, &error), BW_ERROR_IO, text);
    assert_null(mapping.data);
    assert_null(bytes);
}

static void test_unreadable(void **state)
{
    const char *pipe = inside(state, "pipe");
    check_unreadable(((folder *)*state)->path, "not a regular file");
    check_unreadable("/nowhere/at/all", "No such file");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    check_unreadable(pipe, "not a regular file");
    assert_int_equal(unlink(pipe), 0);
}

static void test_folders(void **state)
{
    const char *deep = inside(state, "a/b//c/");
    check_ok(bw_make_folders(deep, &error));
    check_ok(bw_make_folders(deep, &error));
    check_ok(bw_make_folders("/", &error));
    struct stat found;
    assert_int_equal(stat(deep, &found), 0);
    assert_true(S_ISDIR(found.st_mode));
    check_ok(bw_write_file(inside(state, "a/file"), "x", 1, &error));
    check_fails(bw_make_folders(inside(state, "a/file/d"), &error), BW_ERROR_IO,
                "cannot create the folder");
    assert_int_equal(unlink(inside(state, "a/file")), 0);
    assert_int_equal(rmdir(inside(state, "a/b/c")), 0);
    assert_int_equal(rmdir(inside(state, "a/b")), 0);
    assert_int_equal(rmdir(inside(state, "a")), 0);
}

/* ---- paths ---------------------------------------------------------------------------------- */

static void test_paths(void **state)
{
    (void)state;
    assert_string_equal(bw_base_name("a/b.c/d.jpg"), "d.jpg");
    assert_string_equal(bw_base_name("d.jpg"), "d.jpg");
    assert_string_equal(bw_base_name("a/"), "");
    assert_int_equal(bw_folder_length("a/b.c/d.jpg"), 5);
    assert_int_equal(bw_folder_length("d.jpg"), 0);
}

static void test_suffixes(void **state)
{
    (void)state;
    static const char *const archives[] = {".zip", ".tar.gz", NULL};
    assert_true(bw_has_suffix("a/yolo.cfg", ".cfg"));
    assert_false(bw_has_suffix("a/yolo.CFG", ".cfg"));
    assert_false(bw_has_suffix(".cfg", ".cfg"));
    assert_true(bw_has_any_suffix("photos.Tar.GZ", archives));
    assert_false(bw_has_any_suffix("photos.zip.part", archives));
    assert_false(bw_has_any_suffix("", archives));
    bw_arena arena = {0};
    assert_string_equal(bw_replace_suffix(&arena, "a.b/yolo.cfg", ".names"), "a.b/yolo.names");
    assert_string_equal(bw_replace_suffix(&arena, "a.b/yolo", ".names"), "a.b/yolo.names");
    bw_arena_free(&arena);
}

/* ---- errors --------------------------------------------------------------------------------- */

static void test_errors(void **state)
{
    (void)state;
    bw_error error = {0};
    assert_int_equal(bw_fail(&error, BW_ERROR_FORMAT, "line %d: no '='", 3), BW_ERROR_FORMAT);
    assert_int_equal(error.status, BW_ERROR_FORMAT);
    assert_string_equal(error.message, "line 3: no '='");
    assert_int_equal(bw_fail_prefix(&error, error.status, "%s", "a.cfg"), BW_ERROR_FORMAT);
    assert_string_equal(error.message, "a.cfg: line 3: no '='");
    assert_int_equal(bw_fail_memory(&error, 99, "the image"), BW_ERROR_MEMORY);
    assert_string_equal(error.message, "cannot allocate 99 bytes for the image");
    errno = ENOENT;
    assert_int_equal(bw_fail_errno(&error, "open", "b.cfg"), BW_ERROR_IO);
    assert_string_equal(error.message, "cannot open 'b.cfg': No such file or directory");
    assert_int_equal(bw_fail(NULL, BW_ERROR_LIMIT, "unread"), BW_ERROR_LIMIT);
    assert_int_equal(bw_fail_prefix(NULL, BW_ERROR_LIMIT, "unread"), BW_ERROR_LIMIT);
}

static void test_long_errors_are_cut(void **state)
{
    (void)state;
    bw_error error = {0};
    char text[2 * sizeof error.message];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    bw_fail(&error, BW_ERROR_FORMAT, "%s", text);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    bw_fail_prefix(&error, BW_ERROR_FORMAT, "prefix");
    assert_int_equal(strncmp(error.message, "prefix: xxx", 11), 0);
    bw_fail_prefix(&error, BW_ERROR_FORMAT, "%s", text);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

static void test_status_names(void **state)
{
    (void)state;
    static const bw_status statuses[] = {
        BW_OK,           BW_ERROR_ARGUMENT, BW_ERROR_MEMORY,      BW_ERROR_IO,
        BW_ERROR_FORMAT, BW_ERROR_LIMIT,    BW_ERROR_UNSUPPORTED,
    };
    size_t count = sizeof statuses / sizeof *statuses;
    for (size_t a = 0; a < count; a++) {
        for (size_t b = 0; b < a; b++)
            assert_string_not_equal(bw_status_name(statuses[a]), bw_status_name(statuses[b]));
    }
}

/* ---- the processor -------------------------------------------------------------------------- */

static void test_cpu_masks(void **state)
{
    (void)state;
    static const char *const levels[] = {"generic", "avx2", "avx512", "vnni", "bf16", "amx", "all"};
    uint32_t below = 0, mask = 0;
    for (size_t level = 0; level < sizeof levels / sizeof *levels; level++) {
        check_ok(bw_cpu_mask_parse(&mask, levels[level], &error));
        assert_int_equal(mask & below, below);
        assert_true(level == 0 ? mask == 0 : mask != below);
        below = mask;
    }
    mask = 5;
    check_fails(bw_cpu_mask_parse(&mask, "avx", &error), BW_ERROR_ARGUMENT, "'avx'");
    check_fails(bw_cpu_mask_parse(&mask, "", &error), BW_ERROR_ARGUMENT, "generic");
    check_fails(bw_cpu_mask_parse(&mask, "AVX2", &error), BW_ERROR_ARGUMENT, "avx2");
    assert_int_equal(mask, 5);
}

static void test_cpu_words(void **state)
{
    (void)state;
    char text[64], small[8];
    bw_cpu_describe(text, sizeof text, 0);
    assert_string_equal(text, "generic");
    bw_cpu_describe(text, sizeof text, BW_CPU_AVX2 | BW_CPU_AVX512);
    assert_string_equal(text, "avx2 avx512");
    bw_cpu_describe(small, sizeof small, BW_CPU_AVX2 | BW_CPU_AVX512);
    assert_string_equal(small, "avx2 av");
    assert_null(bw_cpu_feature_name(-1));
    assert_null(bw_cpu_feature_name(32));
    assert_true(bw_cpu_count() >= 1);
    assert_true(strlen(bw_cpu_name()) > 0);
    uint32_t features = bw_cpu_features();
    assert_int_equal(bw_cpu_features(), features);
    assert_true((features & BW_CPU_AVX512) == 0 || (features & BW_CPU_AVX2) != 0);
}

static void test_clock(void **state)
{
    (void)state;
    uint64_t before = bw_clock();
    assert_true(before > 0);
    for (int turn = 0; turn < 1000; turn++) {
        uint64_t now = bw_clock();
        assert_true(now >= before);
        before = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_runs_every_unit_once),
        cmocka_unit_test(test_pool_wakes),
        cmocka_unit_test(test_pool_refuses),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_arena_texts),
        cmocka_unit_test(test_array_growth),
        cmocka_unit_test_setup_teardown(test_write_and_read, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(test_failed_write_leaves_nothing, make_scratch,
                                        remove_scratch),
        cmocka_unit_test_setup_teardown(test_map, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(test_unreadable, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(test_folders, make_scratch, remove_scratch),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_suffixes),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_long_errors_are_cut),
        cmocka_unit_test(test_status_names),
        cmocka_unit_test(test_cpu_masks),
        cmocka_unit_test(test_cpu_words),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
