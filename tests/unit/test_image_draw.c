/**
 * Drawing, scaling down and encoding.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/draw.h"
#include "image/image.h"
#include "image_samples.h"

static bw_image flat_picture(int width, int height, uint8_t level)
{
    bw_image image = sample_picture(width, height, 1);
    memset(image.pixels, level, image.stride * (size_t)height);
    return image;
}

static const uint8_t *pixel_at(const bw_image *image, int x, int y)
{
    return image->pixels + (size_t)y * image->stride + (size_t)x * 3;
}

static bool is_flat(const bw_image *image, int x, int y, uint8_t level)
{
    const uint8_t *pixel = pixel_at(image, x, y);
    return pixel[0] == level && pixel[1] == level && pixel[2] == level;
}

static int count_changed(const bw_image *image, int left, int top, int right, int bottom,
                         uint8_t level)
{
    int changed = 0;
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++)
            changed += !is_flat(image, x, y, level);
    }
    return changed;
}

static void assert_colour(const bw_image *image, int x, int y, bw_colour colour)
{
    const uint8_t *pixel = pixel_at(image, x, y);
    const double expected[3] = {colour.red, colour.green, colour.blue};
    for (int i = 0; i < 3; i++)
        assert_in_range((int)pixel[i] + 10, (int)(expected[i] * 255) + 6,
                        (int)(expected[i] * 255) + 14);
}

static void test_box(void **state)
{
    (void)state;
    bw_image image = flat_picture(300, 200, 128);
    static const char *const names[] = {"cat", "dog"};
    const bw_detection box = {100, 80, 200, 160, 0.9f, 1};
    check_ok(bw_draw_detections(&image, &box, 1, names, 2, &error));
    bw_colour colour = bw_class_paint(1);
    assert_colour(&image, 100, 120, colour);
    assert_colour(&image, 199, 120, colour);
    assert_colour(&image, 150, 159, colour);
    assert_colour(&image, 190, 80, colour);
    assert_int_equal(count_changed(&image, 110, 90, 190, 150, 128), 0);
    assert_true(count_changed(&image, 100, 60, 160, 79, 128) > 200); /* the label */
    assert_int_equal(count_changed(&image, 0, 0, 300, 50, 128), 0);
    assert_int_equal(count_changed(&image, 0, 165, 300, 200, 128), 0);
    assert_int_equal(count_changed(&image, 0, 0, 95, 200, 128), 0);
    assert_int_equal(count_changed(&image, 205, 0, 300, 200, 128), 0);
    bw_image_clear(&image);
}

/* At every corner the label is whole: as many of its pixels are there as in the middle. */
static void test_labels_stay_inside(void **state)
{
    (void)state;
    static const bw_detection boxes[] = {
        {0, 0, 20, 12, 0.5f, 3},       {280, 0, 300, 12, 0.5f, 3}, {0, 188, 20, 200, 0.5f, 3},
        {280, 188, 300, 200, 0.5f, 3}, {-50, -50, 5, 5, 0.5f, 3},  {295, 195, 900, 900, 0.5f, 3},
        {0, 0, 300, 200, 0.5f, 3},
    };
    bw_image middle = flat_picture(300, 200, 60);
    const bw_detection box = {140, 100, 141, 101, 0.5f, 3};
    check_ok(bw_draw_detections(&middle, &box, 1, NULL, 0, &error));
    int label = count_changed(&middle, 0, 0, 300, 200, 60);
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        bw_image image = flat_picture(300, 200, 60);
        check_ok(bw_draw_detections(&image, &boxes[i], 1, NULL, 0, &error));
        assert_in_range(count_changed(&image, 0, 0, 300, 200, 60), label - 20, 300 * 200 / 2);
        bw_image_clear(&image);
    }
    bw_image_clear(&middle);
}

/* Two boxes at one place: the second label goes elsewhere, so more pixels are covered. */
static void test_labels_avoid_each_other(void **state)
{
    (void)state;
    const bw_detection boxes[2] = {{100, 80, 200, 160, 0.9f, 1}, {100, 80, 200, 160, 0.8f, 1}};
    bw_image one = flat_picture(300, 200, 60), two = flat_picture(300, 200, 60);
    check_ok(bw_draw_detections(&one, boxes, 1, NULL, 0, &error));
    check_ok(bw_draw_detections(&two, boxes, 2, NULL, 0, &error));
    int alone = count_changed(&one, 0, 0, 300, 200, 60);
    assert_true(count_changed(&two, 0, 0, 300, 200, 60) > alone + 500);
    bw_image_clear(&one);
    bw_image_clear(&two);
}

