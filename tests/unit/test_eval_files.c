/**
 * The readers of ground truth and predictions: every form gives the same figures, and what is
 * damaged is told with its place.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* A folder of files that a test writes; removed with all of them. */
typedef struct test_folder {
    char root[64];
    char *made[16]; /* paths */
    int count;
} test_folder;

static int make_folder(void **state)
{
    test_folder *folder = calloc(1, sizeof *folder);
    *state = folder;
    if (!folder)
        return -1;
    strcpy(folder->root, "/tmp/bw_eval_XXXXXX");
    return mkdtemp(folder->root) ? 0 : -1;
}

static void free_path(char *path)
{
    remove(path);
    free(path);
}

static int remove_folder(void **state)
{
    test_folder *folder = *state;
    while (folder->count > 0)
        free_path(folder->made[--folder->count]);
    int result = rmdir(folder->root);
    free(folder);
    return result;
}

static const char *made_path(test_folder *folder, const char *name)
{
    char *path = NULL;
    assert_true(folder->count < 16);
    assert_true(asprintf(&path, "%s/%s", folder->root, name) > 0);
    folder->made[folder->count++] = path;
    return path;
}

static void write_bytes(test_folder *folder, const char *name, const void *bytes, size_t size)
{
    check_ok(bw_write_file(made_path(folder, name), bytes, size, &error));
}

/* Writes a file; the path it returns lives as long as the folder. */
static const char *write_text(test_folder *folder, const char *name, const char *text)
{
    write_bytes(folder, name, text, strlen(text));
    return folder->made[folder->count - 1];
}

static void make_below(test_folder *folder, const char *name)
{
    assert_int_equal(mkdir(made_path(folder, name), 0777), 0);
}

static const char coco_truth[] =
    "{\"info\": {\"year\": 2020, \"skipped\": [1, {}]}, \"annotations\": [\n"
    "{\"id\": 1, \"image_id\": 7, \"category_id\": 3, \"bbox\": [10, 20, 40, 40], \"area\": 1600,\n"
    " \"iscrowd\": 0}, {\"id\": 2, \"image_id\": 5, \"category_id\": 1, \"bbox\": [0, 0, 50, "
    "50]}],\n"
    "\"images\": [{\"id\": 7, \"file_name\": \"b.png\", \"width\": 100, \"height\": 200},\n"
    "             {\"id\": 5, \"file_name\": \"a.png\", \"width\": 100, \"height\": 200}],\n"
    "\"categories\": [{\"id\": 3, \"name\": \"dog\"}, {\"id\": 1, \"name\": \"cat\"}]}\n";

static bw_evaluation *open_coco(test_folder *folder)
{
    bw_evaluation *evaluation;
    const char *path = write_text(folder, "truth.json", coco_truth);
    check_ok(bw_evaluation_open(&evaluation, path, NULL, NULL, &error));
    return evaluation;
}

/* Checks that both classes are found in full, or the second one only; closes. */
static void assert_found(bw_evaluation *evaluation, double cat, double dog)
{
    const bw_figures *figures;
    int classes;
    check_ok(bw_evaluation_measure(evaluation, 0.25, &figures, &classes, &error));
    assert_true(classes >= 2);
    assert_true(fabs(figures[1].ap[0][0] - cat) < 1e-9);
    assert_true(fabs(figures[2].ap[0][0] - dog) < 1e-9);
    assert_string_equal(figures[0].name, "all");
    bw_evaluation_close(&evaluation);
}

static void test_coco_results(void **state)
{
    test_folder *folder = *state;
    bw_evaluation *evaluation = open_coco(folder);
    assert_string_equal(strrchr(bw_evaluation_image(evaluation, 1), '/'), "/b.png");
    assert_null(bw_evaluation_image(evaluation, 2));
    const char *path = write_text(folder, "results.json",
                                  "[{\"image_id\":7,\"category_id\":3,\"bbox\":[10,20,40,40],"
                                  "\"score\":0.5},\n{\"image_id\":5,\"category_id\":9,"
                                  "\"bbox\":[0,0,50,50],\"score\":1}]");
    check_ok(bw_evaluation_read(evaluation, path, &error));
    assert_non_null(strstr(bw_evaluation_warnings(evaluation), "1 of 2 boxes"));
    assert_found(evaluation, 0, 1);
}

