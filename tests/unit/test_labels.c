/**
 * Labels read back: every pair of formats keeps what both can hold, formats are told by what files
 * look like, and what is damaged is told with its place.
 */
#include "check.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annot/readers.h"
#include "base/file.h"

enum { WIDTH = 64, HEIGHT = 48 };

/* What a format keeps. Boxes lie on whole pixels, which VOC needs, and `box` is how far off they
   may be all the same. */
typedef struct kept {
    const char *format;
    double box;
    bool score, track, empty, numbers; /* numbers: the classes' own */
} kept;

static const kept formats[] = {
    {"yolo", 1e-3, true, false, true, true},
    {"coco", 1e-3, true, false, true, true},
    {"coco-dataset", 1e-3, true, false, true, true},
    {"voc", 0, false, false, true, true},
    {"kitti", 1e-2, true, false, true, true},
    {"cvat", 1e-2, true, false, true, true},
    {"cvat-video", 1e-2, false, true, true, true},
    {"label-studio", 1e-3, true, false, true, true},
    {"x-anylabeling", 1e-3, true, true, true, true},
    {"darknet", 1e-3, true, false, true, true},
    {"jsonl", 1e-3, true, true, true, true},
    {"csv", 1e-3, true, true, true, true},
};
enum { FORMATS = sizeof formats / sizeof *formats };

static const char *const class_names[] = {"car", "traffic light", "\xC3\xA9t\xC3\xA9 & \"co\""};
static const char *const file_names[] = {"s/a.bmp", "s/b c.bmp", "s/d&\xC3\xA9.bmp"};
static const char *const labels[] = {"s/a", "s/b c", "s/d&\xC3\xA9"};
static const bw_detection first[] = {{3, 4, 20, 30, 0.75f, 1}, {0, 0, 64, 48, 0.5f, 2}};
static const bw_detection third[] = {{5, 4, 22, 30, 0.25f, 1}};
static const int64_t first_tracks[] = {0, 1}, third_tracks[] = {0};

static const bw_annotation pictures[] = {
    {.number = 1, .detections = first, .count = 2, .tracks = first_tracks},
    {.number = 2},
    {.number = 3, .detections = third, .count = 1, .tracks = third_tracks},
};

/* ---- A folder of pictures and labels -------------------------------------------------------- */

static void write_picture(const char *root, const char *name)
{
    char path[512];
    static uint8_t bytes[54 + WIDTH * HEIGHT * 3] = {
        'B', 'M', [10] = 54, [14] = 40, [18] = WIDTH, [22] = HEIGHT, [26] = 1, [28] = 24};
    snprintf(path, sizeof path, "%s/images/%s", root, name);
    check_ok(bw_write_file(path, bytes, sizeof bytes, &error));
}

