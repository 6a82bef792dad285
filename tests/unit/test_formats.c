/**
 * The formats' exact text, names of any bytes in each of them, nothing left where a writer is given
 * up, tracks, and the sorter that the video format uses.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annot/folder.h"
#include "annot/sort_file.h"
#include "annot/text.h"
#include "base/file.h"

static const char *const class_names[] = {"cat", "big \"dog\" & <co>"};

/* All files that writers may make, and the folders after what is in them. */
static const char *const made[] = {
    "data.yaml",
    "coco_results.json",
    "coco_image_ids.json",
    "coco_dataset.json",
    "cvat_images.xml",
    "label_studio.json",
    "label_studio.xml",
    "darknet.json",
    "annotations.jsonl",
    "annotations.csv",
    "labels/s/a.txt",
    "labels/s/b.txt",
    "labels/s",
    "labels",
    "Annotations/s/a.xml",
    "Annotations/s/b.xml",
    "Annotations/s",
    "Annotations",
    "label_2/s/a.txt",
    "label_2/s/b.txt",
    "label_2/s",
    "label_2",
    "x_anylabeling/s/a.json",
    "x_anylabeling/s/b.json",
    "x_anylabeling/s",
    "x_anylabeling",
    "cvat_video/s.xml",
    "cvat_video/s-9.xml",
    "cvat_video",
};

static int make_directory(void **state)
{
    char *path = strdup("/tmp/bw_formats_XXXXXX");
    *state = path;
    return path && mkdtemp(path) ? 0 : -1;
}

static int remove_directory(void **state)
{
    char path[512];
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        snprintf(path, sizeof path, "%s/%s", (char *)*state, made[i]);
        remove(path);
    }
    int result = rmdir(*state); /* fails, as it should, if a temporary file was left */
    free(*state);
    return result;
}

/* Two pictures that follow each other: two boxes, one known in the second as well; then none. */
static const bw_detection boxes[] = {
    {10, 20, 30.5f, 60, 0.75f, 1},
    {-5, -5, 500, 500, 0.5f, 0},
};
static const int64_t first_tracks[] = {4, -1}, second_tracks[] = {4};

static void write_both(const char *directory, const char *format, bool with_confidence)
{
    bw_writer_options options = {
        .names = class_names, .classes = 2, .with_confidence = with_confidence, .model = "net-1"};
    bw_annotation first = {.number = 1,
                           .file_name = "s/a\x01\xff<&\",.jpg",
                           .label = "s/a",
                           .width = 100,
                           .height = 200,
                           .detections = boxes,
                           .count = 2,
                           .tracks = first_tracks,
                           .time_ns = -1};
    bw_annotation second = first;
    second.number = 2;
    second.file_name = "s/b.jpg";
    second.label = "s/b";
    second.count = 1;
    second.tracks = second_tracks;
    bw_annotation third = second;
    third.number = 9;
    third.file_name = "s/c.jpg";
    third.source = "v.mp4";
    third.frame = 7;
    third.time_ns = 1500000000;
    third.count = 0;
    bw_writer *writer;
    check_ok(bw_writer_open(&writer, format, directory, &options, &error));
    check_ok(bw_writer_add(writer, &first, &error));
    check_ok(bw_writer_add(writer, &second, &error));
    bw_format_info info;
    for (int i = 0; bw_format_describe(i, &info) && strcmp(info.name, format) != 0; i++)
        continue;
    if (!info.suffix)
        check_ok(bw_writer_add(writer, &third, &error));
    check_ok(bw_writer_close(&writer, true, &error));
}

static char *read_text(const char *directory, const char *name)
{
    char path[512];
    uint8_t *bytes;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    check_ok(bw_read_file(&bytes, &size, path, 1 << 20, &error));
    return (char *)bytes;
}

static void assert_text(const char *directory, const char *name, const char *expected)
{
    char *text = read_text(directory, name);
    assert_string_equal(text, expected);
    free(text);
}

#define BAD_NAME "a\\u0001\xEF\xBF\xBD<&\\\",.jpg"
#define BAD_XML "a\xEF\xBF\xBD\xEF\xBF\xBD&lt;&amp;&quot;,.jpg"
#define DOG "big \\\"dog\\\" & <co>"
#define DOG_XML "big &quot;dog&quot; &amp; &lt;co&gt;"