/* A sample has pictures with their labels, and is found by name and number as before. */
static void test_sample(void **state)
{
    test_folder *folder = *state;
    bw_evaluation *evaluation = open_coco(folder);
    check_ok(bw_evaluation_sample(evaluation, 2, &error));
    assert_non_null(bw_evaluation_image(evaluation, 1));
    check_ok(bw_evaluation_sample(evaluation, 1, &error));
    assert_string_equal(strrchr(bw_evaluation_image(evaluation, 0), '/'), "/a.png");
    assert_null(bw_evaluation_image(evaluation, 1));
    const bw_detection found = {0, 0, 50, 50, 0.5f, 0};
    check_fails(bw_evaluation_sample(evaluation, 0, &error), BW_ERROR_ARGUMENT, "at least one");
    check_ok(bw_evaluation_add(evaluation, 0, &found, 1, &error));
    check_fails(bw_evaluation_sample(evaluation, 1, &error), BW_ERROR_ARGUMENT, "before");
    assert_found(evaluation, 1, -1);
}

static bool is_called(void *context, const char *path)
{
    const char *name = path ? strrchr(path, '/') : NULL;
    return name && strcmp(name + 1, context) == 0;
}

/* Chosen pictures have their labels, too. */
static void test_filter(void **state)
{
    test_folder *folder = *state;
    char first[] = "a.png", none[] = "none.png";
    bw_evaluation *evaluation = open_coco(folder);
    check_fails(bw_evaluation_filter(evaluation, is_called, none, &error), BW_ERROR_ARGUMENT,
                "no labelled picture");
    check_ok(bw_evaluation_filter(evaluation, is_called, first, &error));
    assert_string_equal(strrchr(bw_evaluation_image(evaluation, 0), '/'), "/a.png");
    assert_null(bw_evaluation_image(evaluation, 1));
    const bw_detection found = {0, 0, 50, 50, 0.5f, 0};
    check_ok(bw_evaluation_add(evaluation, 0, &found, 1, &error));
    check_fails(bw_evaluation_filter(evaluation, is_called, first, &error), BW_ERROR_ARGUMENT,
                "before");
    assert_found(evaluation, 1, -1);
}

/* With coco_image_ids.json beside them, results are found by the names of pictures. */
static void test_image_ids(void **state)
{
    test_folder *folder = *state;
    bw_evaluation *evaluation = open_coco(folder);
    write_text(folder, "coco_image_ids.json",
               "[{\"image_id\": 1, \"file_name\": \"photos/a.jpg\"},"
               "{\"image_id\": 2, \"file_name\": \"b.jpg\"}]");
    write_text(folder, "coco_results.json",
               "[{\"image_id\":2,\"category_id\":3,\"bbox\":[10,20,40,40],\"score\":0.5}]");
    check_ok(bw_evaluation_read(evaluation, folder->root, &error));
    assert_found(evaluation, 0, 1);
}

static void test_darknet(void **state)
{
    test_folder *folder = *state;
    bw_evaluation *evaluation = open_coco(folder);
    const char *path =
        write_text(folder, "r.json",
                   "[{\"frame_id\":1, \"filename\":\"/data/b.jpg\", \"objects\":[{\"class_id\":0,"
                   "\"name\":\"dog\", \"relative_coordinates\":{\"center_x\":0.3, \"center_y\":0.2,"
                   "\"width\":0.4, \"height\":0.2}, \"confidence\":0.9}]},\n"
                   "{\"frame_id\":2, \"filename\":\"a.jpg\", \"objects\":[]}]");
    check_ok(bw_evaluation_read(evaluation, path, &error));
    assert_found(evaluation, 0, 1);
}

