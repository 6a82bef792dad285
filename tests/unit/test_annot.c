/**
 * Annotation writers: the exact text of label files, COCO's ids in every mixture of file names,
 * and labels that try to leave their folder.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "annot/coco_names.h"
#include "annot/id_set.h"
#include "annot/writer.h"
#include "base/file.h"
#include "base/utf8.h"

static const char *const two_names[] = {"cat", "dog"};

static int make_directory(void **state)
{
    char *path = strdup("/tmp/bw_annot_XXXXXX");
    *state = path;
    return path && mkdtemp(path) ? 0 : -1;
}

static void remove_path(const char *directory, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (unlink(path) != 0 && errno == EISDIR)
        rmdir(path);
}

static int remove_directory(void **state)
{
    static const char *const made[] = {
        "labels/a.txt", "labels/sub/b.txt",  "labels/empty.txt",    "labels/sub",
        "labels",       "coco_results.json", "coco_image_ids.json", "data.yaml",
    };
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        remove_path(*state, made[i]);
    int result = rmdir(*state); /* fails, as it should, if a temporary file was left */
    free(*state);
    return result;
}

static void assert_file(const char *directory, const char *name, const char *expected)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    uint8_t *bytes;
    size_t size;
    assert_int_equal(bw_read_file(&bytes, &size, path, 1 << 20, NULL), BW_OK);
    assert_string_equal((const char *)bytes, expected);
    free(bytes);
}

static bw_writer *open_writer(const char *format, const char *directory, bool with_confidence)
{
    bw_writer_options options = {
        .names = two_names, .classes = 2, .with_confidence = with_confidence};
    bw_writer *writer;
    assert_int_equal(bw_writer_open(&writer, format, directory, &options, NULL), BW_OK);
    return writer;
}

static bw_annotation make_picture(int64_t number, const char *file_name, const char *label,
                                  int width, int height, const bw_detection *boxes, size_t count)
{
    return (bw_annotation){.number = number,
                           .file_name = file_name,
                           .label = label,
                           .width = width,
                           .height = height,
                           .detections = boxes,
                           .count = count,
                           .time_ns = -1};
}

static void test_fixed(void **state)
{
    (void)state;
    char text[BW_FIXED_SIZE];
    assert_string_equal(bw_format_fixed(text, 0.5, 6), "0.500000");
    assert_string_equal(bw_format_fixed(text, 0.9999999, 6), "1.000000");
    assert_string_equal(bw_format_fixed(text, -1.25, 1), "-1.3");
    assert_string_equal(bw_format_fixed(text, -0.0001, 2), "0.00");
    assert_string_equal(bw_format_fixed(text, 12, 0), "12");
    assert_string_equal(bw_format_fixed(text, (double)NAN, 3), "0.000");
    assert_string_equal(bw_format_fixed(text, 1e300, 9), "1000000000.000000000");
}