static void test_yolo_names(void **state)
{
    write_both(*state, "yolo", false);
    assert_text(*state, "data.yaml",
                "# labels/ belongs to the pictures in images/, which have the same names.\n"
                "train: images\nval: images\nnc: 2\nnames:\n  0: \"cat\"\n  1: \"" DOG "\"\n");
}

static void test_voc(void **state)
{
    write_both(*state, "voc", false);
    assert_text(*state, "Annotations/s/b.xml",
                "<annotation>\n  <folder>s</folder>\n  <filename>b.jpg</filename>\n"
                "  <path>s/b.jpg</path>\n  <source><database>Unknown</database></source>\n"
                "  <size><width>100</width><height>200</height><depth>3</depth></size>\n"
                "  <segmented>0</segmented>\n"
                "  <object>\n    <name>" DOG_XML "</name>\n    <pose>Unspecified</pose>\n"
                "    <truncated>0</truncated>\n    <difficult>0</difficult>\n"
                "    <bndbox><xmin>11</xmin><ymin>21</ymin><xmax>31</xmax><ymax>60</ymax>"
                "</bndbox>\n  </object>\n</annotation>\n");
    char *text = read_text(*state, "Annotations/s/a.xml");
    assert_non_null(strstr(text, "<filename>" BAD_XML "</filename>"));
    assert_non_null(strstr(text, "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>100</xmax>"
                                 "<ymax>200</ymax></bndbox>"));
    free(text);
}

static void test_kitti(void **state)
{
    write_both(*state, "kitti", false);
    assert_text(*state, "label_2/s/a.txt",
                "big_\"dog\"_&_<co> -1 -1 -10 10.00 20.00 30.50 60.00 -1 -1 -1 -1000 -1000 -1000 "
                "-10 0.750000\n"
                "cat -1 -1 -10 0.00 0.00 100.00 200.00 -1 -1 -1 -1000 -1000 -1000 -10 0.500000\n");
}

static void test_cvat(void **state)
{
    write_both(*state, "cvat", true);
#define SCORE                                                                                      \
    "<attribute><name>score</name><mutable>True</mutable><input_type>text</input_type>"            \
    "<default_value></default_value><values></values></attribute>"
    assert_text(*state, "cvat_images.xml",
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n"
                "<version>1.1</version>\n<meta><task><name>boxwright</name><size>3</size>"
                "<mode>annotation</mode>\n<labels>\n"
                "<label><name>cat</name><attributes>" SCORE "</attributes></label>\n"
                "<label><name>" DOG_XML "</name><attributes>" SCORE "</attributes></label>\n"
                "</labels>\n</task></meta>\n"
                "<image id=\"0\" name=\"s/" BAD_XML "\" width=\"100\" height=\"200\">\n"
                "<box label=\"" DOG_XML "\" source=\"auto\" occluded=\"0\" xtl=\"10.00\" "
                "ytl=\"20.00\" xbr=\"30.50\" ybr=\"60.00\" z_order=\"0\">"
                "<attribute name=\"score\">0.750000</attribute></box>\n"
                "<box label=\"cat\" source=\"auto\" occluded=\"0\" xtl=\"0.00\" ytl=\"0.00\" "
                "xbr=\"100.00\" ybr=\"200.00\" z_order=\"0\">"
                "<attribute name=\"score\">0.500000</attribute></box>\n"
                "</image>\n<image id=\"1\" name=\"s/b.jpg\" width=\"100\" height=\"200\">\n"
                "<box label=\"" DOG_XML "\" source=\"auto\" occluded=\"0\" xtl=\"10.00\" "
                "ytl=\"20.00\" xbr=\"30.50\" ybr=\"60.00\" z_order=\"0\">"
                "<attribute name=\"score\">0.750000</attribute></box>\n"
                "</image>\n<image id=\"2\" name=\"s/c.jpg\" width=\"100\" height=\"200\">\n"
                "</image>\n</annotations>\n");
}