static int make_folder(void **state)
{
    char path[512];
    char *root = strdup("/tmp/bw_labels_XXXXXX");
    *state = root;
    if (!root || !mkdtemp(root))
        return -1;
    snprintf(path, sizeof path, "%s/images/s", root);
    check_ok(bw_make_folders(path, &error));
    for (int i = 0; i < 3; i++)
        write_picture(root, file_names[i]);
    snprintf(path, sizeof path, "%s/names.txt", root);
    FILE *names = fopen(path, "w");
    for (int i = 0; names && i < 3; i++)
        fprintf(names, "%s\n", class_names[i]);
    return names ? fclose(names) : -1;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int remove_folder(void **state)
{
    int result = nftw(*state, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return result;
}

static const char *path_of(char path[512], const char *root, const char *name)
{
    snprintf(path, 512, "%s/%s", root, name);
    return path;
}

static void write_first(const char *root, const char *format)
{
    char path[512];
    bw_writer_options options = {.names = class_names, .classes = 3, .with_confidence = true};
    bw_writer *writer;
    check_ok(bw_make_folders(path_of(path, root, format), &error));
    check_ok(bw_writer_open(&writer, format, path, &options, &error));
    for (int i = 0; i < 3; i++) {
        bw_annotation picture = pictures[i];
        picture.file_name = file_names[i];
        picture.label = labels[i];
        picture.width = WIDTH;
        picture.height = HEIGHT;
        picture.time_ns = -1;
        check_ok(bw_writer_add(writer, &picture, &error));
    }
    check_ok(bw_writer_close(&writer, true, &error));
}

/* ---- Every pair ----------------------------------------------------------------------------- */

static const bw_data_label *find_label(const bw_dataset *set, const char *file,
                                       const bw_detection *box, double off)
{
    for (size_t i = 0; i < set->label_count; i++) {
        const bw_data_label *label = &set->labels[i];
        const bw_box *found = &label->box.box;
        if (strcmp(set->images[label->image].name, file) == 0 &&
            fabs(found->x - (double)box->left) <= off && fabs(found->y - (double)box->top) <= off &&
            fabs(found->x + found->width - (double)box->right) <= off &&
            fabs(found->y + found->height - (double)box->bottom) <= off)
            return label;
    }
    return NULL;
}

static void compare(const bw_dataset *set, const kept *a, const kept *b)
{
    double off = a->box + b->box + 1e-9;
    assert_int_equal(set->image_count, 3);
    assert_int_equal(set->label_count, 3);
    assert_int_equal(set->class_count, 3);
    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < pictures[i].count; k++) {
            const bw_detection *box = &pictures[i].detections[k];
            const bw_data_label *label = find_label(set, file_names[i], box, off);
            if (!label)
                fail_msg("%s to %s lost box %zu of %s", a->format, b->format, k, file_names[i]);
            assert_string_equal(set->classes[label->box.class_id].name, class_names[box->class_id]);
            if (a->score && b->score)
                assert_true(fabs(label->score - (double)box->score) < 1e-6);
            if (a->track && b->track)
                assert_int_equal(label->track, pictures[i].tracks[k]);
        }
    assert_int_equal(set->images[0].width, WIDTH);
    assert_int_equal(set->images[0].height, HEIGHT);
}

static void convert(const char *root, const kept *a, const kept *b)
{
    char from[512], to[512], names[512], images[512], name[64];
    bw_labels *read;
    bw_writer_options writer = {.with_confidence = true};
    bw_labels_options options = {.names = path_of(names, root, "names.txt"),
                                 .images = path_of(images, root, "images")};
    check_ok(bw_labels_read(&read, path_of(from, root, a->format), &options, &error));
    bw_labels_info info;
    bw_labels_describe(read, &info);
    assert_string_equal(info.format, a->format);
    assert_string_equal(info.warnings, "");
    snprintf(name, sizeof name, "%s-%s", a->format, b->format);
    check_ok(bw_make_folders(path_of(to, root, name), &error));
    check_ok(bw_labels_write(read, b->format, to, &writer, &error));
    bw_labels_close(&read);

    bw_dataset set = {0};
    const char *format = NULL;
    check_ok(bw_dataset_read_names(&set, names, &error));
    set.fixed = true;
    check_ok(bw_labels_fill(&set, to, &format, images, &error));
    assert_string_equal(format, b->format);
    compare(&set, a, b);
    bw_dataset_free(&set);
}

static void test_pairs(void **state)
{
    for (int a = 0; a < FORMATS; a++) {
        write_first(*state, formats[a].format);
        for (int b = 0; b < FORMATS; b++)
            convert(*state, &formats[a], &formats[b]);
    }
}

/* Where the files tell all, neither names nor pictures are needed. */
static void test_alone(void **state)
{
    static const char *const telling[] = {"coco-dataset", "cvat", "x-anylabeling", "jsonl", "csv"};
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
        char path[512];
        bw_labels *read;
        bw_labels_info info;
        write_first(*state, telling[i]);
        check_ok(bw_labels_read(&read, path_of(path, *state, telling[i]), NULL, &error));
        bw_labels_describe(read, &info);
        assert_int_equal(info.images, 3);
        assert_int_equal(info.boxes, 3);
        assert_true(info.classes >= 2);
        bw_labels_close(&read);
    }
}