static void test_safe_labels(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "/a", "a/",    "a//b",   "..", "../a",
                                      "a/..", ".",  "a/./b", "a/../b", "./a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(bw_label_is_safe(bad[i]));
    static const char *const good[] = {"a", "a/b", "..a", "a..", "-rf", "a\nb", "...", "\xff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(bw_label_is_safe(good[i]));
    char part[300];
    memset(part, 'a', sizeof part);
    part[250] = '\0';
    assert_false(bw_label_is_safe(part));
    part[200] = '\0';
    assert_true(bw_label_is_safe(part));
}

static void test_yolo(void **state)
{
    const bw_detection boxes[] = {
        {10, 20, 30, 60, 0.75f, 1}, {-5, -5, 500, 500, 1, 0}, /* clamped to the whole picture */
    };
    bw_writer *writer = open_writer("yolo", *state, false);
    bw_annotation plain = make_picture(1, "a.jpg", "a", 100, 200, boxes, 2);
    assert_int_equal(bw_writer_add(writer, &plain, NULL), BW_OK);
    bw_annotation nothing = make_picture(2, "empty.jpg", "empty", 100, 200, NULL, 0);
    assert_int_equal(bw_writer_add(writer, &nothing, NULL), BW_OK);
    bw_annotation escape = make_picture(3, "x.jpg", "../x", 100, 200, boxes, 1);
    assert_int_equal(bw_writer_add(writer, &escape, NULL), BW_ERROR_ARGUMENT);
    assert_int_equal(bw_writer_close(&writer, true, NULL), BW_OK);
    assert_null(writer);

    writer = open_writer("yolo", *state, true);
    bw_annotation below = make_picture(4, "sub/b.jpg", "sub/b", 100, 200, boxes, 1);
    assert_int_equal(bw_writer_add(writer, &below, NULL), BW_OK);
    assert_int_equal(bw_writer_close(&writer, true, NULL), BW_OK);

    assert_file(*state, "labels/a.txt",
                "1 0.200000 0.200000 0.200000 0.200000\n0 0.500000 0.500000 1.000000 1.000000\n");
    assert_file(*state, "labels/empty.txt", "");
    assert_file(*state, "labels/sub/b.txt", "1 0.200000 0.200000 0.200000 0.200000 0.750000\n");
}

static json_t *load(const char *directory, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return json_load_file(path, 0, NULL);
}

/* Writes one box for each file name, in order, with the numbers 1, 2, … */
static void write_coco(const char *directory, const char *const *names, size_t count, bool commit)
{
    bw_writer *writer = open_writer("coco", directory, false);
    for (size_t i = 0; i < count; i++) {
        bw_detection box = {1.25f, 2.5f, 3.5f, 4.5f, 0.123456789f, 1};
        bw_annotation picture = make_picture((int64_t)i + 1, names[i], "label", 100, 100, &box, 1);
        assert_int_equal(bw_writer_add(writer, &picture, NULL), BW_OK);
    }
    assert_int_equal(bw_writer_close(&writer, commit, NULL), BW_OK);
}

static void test_coco_numbers(void **state)
{
    static const char *const names[] = {"000000000139.jpg", "dir.1/7.png"};
    write_coco(*state, names, 2, true);
    assert_file(*state, "coco_results.json",
                "[\n{\"image_id\":139,\"category_id\":2,\"bbox\":[1.250,2.500,2.250,2.000],"
                "\"score\":0.123456791},\n"
                "{\"image_id\":7,\"category_id\":2,\"bbox\":[1.250,2.500,2.250,2.000],"
                "\"score\":0.123456791}\n]\n");
    assert_null(load(*state, "coco_image_ids.json"));
}

/* Every mixture: a name, a number claimed later, a number claimed twice, one that is too long. */
static void test_coco_collisions(void **state)
{
    static const char *const names[] = {
        "dog\n\xff.jpg", "a/0000000001.jpg",           "b/1.jpg", "3.tar.jpg", "5",
        "4.jpg",         "9999999999999999999999.jpg",
    };
    static const int expected[] = {8, 1, 3, 9, 5, 4, 7};
    write_coco(*state, names, 7, true);
    json_t *ids = load(*state, "coco_image_ids.json"), *results = load(*state, "coco_results.json");
    assert_int_equal(json_array_size(ids), 7);
    assert_int_equal(json_array_size(results), 7);
    for (size_t i = 0; i < 7; i++) {
        json_t *entry = json_array_get(ids, i);
        char *name = NULL;
        for (size_t k = 0; k < 7; k++) {
            name = bw_utf8_clean(names[k], false);
            bool same = !strcmp(name, json_string_value(json_object_get(entry, "file_name")));
            free(name);
            if (same)
                assert_int_equal(json_integer_value(json_object_get(entry, "image_id")),
                                 expected[k]);
        }
        json_t *result = json_array_get(results, i);
        assert_int_equal(json_integer_value(json_object_get(result, "image_id")),
                         json_integer_value(json_object_get(entry, "image_id")));
    }
    json_decref(ids);
    json_decref(results);
}

static void test_coco_without_pictures(void **state)
{
    write_coco(*state, NULL, 0, true);
    assert_file(*state, "coco_results.json", "[]\n");
}

static void test_coco_not_committed(void **state)
{
    static const char *const names[] = {"1.jpg", "dog.jpg"};
    write_coco(*state, names, 2, false);
    assert_null(load(*state, "coco_results.json"));
}

static void test_coco_categories(void **state)
{
    (void)state;
    assert_int_equal(bw_coco_category_id(0), 1);
    assert_int_equal(bw_coco_category_id(11), 13);
    assert_int_equal(bw_coco_category_id(79), 90);
    assert_int_equal(bw_coco_category_id(80), 0);
    assert_int_equal(bw_coco_category_id(-1), 0);
    assert_true(bw_coco_is(bw_coco_names(), 80));
    const char *names[80];
    memcpy(names, bw_coco_names(), sizeof names);
    names[57] = "sofa";
    assert_true(bw_coco_is(names, 80));
    names[57] = "dog";
    assert_false(bw_coco_is(names, 80));
    assert_false(bw_coco_is(bw_coco_names(), 79));
}

static void test_id_set(void **state)
{
    (void)state;
    bw_id_set set = {0};
    for (int64_t id = 0; id < 5000; id++)
        assert_true(bw_id_set_add(&set, id * id * 1000003));
    assert_true(bw_id_set_add(&set, 0));
    assert_int_equal(set.count, 5000);
    for (int64_t id = 0; id < 5000; id++)
        assert_true(bw_id_set_holds(&set, id * id * 1000003));
    assert_false(bw_id_set_holds(&set, 2));
    bw_id_set_free(&set);
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text, *clean, *visible;
    } cases[] = {
        {"plain", "plain", "plain"},
        {"h\xC3\xA9", "h\xC3\xA9", "h\xC3\xA9"},
        {"\xF0\x9F\x90\xB6", "\xF0\x9F\x90\xB6", "\xF0\x9F\x90\xB6"},
        {"a\xFFz", "a\xEF\xBF\xBDz", "a\xEF\xBF\xBDz"},
        {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
         "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"a\nb\x1B[0m", "a\nb\x1B[0m",
         "a\xEF\xBF\xBD"
         "b\xEF\xBF\xBD[0m"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *clean = bw_utf8_clean(cases[i].text, false);
        char *visible = bw_utf8_clean(cases[i].text, true);
        assert_string_equal(clean, cases[i].clean);
        assert_string_equal(visible, cases[i].visible);
        assert_true(bw_utf8_valid(clean, strlen(clean)));
        free(clean);
        free(visible);
    }
}

static void test_formats(void **state)
{
    (void)state;
    bw_format_info format;
    assert_true(bw_format_describe(0, &format));
    assert_string_equal(format.name, "yolo");
    assert_false(bw_format_describe(12, &format));
    assert_false(bw_format_describe(-1, &format));
    bw_writer *writer;
    assert_int_equal(bw_writer_open(&writer, "nothing", "/tmp", NULL, NULL), BW_ERROR_ARGUMENT);
    assert_null(writer);
    assert_int_equal(bw_writer_open(&writer, "coco", "/nonexistent", NULL, NULL), BW_ERROR_IO);
    assert_null(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_safe_labels),
        cmocka_unit_test(test_coco_categories),
        cmocka_unit_test(test_id_set),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_formats),
        cmocka_unit_test_setup_teardown(test_yolo, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_coco_numbers, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_coco_collisions, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_coco_without_pictures, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(test_coco_not_committed, make_directory, remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