static void test_cvat_video(void **state)
{
    write_both(*state, "cvat-video", false);
    assert_text(*state, "cvat_video/s.xml",
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n"
                "<version>1.1</version>\n<meta><task><name>s</name><size>2</size>"
                "<mode>interpolation</mode>\n<labels>\n"
                "<label><name>cat</name><attributes></attributes></label>\n"
                "<label><name>" DOG_XML "</name><attributes></attributes></label>\n"
                "</labels>\n<original_size><width>100</width><height>200</height>"
                "</original_size>\n</task></meta>\n"
                "<track id=\"4\" label=\"" DOG_XML "\" source=\"auto\">\n"
                "<box frame=\"0\" outside=\"0\" occluded=\"0\" keyframe=\"1\" xtl=\"10.00\" "
                "ytl=\"20.00\" xbr=\"30.50\" ybr=\"60.00\" z_order=\"0\"></box>\n"
                "<box frame=\"1\" outside=\"0\" occluded=\"0\" keyframe=\"1\" xtl=\"10.00\" "
                "ytl=\"20.00\" xbr=\"30.50\" ybr=\"60.00\" z_order=\"0\"></box>\n"
                "</track>\n<track id=\"5\" label=\"cat\" source=\"auto\">\n"
                "<box frame=\"0\" outside=\"0\" occluded=\"0\" keyframe=\"1\" xtl=\"0.00\" "
                "ytl=\"0.00\" xbr=\"100.00\" ybr=\"200.00\" z_order=\"0\"></box>\n"
                "<box frame=\"1\" outside=\"1\" occluded=\"0\" keyframe=\"1\" xtl=\"0.00\" "
                "ytl=\"0.00\" xbr=\"100.00\" ybr=\"200.00\" z_order=\"0\"></box>\n"
                "</track>\n</annotations>\n");
    char *text = read_text(*state, "cvat_video/s-9.xml");
    assert_non_null(strstr(text, "<name>v.mp4</name><size>8</size>"));
    free(text);
}

static void test_label_studio(void **state)
{
    write_both(*state, "label-studio", false);
    char *text = read_text(*state, "label_studio.json");
    static const char start[] =
        "[\n{\"data\":{\"image\":\"/data/local-files/?d=s/a%01%FF%3C%26%22%2C.jpg\"},"
        "\"predictions\":[{\"model_version\":\"net-1\",\"score\":0.625000,\"result\":[\n"
        " {\"id\":\"r1\",\"type\":\"rectanglelabels\",\"from_name\":\"label\",\"to_name\":"
        "\"image\",\"original_width\":100,\"original_height\":200,\"image_rotation\":0,"
        "\"score\":0.750000,\"value\":{\"x\":10.000000,\"y\":10.000000,\"width\":20.500000,"
        "\"height\":20.000000,\"rotation\":0,\"rectanglelabels\":[\"" DOG "\"]}},\n";
    assert_memory_equal(text, start, sizeof start - 1);
    assert_non_null(strstr(text, "\"score\":0.000000,\"result\":[]}]}\n]\n"));
    free(text);
    text = read_text(*state, "label_studio.xml");
    assert_non_null(strstr(text, "    <Label value=\"" DOG_XML "\" background=\"#"));
    free(text);
}

static void test_x_anylabeling(void **state)
{
    write_both(*state, "x-anylabeling", false);
    assert_text(*state, "x_anylabeling/s/b.json",
                "{\"version\":\"2.4.4\",\"flags\":{},\"shapes\":[\n  {\"label\":\"" DOG "\","
                "\"score\":0.750000,\"points\":[[10.000,20.000],[30.500,20.000],[30.500,60.000],"
                "[10.000,60.000]],\"group_id\":4,\"description\":\"\",\"difficult\":false,"
                "\"shape_type\":\"rectangle\",\"flags\":{},\"attributes\":{}}],"
                "\"imagePath\":\"b.jpg\",\"imageData\":null,\"imageHeight\":200,"
                "\"imageWidth\":100}\n");
}