/* Names of YOLO's classes come from data.yaml. */
static void test_data_yaml(void **state)
{
    char path[512], images[512];
    bw_dataset set = {0};
    const char *format = NULL;
    write_first(*state, "yolo");
    check_ok(bw_labels_fill(&set, path_of(path, *state, "yolo"), &format,
                            path_of(images, *state, "images"), &error));
    assert_int_equal(set.class_count, 3);
    for (int i = 0; i < 3; i++)
        assert_string_equal(set.classes[i].name, class_names[i]);
    bw_dataset_free(&set);
}

/* Pictures whose label files would have the same name. */
static void test_same_labels(void **state)
{
    char path[512], out[512], file[600];
    bw_labels *read;
    FILE *lines = fopen(path_of(path, *state, "same.jsonl"), "w");
    static const char *const same[] = {"x.jpg", "x.png", "x.png.bmp", "../x.jpg"};
    for (size_t i = 0; lines && i < 4; i++)
        fprintf(lines, "{\"file_name\":\"%s\",\"width\":9,\"height\":9,\"detections\":[]}\n",
                same[i]);
    assert_true(lines && fclose(lines) == 0);
    bw_labels_options options = {.format = "jsonl"};
    check_ok(bw_labels_read(&read, path, &options, &error));
    check_ok(bw_make_folders(path_of(out, *state, "same"), &error));
    check_ok(bw_labels_write(read, "kitti", out, NULL, &error));
    bw_labels_close(&read);
    static const char *const made[] = {"x.txt", "x.png.txt", "x.png.bmp-3.txt", "x.jpg.txt"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(file, sizeof file, "%s/label_2/%s", out, made[i]);
        if (access(file, F_OK) != 0)
            fail_msg("there is no %s", made[i]);
    }
}

/* ---- Damage --------------------------------------------------------------------------------- */