static void test_nonsense_is_left_out(void **state)
{
    (void)state;
    const bw_detection boxes[] = {
        {NAN, 10, 50, 50, 0.9f, 1},  {10, 10, NAN, 50, 0.9f, 1},  {50, 50, 10, 10, 0.9f, 1},
        {-50, 10, -5, 50, 0.9f, 1},  {400, 10, 500, 50, 0.9f, 1}, {10, 10, 10, 10, 0.9f, 1},
        {10, -60, 50, -10, 0.9f, 1}, {10, 300, 50, 310, 0.9f, 1},
    };
    bw_image image = flat_picture(300, 200, 77);
    check_ok(bw_draw_detections(&image, boxes, sizeof boxes / sizeof *boxes, NULL, 0, &error));
    assert_int_equal(count_changed(&image, 0, 0, 300, 200, 77), 0);
    bw_image_clear(&image);
}

static void test_any_name_and_size(void **state)
{
    (void)state;
    char endless[3000];
    memset(endless, 'w', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    const char *const names[] = {endless,
                                 "\xFF\xFE\x80",
                                 "\xC3",
                                 "",
                                 "line\nbreak\x1B[0m",
                                 NULL,
                                 "\xED\xA0\x80\xF4\x90\x80\x80"};
    static const int sizes[][2] = {{1, 1}, {2, 9}, {9, 2}, {30, 20}, {2000, 3}, {500, 400}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bw_image image = flat_picture(sizes[i][0], sizes[i][1], 10);
        for (int id = -1; id < 9; id++) {
            const bw_detection box = {-INFINITY, 0, INFINITY, 1e30f, 1.0f, id};
            check_ok(bw_draw_detections(&image, &box, 1, names, 7, &error));
        }
        bw_image_clear(&image);
    }
    const bw_detection extreme = {0, 0, 9, 9, NAN, INT32_MIN};
    bw_image image = flat_picture(64, 64, 10);
    check_ok(bw_draw_detections(&image, &extreme, 1, names, 7, &error));
    bw_image_clear(&image);
}

static void test_many_boxes(void **state)
{
    (void)state;
    bw_image image = flat_picture(320, 240, 10);
    bw_detection boxes[600];
    for (int i = 0; i < 600; i++) {
        float x = (float)(i * 37 % 300), y = (float)(i * 91 % 220);
        boxes[i] = (bw_detection){x, y, x + 20, y + 20, 0.5f, i % 80};
    }
    check_ok(bw_draw_detections(&image, boxes, 600, NULL, 0, &error));
    bw_image_clear(&image);
}

static void test_clean_text(void **state)
{
    (void)state;
    char text[16];
    bw_text_clean(text, sizeof text, "a\tb\xFF\xC3\xA9");
    assert_string_equal(text, "a b\xEF\xBF\xBD\xC3\xA9");
    bw_text_clean(text, 5, "abc\xC3\xA9");
    assert_string_equal(text, "abc");
    bw_text_clean(text, 6, "abc\xC3\xA9");
    assert_string_equal(text, "abc\xC3\xA9");
}

static double channel_distance(bw_colour a, bw_colour b)
{
    return fabs(a.red - b.red) + fabs(a.green - b.green) + fabs(a.blue - b.blue);
}

static void test_colours(void **state)
{
    (void)state;
    for (int32_t id = 0; id < 80; id++) {
        bw_colour colour = bw_class_paint(id), text = bw_text_colour(colour);
        assert_true(channel_distance(colour, text) > 0.8);
        for (int32_t other = id + 1; other < id + 8; other++)
            assert_true(channel_distance(colour, bw_class_paint(other)) > 0.2);
    }
    assert_true(bw_text_colour((bw_colour){0, 0, 0.4}).red > 0.5);
    assert_true(bw_text_colour((bw_colour){1, 1, 0.4}).red < 0.5);
}

static void test_thumbnail_size(void **state)
{
    (void)state;
    static const int sizes[][5] = {{100, 50, 10, 10, 5}, {50, 100, 10, 5, 10},
                                   {1000, 1, 10, 10, 1}, {7, 5, 10, 7, 5},
                                   {10, 10, 10, 10, 10}, {641, 480, 160, 160, 120}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bw_image image = sample_picture(sizes[i][0], sizes[i][1], 3), small;
        check_ok(bw_image_thumbnail(&small, &image, sizes[i][2], &error));
        assert_int_equal(small.width, sizes[i][3]);
        assert_int_equal(small.height, sizes[i][4]);
        if (small.width == image.width)
            assert_int_equal(sample_difference(&small, &image), 0);
        bw_image_clear(&small);
        bw_image_clear(&image);
    }
}

static void test_thumbnail_averages(void **state)
{
    (void)state;
    bw_image image = sample_picture(30, 20, 1), small;
    check_ok(bw_image_thumbnail(&small, &image, 10, &error));
    assert_int_equal(small.height, 7);
    for (int x = 0; x < 10; x++) {
        /* Row 0 covers rows 0 and 1 and 6/7 of row 2. */
        double sum = 0;
        for (int column = x * 3; column < x * 3 + 3; column++)
            sum += pixel_at(&image, column, 0)[1] + pixel_at(&image, column, 1)[1] +
                   pixel_at(&image, column, 2)[1] * (20.0 / 7 - 2);
        assert_true(fabs(pixel_at(&small, x, 0)[1] - sum / (3 * 20.0 / 7)) <= 0.51);
    }
    bw_image_clear(&small);
    bw_image_clear(&image);
    for (int level = 0; level < 256; level += 51) {
        image = flat_picture(123, 97, (uint8_t)level);
        check_ok(bw_image_thumbnail(&small, &image, 50, &error));
        assert_int_equal(count_changed(&small, 0, 0, small.width, small.height, (uint8_t)level), 0);
        bw_image_clear(&small);
        bw_image_clear(&image);
    }
}

static void test_encode(void **state)
{
    (void)state;
    bw_image image = sample_picture(301, 207, 23), decoded;
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        uint8_t *bytes;
        check_ok(bw_image_encode_jpeg(&bytes, &sizes[i], &image, i ? 95 : 40, &error));
        check_ok(bw_image_decode(&decoded, bytes, sizes[i], NULL, &error));
        assert_int_equal(decoded.width, 301);
        assert_int_equal(decoded.height, 207);
        assert_int_equal(decoded.orientation, 1);
        for (int channel = 0; channel < 3; channel++)
            assert_in_range(pixel_at(&decoded, 10, 10)[channel] + 10,
                            pixel_at(&image, 10, 10)[channel] + (i ? 7 : 0),
                            pixel_at(&image, 10, 10)[channel] + (i ? 13 : 20));
        bw_image_clear(&decoded);
        bw_free(bytes);
    }
    assert_true(sizes[0] < sizes[1]);
    bw_image_clear(&image);
}

