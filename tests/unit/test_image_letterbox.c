/**
 * The network's input against a plain reference in double precision: borders, grey, odd sizes, and
 * rows made in parts.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "image_samples.h"

static int clamp(int value, int size)
{
    return value < 0 ? 0 : value >= size ? size - 1 : value;
}

/* Bilinear with half-pixel centres and repeated edges, straight from the definition. */
static double reference(const bw_image *image, const bw_fit *fit, int channel, int y, int x)
{
    if (y < fit->top || y >= fit->top + fit->height || x < fit->left || x >= fit->left + fit->width)
        return 0.5;
    double v = (y - fit->top + 0.5) * image->height / fit->height - 0.5;
    double u = (x - fit->left + 0.5) * image->width / fit->width - 0.5;
    int row = (int)floor(v), column = (int)floor(u);
    double sum = 0;
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            double weight = (i ? v - row : row + 1 - v) * (j ? u - column : column + 1 - u);
            size_t at = (size_t)clamp(row + i, image->height) * image->stride +
                        (size_t)clamp(column + j, image->width) * 3 + (size_t)channel;
            sum += weight * image->pixels[at];
        }
    }
    return sum / 255;
}

static float *allocate(const bw_layout *layout, float fill)
{
    size_t count = bw_layout_elements(layout, 1);
    float *block = malloc(count * sizeof *block);
    assert_non_null(block);
    for (size_t i = 0; i < count; i++)
        block[i] = fill;
    return block;
}

static void assert_packed(const bw_image *image, const bw_fit *fit, const bw_layout *layout,
                          const float *pixels)
{
    int border = layout->border;
    for (int y = -border; y < layout->height + border; y++) {
        for (int x = -border; x < layout->width + border; x++) {
            const float *pixel = pixels + (ptrdiff_t)layout->row_stride * y + x * BW_IMAGE_LANES;
            bool inside = y >= 0 && x >= 0 && y < layout->height && x < layout->width;
            for (int i = 0; i < 3; i++) {
                double expected = inside ? reference(image, fit, i, y, x) : 0.0;
                if (!(fabs((double)pixel[i] - expected) < 2e-6))
                    fail_msg("(%d, %d), channel %d of %d × %d: %f, not %f", x, y, i, image->width,
                             image->height, (double)pixel[i], expected);
            }
            assert_true(pixel[3] == 0.0f);
        }
    }
}

static bw_image noise_picture(int width, int height)
{
    bw_image image = sample_picture(width, height, 1);
    uint32_t random = 12345;
    for (size_t i = 0; i < image.stride * (size_t)height; i++) {
        random = random * 1664525 + 1013904223;
        image.pixels[i] = (uint8_t)(random >> 24);
    }
    return image;
}

static void check_size(int width, int height, int input_width, int input_height, int border)
{
    bw_image image = noise_picture(width, height);
    bw_layout layout = bw_layout_make(input_height, input_width, 3, BW_IMAGE_LANES, border);
    static const bw_resize modes[] = {BW_RESIZE_LETTERBOX, BW_RESIZE_STRETCH};
    for (int i = 0; i < 2; i++) {
        bw_fit fit = bw_fit_make(width, height, input_width, input_height, modes[i]);
        float *block = allocate(&layout, NAN), *pixels = block + bw_layout_origin(&layout);
        bw_image_pack(&image, &fit, &layout, pixels, 0, input_height);
        assert_packed(&image, &fit, &layout, pixels);
        free(block);
    }
    bw_image_clear(&image);
}

static void test_sizes(void **state)
{
    (void)state;
    static const int sizes[][2] = {{64, 48}, {48, 64}, {32, 32}, {1, 1},  {1, 7},
                                   {7, 1},   {2, 2},   {31, 33}, {5, 3},  {200, 37},
                                   {1, 900}, {900, 1}, {129, 2}, {3, 97}, {640, 427}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_size(sizes[i][0], sizes[i][1], 32, 32, 1);
        check_size(sizes[i][0], sizes[i][1], 96, 64, 2);
        check_size(sizes[i][0], sizes[i][1], 32, 64, 0);
    }
}