static void test_damage(void **state)
{
    static const struct {
        const char *format, *text, *told;
    } cases[] = {
        {"csv", "file_name,width\n", "no column 'height'"},
        {"csv", "file_name,width,height,class,left,top,right,bottom\na,9,9,x,5,1,2,3\n",
         "line 2: a box ends before it begins"},
        {"csv", "file_name,width,height,class,left,top,right,bottom\n\"a\nb\",9,,x,1,1,2,3\n",
         "line 3: '' is no height"},
        {"jsonl", "{\"file_name\":\"a\",\"width\":1,\"height\":1}\n{\n", "line 2: is not JSON"},
        {"jsonl", "{\"file_name\":\"a\",\"width\":1,\"height\":1,\"detections\":[{}]}", "bbox"},
        {"jsonl",
         "{\"file_name\":\"a\",\"width\":1,\"height\":1}\n"
         "{\"file_name\":\"a\",\"width\":1,\"height\":1}\n",
         "comes twice"},
        {"jsonl", "{\"file_name\":\"a\"}\n", "--images"},
        {"cvat", "<annotations><image name='a' width='9'/></annotations>", "height"},
        {"cvat",
         "<annotations><image name='a' width='9' height='9'>\n<box xtl='1' ytl='1' "
         "xbr='2' ybr='x' label='a'/></image></annotations>",
         "line 2: <annotations/image/box> needs a number as its ybr"},
        {"cvat", "<!DOCTYPE a [<!ENTITY b 'c'>]><annotations/>", "document type"},
        {"cvat", "<annotations><track/></annotations>", "cvat-video"},
        {"cvat-video", "<annotations><image/></annotations>", "format cvat"},
        {"cvat-video", "<annotations><track id='0'/></annotations>", "label"},
        {"cvat", "<annotation/>", "<annotations>"},
        {"label-studio", "[{\"data\":{}}]", "address"},
        {"label-studio",
         "[{\"data\":{\"image\":\"a\"},\"predictions\":[{\"result\":[{\"type\":"
         "\"rectanglelabels\"}]}]}]",
         "original_width"},
        {"darknet", "[{\"filename\":\"a.jpg\",\"objects\":[]}]", "--images"},
        {"coco", "[{\"image_id\":1}]", "--images"},
        {"coco-dataset", "{\"images\":[]}", "no images"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[512];
        bw_labels *read;
        bw_labels_options options = {.format = cases[i].format};
        check_ok(bw_write_file(path_of(path, *state, "damaged"), cases[i].text,
                               strlen(cases[i].text), &error));
        check_fails(bw_labels_read(&read, path, &options, &error), BW_ERROR_FORMAT, cases[i].told);
        assert_null(read);
    }
}

static void test_unknown(void **state)
{
    char path[512];
    bw_labels *read;
    bw_labels_options options = {.format = "nothing"};
    check_fails(bw_labels_read(&read, path_of(path, *state, "names.txt"), &options, &error),
                BW_ERROR_ARGUMENT, "no annotation format 'nothing'");
    check_fails(bw_labels_read(&read, path_of(path, *state, "images"), NULL, &error),
                BW_ERROR_ARGUMENT, "not recognised");
    check_fails(bw_labels_read(&read, path_of(path, *state, "absent"), NULL, &error), BW_ERROR_IO,
                "cannot open");
    write_first(*state, "csv");
    bw_writer *writer;
    check_ok(bw_writer_open(&writer, "jsonl", path_of(path, *state, "csv"), NULL, &error));
    check_ok(bw_writer_close(&writer, true, &error));
    check_fails(bw_labels_read(&read, path, NULL, &error), BW_ERROR_ARGUMENT, "several formats");
}

/* ---- Tracks --------------------------------------------------------------------------------- */

static void test_track(void **state)
{
    char path[512];
    bw_labels *read;
    static const char lines[] = "{\"file_name\":\"v/1\",\"width\":99,\"height\":99,\"detections\":"
                                "[{\"class_id\":0,\"class\":\"a\",\"bbox\":[0,0,10,10]}]}\n"
                                "{\"file_name\":\"w/1\",\"width\":99,\"height\":99,\"detections\":"
                                "[{\"class_id\":0,\"class\":\"a\",\"bbox\":[1,0,10,10]}]}\n"
                                "{\"file_name\":\"v/2\",\"width\":99,\"height\":99,\"detections\":"
                                "[{\"class_id\":0,\"class\":\"a\",\"bbox\":[2,0,10,10]}]}\n";
    bw_track_options options;
    bw_track_options_init(&options);
    options.min_hits = 2;
    check_ok(bw_write_file(path_of(path, *state, "t.jsonl"), lines, sizeof lines - 1, &error));
    check_ok(bw_labels_read(&read, path, NULL, &error));
    check_ok(bw_labels_track(read, &options, &error));
    check_ok(bw_labels_write(read, "csv", *state, NULL, &error));
    bw_labels_close(&read);
    uint8_t *text;
    size_t size;
    check_ok(bw_read_file(&text, &size, path_of(path, *state, "annotations.csv"), 9999, &error));
    const char *rows = strchr((const char *)text, '\n') + 1;
    assert_string_equal(rows, "v/1,99,99,,,,0,a,,0.000,0.000,10.000,10.000,0\n"
                              "w/1,99,99,,,,0,a,,1.000,0.000,11.000,10.000,\n"
                              "v/2,99,99,,,,0,a,,2.000,0.000,12.000,10.000,0\n");
    free(text);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_pairs),       WITH_FOLDER(test_alone),  WITH_FOLDER(test_data_yaml),
        WITH_FOLDER(test_same_labels), WITH_FOLDER(test_damage), WITH_FOLDER(test_unknown),
        WITH_FOLDER(test_track),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