/* Noise at the best quality: far more than the encoder's first buffer. */
static void test_encode_grows(void **state)
{
    (void)state;
    bw_image image = sample_picture(700, 500, 1), decoded;
    uint32_t random = 1;
    for (size_t i = 0; i < image.stride * 500; i++) {
        random = random * 1664525 + 1013904223;
        image.pixels[i] = (uint8_t)(random >> 24);
    }
    uint8_t *bytes;
    size_t size;
    check_ok(bw_image_encode_jpeg(&bytes, &size, &image, 100, &error));
    assert_true(size > 256 * 1024);
    check_ok(bw_image_decode(&decoded, bytes, size, NULL, &error));
    bw_image_clear(&decoded);
    bw_free(bytes);
    bw_image_clear(&image);
}

static void test_arguments(void **state)
{
    (void)state;
    bw_image image = flat_picture(4, 4, 0), empty = {0}, out;
    const bw_detection box = {0, 0, 3, 3, 1.0f, 0};
    uint8_t *bytes;
    size_t size;
    check_fails(bw_draw_detections(&empty, &box, 1, NULL, 0, &error), BW_ERROR_ARGUMENT, "pixels");
    check_fails(bw_draw_detections(NULL, &box, 1, NULL, 0, &error), BW_ERROR_ARGUMENT, "pixels");
    check_fails(bw_image_thumbnail(&out, &empty, 10, &error), BW_ERROR_ARGUMENT, "pixels");
    check_fails(bw_image_thumbnail(&out, &image, 0, &error), BW_ERROR_ARGUMENT, "0 pixels");
    check_fails(bw_image_encode_jpeg(&bytes, &size, &image, 0, &error), BW_ERROR_ARGUMENT, "100");
    check_fails(bw_image_encode_jpeg(&bytes, &size, &image, 101, &error), BW_ERROR_ARGUMENT, "100");
    assert_null(bytes);
    image.stride = 11;
    check_fails(bw_image_encode_jpeg(&bytes, &size, &image, 90, &error), BW_ERROR_ARGUMENT,
                "stride");
    bw_image_clear(&image);
    image = flat_picture(70000, 1, 0);
    check_fails(bw_image_encode_jpeg(&bytes, &size, &image, 90, &error), BW_ERROR_LIMIT, "65500");
    check_fails(bw_draw_detections(&image, &box, 1, NULL, 0, &error), BW_ERROR_UNSUPPORTED,
                "cannot draw");
    assert_null(bytes);
    bw_image_clear(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_box),
        cmocka_unit_test(test_labels_stay_inside),
        cmocka_unit_test(test_labels_avoid_each_other),
        cmocka_unit_test(test_nonsense_is_left_out),
        cmocka_unit_test(test_any_name_and_size),
        cmocka_unit_test(test_many_boxes),
        cmocka_unit_test(test_clean_text),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_thumbnail_size),
        cmocka_unit_test(test_thumbnail_averages),
        cmocka_unit_test(test_encode),
        cmocka_unit_test(test_encode_grows),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