/* Wider than a tile of columns, on either side. */
static void test_wide(void **state)
{
    (void)state;
    check_size(4099, 5, 64, 32, 1);
    check_size(2500, 3, 1500, 16, 1);
    check_size(9, 9, 1500, 16, 1);
    check_size(70000, 2, 32, 32, 1);
}

static void test_fit(void **state)
{
    (void)state;
    static const struct {
        int width, height, input_width, input_height;
        bw_fit fit;
    } cases[] = {
        {640, 480, 416, 416, {0, 52, 416, 312, 0.5f}},
        {480, 640, 416, 416, {52, 0, 312, 416, 0.5f}},
        {768, 576, 416, 416, {0, 52, 416, 312, 0.5f}},
        {416, 416, 416, 416, {0, 0, 416, 416, 0.5f}},
        {416, 1, 416, 416, {0, 207, 416, 1, 0.5f}},
        {10000,
         1,
         416,
         416,
         {0, 207, 416, 1, 0.5f}}, /* 0.04 pixels, but a picture has one at least */
        {1, 10000, 416, 416, {207, 0, 1, 416, 0.5f}},
        {64, 5, 32, 32, {0, 15, 32, 2, 0.5f}}, /* 2.5 is rounded to even */
        {64, 7, 32, 32, {0, 14, 32, 4, 0.5f}}, /* and 3.5 */
        {100, 50, 64, 32, {0, 0, 64, 32, 0.5f}},
        {640, 426, 416, 416, {0, 69, 416, 277, 0.5f}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_fit fit = bw_fit_make(cases[i].width, cases[i].height, cases[i].input_width,
                                 cases[i].input_height, BW_RESIZE_LETTERBOX);
        assert_memory_equal(&fit, &cases[i].fit, sizeof fit);
    }
    bw_fit fit = bw_fit_make(640, 480, 320, 416, BW_RESIZE_STRETCH);
    assert_memory_equal(&fit, (&(bw_fit){0, 0, 320, 416, 0.5f}), sizeof fit);
    fit = bw_fit_make(640, 427, 416, 416, BW_RESIZE_CORNER);
    assert_memory_equal(&fit, (&(bw_fit){0, 0, 416, 277, 0.5f}), sizeof fit); /* 277.55 is cut */
}

static void test_rows_in_parts(void **state)
{
    (void)state;
    bw_image image = noise_picture(123, 77);
    bw_layout layout = bw_layout_make(64, 64, 3, BW_IMAGE_LANES, 1);
    bw_fit fit = bw_fit_make(123, 77, 64, 64, BW_RESIZE_LETTERBOX);
    size_t origin = bw_layout_origin(&layout), bytes = bw_layout_elements(&layout, 1) * 4;
    float *whole = allocate(&layout, 7.0f);
    bw_image_pack(&image, &fit, &layout, whole + origin, 0, 64);
    for (int step = 1; step <= 40; step += 3) {
        float *parts = allocate(&layout, 9.0f);
        for (int first = 0; first < 64; first += step)
            bw_image_pack(&image, &fit, &layout, parts + origin, first,
                          first + step < 64 ? first + step : 64);
        assert_memory_equal(whole, parts, bytes);
        free(parts);
    }
    free(whole);
    bw_image_clear(&image);
}

/* Rows of the caller's with space between them, and the extremes of a sample. */
static void test_stride_and_extremes(void **state)
{
    (void)state;
    uint8_t pixels[6 * 40];
    memset(pixels, 0x55, sizeof pixels);
    for (size_t y = 0; y < 6; y++)
        memset(pixels + y * 40, 255, 8 * 3);
    bw_image image = {.pixels = pixels, .width = 8, .height = 6, .stride = 40};
    bw_layout layout = bw_layout_make(32, 32, 3, BW_IMAGE_LANES, 1);
    bw_fit fit = bw_fit_make(8, 6, 32, 32, BW_RESIZE_STRETCH);
    float *block = allocate(&layout, NAN);
    const float *inner = block + bw_layout_origin(&layout);
    bw_image_pack(&image, &fit, &layout, block + bw_layout_origin(&layout), 0, 32);
    for (int y = 0; y < 32; y++) {
        for (int x = 0; x < 32; x++)
            assert_true(inner[(size_t)y * layout.row_stride + (size_t)x * 4] == 1.0f);
    }
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_rows_in_parts),
        cmocka_unit_test(test_stride_and_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