static void test_yolo_predictions(void **state)
{
    test_folder *folder = *state;
    bw_evaluation *evaluation = open_coco(folder);
    make_below(folder, "labels");
    write_text(folder, "labels/b.txt", "1 0.3 0.2 0.4 0.2 0.9\n");
    write_text(folder, "labels/a.txt", "\n0 0.25 0.125 0.5 0.25 0.75\r\n");
    write_text(folder, "labels/other.txt", "");
    check_ok(bw_evaluation_read(evaluation, folder->root, &error));
    assert_non_null(strstr(bw_evaluation_warnings(evaluation), "1 of 3 text files"));
    assert_found(evaluation, 1, 1);
}

/* A bitmap of 100 × 200 pixels as far as its header. */
static void write_picture(test_folder *folder, const char *name)
{
    uint8_t bytes[64] = {'B', 'M'};
    bytes[10] = 54;
    bytes[14] = 40;
    bytes[18] = 100;
    bytes[22] = 200;
    bytes[26] = 1;
    bytes[28] = 24;
    write_bytes(folder, name, bytes, sizeof bytes);
}

static void write_yolo_set(test_folder *folder)
{
    make_below(folder, "images");
    make_below(folder, "images/sub");
    make_below(folder, "labels");
    make_below(folder, "labels/sub");
    write_picture(folder, "images/a.bmp");
    write_picture(folder, "images/sub/b.bmp");
    write_text(folder, "labels/sub/b.txt", "1 0.3 0.2 0.4 0.2\n");
}

static void test_yolo_truth(void **state)
{
    test_folder *folder = *state;
    static const char *const names[] = {"cat", "dog"};
    bw_evaluation *evaluation;
    write_yolo_set(folder);
    write_text(folder, "labels/a.txt", "0 0.25 0.125 0.5 0.25\n");
    check_ok(bw_evaluation_open(&evaluation, folder->root, NULL, NULL, &error));
    check_ok(bw_evaluation_expect(evaluation, names, 2, &error));
    const bw_detection dog = {10, 20, 50, 60, 0.5f, 1};
    check_ok(bw_evaluation_add(evaluation, 1, &dog, 1, &error));
    check_fails(bw_evaluation_add(evaluation, 2, &dog, 1, &error), BW_ERROR_ARGUMENT, "picture 2");
    assert_found(evaluation, 0, 1);
}

/* The model's classes are found by name, whatever their order. */
static void test_expect(void **state)
{
    test_folder *folder = *state;
    static const char *const names[] = {"dog", "cow", "cat"}, *const strange[] = {"x"};
    bw_evaluation *evaluation = open_coco(folder);
    check_fails(bw_evaluation_expect(evaluation, strange, 1, &error), BW_ERROR_FORMAT, "none of");
    check_ok(bw_evaluation_expect(evaluation, names, 3, &error));
    assert_non_null(strstr(bw_evaluation_warnings(evaluation), "1 of the model's 3 classes"));
    const bw_detection found[] = {{10, 20, 50, 60, 0.5f, 0}, {10, 20, 50, 60, 0.9f, 1}};
    check_ok(bw_evaluation_add(evaluation, 1, found, 2, &error));
    assert_found(evaluation, 0, 1);
}

