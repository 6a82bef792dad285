/**
 * Pascal VOC's XML: what a file means, and what is refused with its place.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annot/dataset.h"
#include "annot/voc_xml.h"
#include "base/file.h"

#define BOX(left, top, right, bottom)                                                              \
    "<bndbox><xmin>" left "</xmin><ymin>" top "</ymin><xmax>" right "</xmax><ymax>" bottom         \
    "</ymax></bndbox>"

static void refuse(const char *text, const char *message)
{
    bw_voc_file file;
    check_fails(bw_voc_parse(&file, text, strlen(text), &error), BW_ERROR_FORMAT, message);
    bw_voc_free(&file);
}

static void test_file(void **state)
{
    (void)state;
    static const char text[] =
        "<?xml version=\"1.0\"?>\n<annotation verified=\"yes\"><filename> a b.jpg\n"
        "</filename><size><width>640</width><height>480</height></size>"
        "<object><name>d&amp;g</name><difficult>1</difficult>" BOX(
            "1", "2.5", " 30 ",
            "40") "<part><name>head</name>" BOX("9", "9", "9",
                                                "9") "</part></object>"
                                                     "<object>" BOX(
                                                         "5", "6", "5",
                                                         "6") "<difficult>0</"
                                                              "difficult><name>cat</name>"
                                                              "</object></annotation>";
    bw_voc_file file;
    check_ok(bw_voc_parse(&file, text, sizeof text - 1, &error));
    assert_string_equal(file.file_name, "a b.jpg");
    assert_int_equal(file.width, 640);
    assert_int_equal(file.height, 480);
    assert_int_equal(file.count, 2);
    assert_string_equal(file.objects[0].name, "d&g");
    assert_true(file.objects[0].difficult && !file.objects[1].difficult);
    assert_float_equal(file.objects[0].top, 2.5, 0);
    assert_float_equal(file.objects[0].right, 30, 0);
    assert_string_equal(file.objects[1].name, "cat");
    bw_voc_free(&file);
}

static void test_refusals(void **state)
{
    (void)state;
    refuse("", "line 1: is not XML");
    refuse("<annotation>\n<object></annotation>", "line 2: is not XML");
    refuse("<html/>", "begins with <html>");
    refuse("<annotation>\n\n<object><name>cat</name></object></annotation>",
           "line 3: the object has no annotation/object/bndbox/xmin");
    refuse(
        "<annotation><object><name>cat</name>" BOX("1", "2", "three", "4") "</object></annotation>",
        "xmax is no number: 'three'");
    refuse(
        "<annotation><object><name>cat</name>" BOX("1", "2", "nan", "4") "</object></annotation>",
        "xmax is no number: 'nan'");
    refuse("<annotation><object><name>cat</name>" BOX("9", "2", "3", "4") "</object></annotation>",
           "ends before it begins: xmin 9");
    refuse("<annotation><object><name> </name>" BOX("1", "2", "3", "4") "</object></annotation>",
           "name is empty");
    refuse("<!DOCTYPE annotation [<!ENTITY a \"aaaa\">]><annotation>&a;</annotation>",
           "document type");
}

static void test_limits(void **state)
{
    (void)state;
    char text[2000] = "<annotation>";
    for (int i = 0; i < 40; i++)
        strcat(text, "<a>");
    refuse(text, "nested deeper");
    strcpy(text, "<annotation><filename>");
    memset(text + strlen(text), 'x', 900);
    strcat(text, "</filename></annotation>");
    refuse(text, "longer than 399 bytes");
}

/* What is no field may be long. */
static void test_long_note(void **state)
{
    (void)state;
    static char text[20000];
    size_t length = (size_t)snprintf(text, sizeof text,
                                     "<annotation><note>%015000d</note>"
                                     "<filename>a.jpg</filename></annotation>",
                                     0);
    bw_voc_file file;
    check_ok(bw_voc_parse(&file, text, length, &error));
    assert_string_equal(file.file_name, "a.jpg");
    bw_voc_free(&file);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(bw_write_file(path, text, strlen(text), &error));
}

static void remove_file(const char *folder, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(remove(path), 0);
}

/* Boxes count from 1 and end with their last pixel; classes are VOC's, or the labels' own. */
static void test_folder(void **state)
{
    (void)state;
    char folder[] = "/tmp/bw_voc_XXXXXX";
    bw_dataset set = {0}, other = {0}, named = {0};
    assert_non_null(mkdtemp(folder));
    write_file(folder, "b.xml",
               "<annotation><filename>wrong.png</filename><size><width>9</width><height>8</height>"
               "</size><object><name>person</name><difficult>1</difficult>" BOX(
                   "1", "1", "9", "8") "</object></annotation>");
    write_file(folder, "a.xml",
               "<annotation><size><width>9</width><height>8</height></size></annotation>");
    assert_true(bw_is_voc_folder(folder));
    check_ok(bw_truth_read_voc(&set, folder, NULL, &error));
    assert_int_equal(set.image_count, 2);
    assert_int_equal(set.class_count, 20);
    assert_string_equal(set.images[0].name, "a.jpg");
    assert_string_equal(set.images[1].name, "b.png");
    assert_int_equal(set.label_count, 1);
    assert_int_equal(set.labels[0].image, 1);
    assert_int_equal(set.labels[0].box.class_id, 14);
    assert_true(set.labels[0].box.difficult);
    assert_float_equal(set.labels[0].box.box.x, 0, 0);
    assert_float_equal(set.labels[0].box.box.width, 9, 0);
    assert_float_equal(set.labels[0].box.area, 72, 0);
    write_file(folder, "a.xml",
               "<annotation><size><width>9</width><height>8</height></size><object><name>newt"
               "</name>" BOX("1", "1", "1", "1") "</object></annotation>");
    check_ok(bw_truth_read_voc(&other, folder, NULL, &error));
    assert_int_equal(other.class_count, 2);
    assert_string_equal(other.classes[0].name, "newt");
    assert_int_equal(other.labels[1].box.class_id, 1);
    const char *names[] = {"person"};
    check_ok(bw_dataset_set_classes(&named, names, 1, &error));
    check_fails(bw_truth_read_voc(&named, folder, NULL, &error), BW_ERROR_FORMAT,
                "class 'newt', which is not among the names");
    remove_file(folder, "a.xml");
    remove_file(folder, "b.xml");
    assert_false(bw_is_voc_folder(folder));
    check_fails(bw_truth_read_voc(&named, folder, NULL, &error), BW_ERROR_FORMAT, "no XML files");
    rmdir(folder);
    bw_dataset_free(&set);
    bw_dataset_free(&other);
    bw_dataset_free(&named);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),   cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_long_note),
        cmocka_unit_test(test_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