static void test_darknet(void **state)
{
    write_both(*state, "darknet", false);
    char *text = read_text(*state, "darknet.json");
    static const char start[] =
        "[\n{\"frame_id\":1,\"filename\":\"s/" BAD_NAME "\",\"objects\":[\n"
        " {\"class_id\":1,\"name\":\"" DOG "\",\"relative_coordinates\":{\"center_x\":0.202500,"
        "\"center_y\":0.200000,\"width\":0.205000,\"height\":0.200000},\"confidence\":0.750000}";
    assert_memory_equal(text, start, sizeof start - 1);
    assert_non_null(strstr(text, "\"objects\":[]}\n]\n"));
    free(text);
}

static void test_json_lines(void **state)
{
    write_both(*state, "jsonl", false);
    assert_text(
        *state, "annotations.jsonl",
        "{\"number\":1,\"file_name\":\"s/" BAD_NAME "\",\"width\":100,\"height\":200,"
        "\"detections\":[{\"class_id\":1,\"class\":\"" DOG "\",\"score\":0.750000,"
        "\"bbox\":[10.000,20.000,20.500,40.000],\"track_id\":4},{\"class_id\":0,\"class\":\"cat\","
        "\"score\":0.500000,\"bbox\":[0.000,0.000,100.000,200.000]}]}\n"
        "{\"number\":2,\"file_name\":\"s/b.jpg\",\"width\":100,\"height\":200,\"detections\":["
        "{\"class_id\":1,\"class\":\"" DOG "\",\"score\":0.750000,"
        "\"bbox\":[10.000,20.000,20.500,40.000],\"track_id\":4}]}\n"
        "{\"number\":9,\"file_name\":\"s/c.jpg\",\"width\":100,\"height\":200,\"source\":"
        "\"v.mp4\",\"frame\":7,\"time\":1.500000000,\"detections\":[]}\n");
}

static void test_csv(void **state)
{
    write_both(*state, "csv", false);
    assert_text(*state, "annotations.csv",
                "file_name,width,height,source,frame,time,class_id,class,score,left,top,right,"
                "bottom,track_id\n"
                "\"s/a\x01\xEF\xBF\xBD<&\"\",.jpg\",100,200,,,,1,\"big \"\"dog\"\" & <co>\","
                "0.750000,10.000,20.000,30.500,60.000,4\n"
                "\"s/a\x01\xEF\xBF\xBD<&\"\",.jpg\",100,200,,,,0,cat,0.500000,0.000,0.000,100.000,"
                "200.000,\n"
                "s/b.jpg,100,200,,,,1,\"big \"\"dog\"\" & <co>\",0.750000,10.000,20.000,30.500,"
                "60.000,4\n"
                "s/c.jpg,100,200,v.mp4,7,1.500000000,,,,,,,,\n");
}

static void test_coco_dataset(void **state)
{
    write_both(*state, "coco-dataset", true);
    char *text = read_text(*state, "coco_dataset.json");
    static const char start[] =
        "{\"info\":{},\"licenses\":[],\"images\":[\n"
        "{\"id\":1,\"width\":100,\"height\":200,\"file_name\":\"s/" BAD_NAME "\"},\n";
    assert_memory_equal(text, start, sizeof start - 1);
    assert_non_null(strstr(
        text, "\n],\"annotations\":[\n{\"id\":1,\"image_id\":1,\"category_id\":2,\"bbox\":[10.000,"
              "20.000,20.500,40.000],\"area\":820.000,\"iscrowd\":0,\"segmentation\":[],"
              "\"score\":0.750000},\n{\"id\":2,"));
    assert_non_null(strstr(text, "\n],\"categories\":[\n{\"id\":1,\"name\":\"cat\","
                                 "\"supercategory\":\"\"},\n{\"id\":2,\"name\":\"" DOG "\""));
    free(text);
}

/* Given up, no writer leaves a file that is not final; remove_directory checks that. */
static void test_given_up(void **state)
{
    bw_format_info format;
    for (int i = 0; bw_format_describe(i, &format); i++) {
        bw_writer_options options = {.names = class_names, .classes = 2};
        bw_writer *writer;
        check_ok(bw_writer_open(&writer, format.name, *state, &options, &error));
        bw_annotation picture = {.number = 1,
                                 .file_name = "x.jpg",
                                 .label = "s/a",
                                 .width = 10,
                                 .height = 10,
                                 .detections = boxes,
                                 .count = 2};
        check_ok(bw_writer_add(writer, &picture, &error));
        check_ok(bw_writer_close(&writer, false, &error));
    }
}