static void test_bad_truth(void **state)
{
    test_folder *folder = *state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"", "line 1"},
        {"[]", "an object is missing"},
        {"{\"images\": [{\"id\": 1}], \"categories\": [{\"id\": 1, \"name\": \"a\"}],\n\"x",
         "line 2"},
        {"{\"images\": [{\"file_name\": \"a\"}]}", "images[0]: an image needs an id"},
        {"{\"images\": [{\"id\": 1}, 5]}", "images[1]"},
        {"{\"images\": [{\"id\": 1}], \"categories\": []}", "no images or no categories"},
        {"{\"annotations\": [{\"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3]}]}",
         "annotations[0]: an annotation needs"},
        {"{\"images\": [{\"id\": 1}, {\"id\": 1}], \"categories\": [{\"id\": 1, \"name\": \"a\"}]}",
         "two pictures have the id 1"},
        {"{\"images\": [{\"id\": 1}] \"categories\": []}", "',' or '}' is missing"},
        {"{} {}", "something follows"},
    };
    const char *path = made_path(folder, "truth.json");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_evaluation *evaluation;
        check_ok(bw_write_file(path, cases[i].text, strlen(cases[i].text), &error));
        if (i + 1 < sizeof cases / sizeof *cases)
            check_fails(bw_evaluation_open(&evaluation, path, NULL, NULL, &error), BW_ERROR_FORMAT,
                        cases[i].problem);
        assert_true(bw_evaluation_open(&evaluation, path, NULL, NULL, NULL) != BW_OK);
        assert_null(evaluation);
    }
}

static void test_bad_results(void **state)
{
    test_folder *folder = *state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"{}", "an array is missing"},
        {"[{\"image_id\":7}]", "[0]: a result needs"},
        {"[{\"image_id\":8,\"category_id\":3,\"bbox\":[1,1,1,1],\"score\":1}]", "no image 8"},
        {"[{\"image_id\":7,\"category_id\":2,\"bbox\":[1,1,1,1],\"score\":1}]", "category ids"},
        {"[{\"image_id\":7,\"category_id\":3,\"bbox\":[1,1,1,1],\"score\":1e999}]", "line 1"},
        {"[{\"filename\":\"a.png\",\"objects\":[{\"confidence\":1}]}]", "relative_coordinates"},
        {"[{\"filename\":\"q.png\",\"objects\":[]}]", "none of its 1 pictures"},
        {"[{\"objects\":[]}]", "needs a filename"},
    };
    bw_evaluation *evaluation = open_coco(folder);
    const char *path = made_path(folder, "results.json");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_ok(bw_write_file(path, cases[i].text, strlen(cases[i].text), &error));
        check_fails(bw_evaluation_read(evaluation, path, &error), BW_ERROR_FORMAT,
                    cases[i].problem);
    }
    bw_evaluation_close(&evaluation);
}

static void test_bad_labels(void **state)
{
    test_folder *folder = *state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1\n", "line 2: has 4 numbers"},
        {"0 0.5 0.5 0.1 x\n", "line 1: is not made of"},
        {"0.5 0.5 0.5 0.1 0.1\n", "whole number"},
        {"-1 0.5 0.5 0.1 0.1\n", "whole number"},
        {"99999999999 0.5 0.5 0.1 0.1\n", "whole number"},
        {"0 250 120 30 40\n", "are these pixels?"},
        {"0 0.5 0.5 -0.1 0.1\n", "no fraction"},
        {"0 nan 0.5 0.1 0.1\n", "is not made of"},
        {"1 2 3 4 5 6 7 8 9\n", "at most 8 numbers"},
    };
    bw_evaluation *evaluation;
    write_yolo_set(folder);
    const char *path = made_path(folder, "labels/a.txt");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_ok(bw_write_file(path, cases[i].text, strlen(cases[i].text), &error));
        check_fails(bw_evaluation_open(&evaluation, folder->root, NULL, NULL, &error),
                    BW_ERROR_FORMAT, cases[i].problem);
    }
    check_ok(bw_write_file(path, "0 0 0 0\0 0\n", 11, &error));
    check_fails(bw_evaluation_open(&evaluation, folder->root, NULL, NULL, &error), BW_ERROR_FORMAT,
                "not a text file");
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_coco_results), FOLDER_TEST(test_sample),
        FOLDER_TEST(test_filter),       FOLDER_TEST(test_image_ids),
        FOLDER_TEST(test_darknet),      FOLDER_TEST(test_yolo_predictions),
        FOLDER_TEST(test_yolo_truth),   FOLDER_TEST(test_expect),
        FOLDER_TEST(test_bad_truth),    FOLDER_TEST(test_bad_results),
        FOLDER_TEST(test_bad_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