static void test_order(void **state)
{
    bw_writer *writer;
    bw_annotation picture = {
        .number = 1, .file_name = "b.jpg", .label = "b", .width = 10, .height = 10};
    check_ok(bw_writer_open(&writer, "cvat", *state, NULL, &error));
    check_ok(bw_writer_add(writer, &picture, &error));
    picture.file_name = "a.jpg";
    check_fails(bw_writer_add(writer, &picture, &error), BW_ERROR_ARGUMENT, "order");
    check_ok(bw_writer_close(&writer, false, &error));
}

/* ---- Tracks --------------------------------------------------------------------------------- */

static void test_tracks(void **state)
{
    (void)state;
    bw_tracker *tracker;
    bw_track_options options;
    bw_track_options_init(&options);
    options.max_age = 1;
    check_ok(bw_tracker_open(&tracker, &options, &error));
    bw_detection frame[] = {{0, 0, 10, 10, 0.9f, 0}, {100, 0, 110, 10, 0.8f, 0}};
    int64_t ids[3];
    check_ok(bw_tracker_update(tracker, frame, 2, ids, &error));
    assert_int_equal(ids[0], 0);
    assert_int_equal(ids[1], 1);
    /* They move and change places in the list; a box of another class is another's. */
    bw_detection next[] = {
        {102, 1, 112, 11, 0.9f, 0}, {2, 0, 12, 10, 0.8f, 0}, {2, 0, 12, 10, 1, 1}};
    check_ok(bw_tracker_update(tracker, next, 3, ids, &error));
    assert_int_equal(ids[0], 1);
    assert_int_equal(ids[1], 0);
    assert_int_equal(ids[2], 2);
    /* One frame may be missed, two may not. */
    check_ok(bw_tracker_update(tracker, next, 1, ids, &error));
    check_ok(bw_tracker_update(tracker, next + 1, 1, ids, &error));
    assert_int_equal(ids[0], 0);
    check_ok(bw_tracker_update(tracker, NULL, 0, ids, &error));
    check_ok(bw_tracker_update(tracker, next, 2, ids, &error));
    assert_int_equal(ids[0], 3);
    assert_int_equal(ids[1], 0);
    bw_tracker_restart(tracker);
    check_ok(bw_tracker_update(tracker, next, 2, ids, &error));
    assert_int_equal(ids[0], 4);
    assert_int_equal(ids[1], 5);
    bw_tracker_close(&tracker);
}

/* ---- The sorter ----------------------------------------------------------------------------- */

static int compare_numbers(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* 3 runs of 2 Mi numbers on disk, and one in memory. */
static void test_sorter(void **state)
{
    enum { COUNT = 7000001 };
    bw_sort_file *sorter;
    check_ok(bw_sort_file_open(&sorter, sizeof(uint64_t), compare_numbers, *state, &error));
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t mixed = i * 4294967291u % COUNT; /* a prime that does not divide COUNT */
        check_ok(bw_sort_file_add(sorter, &mixed, &error));
    }
    check_ok(bw_sort_file_finish(sorter, &error));
    const void *record = NULL;
    for (uint64_t i = 0; i < COUNT; i++) {
        check_ok(bw_sort_file_next(sorter, &record, &error));
        if (!record || memcmp(record, &i, sizeof i) != 0)
            fail_msg("number %llu is wrong", (unsigned long long)i);
    }
    check_ok(bw_sort_file_next(sorter, &record, &error));
    assert_null(record);
    bw_sort_file_close(&sorter);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_yolo_names),    WITH_FOLDER(test_voc),
        WITH_FOLDER(test_kitti),         WITH_FOLDER(test_cvat),
        WITH_FOLDER(test_cvat_video),    WITH_FOLDER(test_label_studio),
        WITH_FOLDER(test_x_anylabeling), WITH_FOLDER(test_darknet),
        WITH_FOLDER(test_json_lines),    WITH_FOLDER(test_csv),
        WITH_FOLDER(test_coco_dataset),  WITH_FOLDER(test_given_up),
        WITH_FOLDER(test_order),         cmocka_unit_test(test_tracks),
        WITH_FOLDER(test_sorter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
