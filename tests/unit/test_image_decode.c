/**
 * Decoding: every format and kind of pixel gives the colours that were stored, upright.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <spng.h>
#include <webp/encode.h>

#include "image/image.h"
#include "image_samples.h"

/* Decodes the file, checks it against `expected`, and frees the file. */
static void assert_decodes(sample_file *file, const bw_image *expected, int tolerance,
                           const char *format)
{
    bw_image image;
    check_ok(bw_image_decode(&image, file->bytes, file->size, NULL, &error));
    int width, height;
    check_ok(bw_image_measure(&width, &height, file->bytes, file->size, &error));
    assert_int_equal(width, image.width);
    assert_int_equal(height, image.height);
    assert_string_equal(image.format, format);
    int difference = sample_difference(&image, expected);
    if (difference > tolerance)
        fail_msg("a %s picture of %d × %d differs by %d", format, image.width, image.height,
                 difference);
    bw_image_clear(&image);
    sample_free(file);
}

static bw_image grey_of(const bw_image *image, int shift)
{
    bw_image grey = sample_picture(image->width, image->height, 1);
    for (size_t i = 0; i < grey.stride * (size_t)grey.height; i++)
        grey.pixels[i] = (uint8_t)(image->pixels[i / 3 * 3] >> shift << shift);
    return grey;
}

static void test_jpeg_kinds(void **state)
{
    (void)state;
    static const sample_jpeg_options kinds[] = {
        {.components = 3},
        {.components = 3, .progressive = true},
        {.components = 3, .arithmetic = true},
        {.components = 3, .restart_rows = 1},
        {.components = 3, .progressive = true, .restart_rows = 1},
    };
    bw_image picture = sample_picture(51, 37, 16);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sample_file file = {0};
        sample_jpeg(&file, picture.pixels, picture.width, picture.height, &kinds[i]);
        assert_decodes(&file, &picture, 10, "jpeg");
    }
    bw_image_clear(&picture);
}

static void test_jpeg_grey(void **state)
{
    (void)state;
    bw_image picture = sample_picture(40, 24, 8), grey = grey_of(&picture, 0);
    uint8_t pixels[40 * 24];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = picture.pixels[i * 3];
    sample_file file = {0};
    sample_jpeg(&file, pixels, 40, 24, &(sample_jpeg_options){.components = 1});
    assert_decodes(&file, &grey, 4, "jpeg");
    bw_image_clear(&picture);
    bw_image_clear(&grey);
}

/* Full ink of one colour at a time, and of black: cyan, magenta, yellow, black, red, paper. */
static void test_jpeg_cmyk(void **state)
{
    (void)state;
    static const uint8_t inks[6][4] = {{255, 0, 0, 0}, {0, 255, 0, 0},   {0, 0, 255, 0},
                                       {0, 0, 0, 255}, {0, 255, 255, 0}, {0, 0, 0, 0}};
    static const uint8_t colours[6][3] = {{0, 255, 255}, {255, 0, 255}, {255, 255, 0},
                                          {0, 0, 0},     {255, 0, 0},   {255, 255, 255}};
    static const sample_jpeg_options kinds[] = {
        {.components = 4, .no_adobe = true}, {.components = 4}, {.components = 4, .ycck = true}};
    bw_image expected = sample_picture(96, 16, 16);
    uint8_t pixels[96 * 16 * 4];
    for (size_t kind = 0; kind < 3; kind++) {
        uint8_t flip = kinds[kind].no_adobe ? 0 : 255;
        for (size_t i = 0; i < 96 * 16; i++) {
            size_t which = i % 96 / 16;
            memcpy(expected.pixels + i * 3, colours[which], 3);
            for (size_t ink = 0; ink < 4; ink++)
                pixels[i * 4 + ink] = inks[which][ink] ^ flip;
        }
        sample_file file = {0};
        sample_jpeg(&file, pixels, 96, 16, &kinds[kind]);
        assert_decodes(&file, &expected, 8, "jpeg");
    }
    bw_image_clear(&expected);
}

/* Stray bytes and a missing end marker leave all pixels there. */
static void test_jpeg_forgives(void **state)
{
    (void)state;
    bw_image picture = sample_picture(32, 32, 16);
    sample_file file = {0};
    sample_jpeg(&file, picture.pixels, 32, 32, NULL);
    file.size -= 2;
    assert_decodes(&file, &picture, 10, "jpeg");
    sample_jpeg(&file, picture.pixels, 32, 32, NULL);
    sample_push(&file, "trailing rubbish", 16);
    assert_decodes(&file, &picture, 10, "jpeg");
    sample_file whole = {0};
    sample_jpeg(&whole, picture.pixels, 32, 32, NULL);
    sample_push(&file, whole.bytes, 20);
    sample_push(&file, "\1\2\3", 3); /* between two segments */
    sample_push(&file, whole.bytes + 20, whole.size - 20);
    assert_decodes(&file, &picture, 10, "jpeg");
    sample_free(&whole);
    bw_image_clear(&picture);
}

static void assert_png(const void *pixels, size_t size, const bw_image *expected,
                       const sample_png_options *options)
{
    sample_file file = {0};
    sample_png(&file, pixels, size, expected->width, expected->height, options);
    assert_decodes(&file, expected, 0, "png");
}

static void test_png_truecolour(void **state)
{
    (void)state;
    bw_image picture = sample_picture(19, 13, 3);
    size_t count = picture.stride * 13;
    uint8_t wide[19 * 13 * 8], alpha[19 * 13 * 4];
    for (size_t i = 0; i < 19 * 13; i++) {
        memcpy(alpha + i * 4, picture.pixels + i * 3, 3);
        alpha[i * 4 + 3] = (uint8_t)i;
    }
    for (size_t i = 0; i < 19 * 13 * 4; i++) {
        wide[i * 2] = alpha[i];
        wide[i * 2 + 1] = (uint8_t)(i * 31);
    }
    assert_png(picture.pixels, count, &picture, NULL);
    assert_png(
        alpha, sizeof alpha, &picture,
        &(sample_png_options){.colour_type = SPNG_COLOR_TYPE_TRUECOLOR_ALPHA, .bit_depth = 8});
    assert_png(
        wide, sizeof wide, &picture,
        &(sample_png_options){.colour_type = SPNG_COLOR_TYPE_TRUECOLOR_ALPHA, .bit_depth = 16});
    bw_image_clear(&picture);
}

static void test_png_grey(void **state)
{
    (void)state;
    bw_image picture = sample_picture(16, 9, 2), grey = grey_of(&picture, 0);
    uint8_t pixels[16 * 9], alpha[16 * 9 * 2], bits[2 * 9];
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = alpha[i * 2] = grey.pixels[i * 3];
        alpha[i * 2 + 1] = 7;
    }
    assert_png(pixels, sizeof pixels, &grey,
               &(sample_png_options){.colour_type = SPNG_COLOR_TYPE_GRAYSCALE, .bit_depth = 8});
    assert_png(
        alpha, sizeof alpha, &grey,
        &(sample_png_options){.colour_type = SPNG_COLOR_TYPE_GRAYSCALE_ALPHA, .bit_depth = 8});
    for (size_t i = 0; i < sizeof bits; i++)
        bits[i] = (uint8_t)(i * 77);
    for (size_t i = 0; i < sizeof pixels; i++)
        memset(grey.pixels + i * 3, bits[i / 8] >> (7 - i % 8) & 1 ? 255 : 0, 3);
    assert_png(bits, sizeof bits, &grey,
               &(sample_png_options){.colour_type = SPNG_COLOR_TYPE_GRAYSCALE, .bit_depth = 1});
    bw_image_clear(&picture);
    bw_image_clear(&grey);
}

static void test_png_palette(void **state)
{
    (void)state;
    uint8_t palette[16 * 3], packed[8 * 10];
    for (size_t i = 0; i < sizeof palette; i++)
        palette[i] = (uint8_t)(i * 5 + 1);
    bw_image expected = sample_picture(16, 10, 1);
    for (size_t i = 0; i < 16 * 10; i++) {
        size_t index = i * 7 % 16;
        memcpy(expected.pixels + i * 3, palette + index * 3, 3);
        packed[i / 2] = (uint8_t)(i % 2 ? packed[i / 2] | index : index << 4);
    }
    assert_png(packed, sizeof packed, &expected,
               &(sample_png_options){.colour_type = SPNG_COLOR_TYPE_INDEXED,
                                     .bit_depth = 4,
                                     .palette = palette,
                                     .colours = 16});
    bw_image_clear(&expected);
}

static void test_png_interlaced(void **state)
{
    (void)state;
    bw_image picture = sample_picture(21, 15, 2);
    sample_file file = {0};
    sample_png(&file, picture.pixels, picture.stride * 15, 21, 15,
               &(sample_png_options){
                   .colour_type = SPNG_COLOR_TYPE_TRUECOLOR, .bit_depth = 8, .interlaced = true});
    assert_int_equal(file.bytes[28], SPNG_INTERLACE_ADAM7);
    assert_decodes(&file, &picture, 0, "png");
    bw_image_clear(&picture);
}

static void test_webp(void **state)
{
    (void)state;
    bw_image picture = sample_picture(33, 21, 4);
    sample_file file = {0};
    sample_webp(&file, &picture, 0);
    assert_decodes(&file, &picture, 0, "webp");
    uint8_t rgba[33 * 21 * 4], *bytes = NULL;
    for (size_t i = 0; i < 33 * 21; i++) {
        memcpy(rgba + i * 4, picture.pixels + i * 3, 3);
        rgba[i * 4 + 3] = (uint8_t)(i % 255 + 1);
    }
    size_t size = WebPEncodeLosslessRGBA(rgba, 33, 21, 33 * 4, &bytes);
    sample_push(&file, bytes, size);
    WebPFree(bytes);
    assert_decodes(&file, &picture, 0, "webp");
    bw_image_clear(&picture);
}

static void test_webp_lossy(void **state)
{
    (void)state;
    bw_image picture = sample_picture(64, 64, 32);
    uint8_t *bytes = NULL;
    size_t size = WebPEncodeRGB(picture.pixels, 64, 64, 64 * 3, 95.0f, &bytes);
    sample_file file = {0};
    sample_push(&file, bytes, size);
    WebPFree(bytes);
    bw_image image;
    check_ok(bw_image_decode(&image, file.bytes, file.size, NULL, &error));
    for (int i = 0; i < 3; i++)
        assert_in_range(image.pixels[16 * image.stride + 16 * 3 + (size_t)i] + 256,
                        picture.pixels[i] + 250, picture.pixels[i] + 262);
    bw_image_clear(&image);
    sample_free(&file);
    bw_image_clear(&picture);
}

/* The stored pixel that an upright picture shows at (x, y), as the Exif standard words it. */
static const uint8_t *upright_pixel(const bw_image *stored, int orientation, int x, int y)
{
    int right = stored->width - 1, bottom = stored->height - 1;
    const int columns[9] = {0, x, right - x, right - x, x, y, y, right - y, right - y};
    const int rows[9] = {0, y, y, bottom - y, bottom - y, x, bottom - x, bottom - x, x};
    return stored->pixels + (size_t)rows[orientation] * stored->stride +
           (size_t)columns[orientation] * 3;
}

static bw_image upright(const bw_image *stored, int orientation)
{
    bool turned = orientation >= 5;
    bw_image image = sample_picture(turned ? stored->height : stored->width,
                                    turned ? stored->width : stored->height, 1);
    for (int y = 0; y < image.height; y++) {
        for (int x = 0; x < image.width; x++)
            memcpy(image.pixels + (size_t)y * image.stride + (size_t)x * 3,
                   upright_pixel(stored, orientation, x, y), 3);
    }
    return image;
}

static void assert_orientation(sample_file *file, const bw_image *stored, int orientation,
                               int tolerance)
{
    bw_image image, expected = upright(stored, orientation);
    check_ok(bw_image_decode(&image, file->bytes, file->size, NULL, &error));
    assert_int_equal(image.orientation, orientation);
    assert_in_range(sample_difference(&image, &expected), 0, tolerance);
    bw_image_clear(&image);
    bw_decode_options options;
    bw_decode_options_init(&options);
    options.ignore_exif = true;
    check_ok(bw_image_decode(&image, file->bytes, file->size, &options, &error));
    assert_int_equal(image.orientation, orientation);
    assert_in_range(sample_difference(&image, stored), 0, tolerance);
    bw_image_clear(&image);
    bw_image_clear(&expected);
    sample_free(file);
}

static void test_exif_orientations(void **state)
{
    (void)state;
    bw_image picture = sample_picture(80, 48, 16), odd = sample_picture(67, 35, 3);
    for (int orientation = 1; orientation <= 8; orientation++) {
        sample_file file = {0};
        sample_jpeg(&file, picture.pixels, picture.width, picture.height,
                    &(sample_jpeg_options){.components = 3, .orientation = orientation});
        assert_orientation(&file, &picture, orientation, 10);
        sample_png(&file, odd.pixels, odd.stride * (size_t)odd.height, odd.width, odd.height,
                   &(sample_png_options){.colour_type = SPNG_COLOR_TYPE_TRUECOLOR,
                                         .bit_depth = 8,
                                         .orientation = orientation});
        assert_orientation(&file, &odd, orientation, 0);
        sample_webp(&file, &odd, orientation);
        assert_orientation(&file, &odd, orientation, 0);
    }
    bw_image_clear(&picture);
    bw_image_clear(&odd);
}

/* Decodes for a network and checks how many pixels a side became one, and that they are theirs. */
static void assert_reduced(const bw_decode_options *options, int orientation, int reduction)
{
    enum { WIDTH = 160, HEIGHT = 96, SQUARE = 16 };
    bw_image picture = sample_picture(WIDTH, HEIGHT, SQUARE), image;
    bw_image stored = sample_picture(WIDTH / reduction, HEIGHT / reduction, SQUARE / reduction);
    bw_image expected = upright(&stored, orientation);
    sample_file file = {0};
    sample_jpeg_options kind = {.components = 3, .orientation = orientation};
    sample_jpeg(&file, picture.pixels, WIDTH, HEIGHT, &kind);
    check_ok(bw_image_decode(&image, file.bytes, file.size, options, &error));
    assert_in_range(sample_difference(&image, &expected), 0, 10);
    assert_int_equal(image.full_width, orientation >= 5 ? HEIGHT : WIDTH);
    assert_int_equal(image.full_height, orientation >= 5 ? WIDTH : HEIGHT);
    bw_image_clear(&image);
    bw_image_clear(&picture);
    bw_image_clear(&stored);
    bw_image_clear(&expected);
    sample_free(&file);
}

static void test_jpeg_reduced(void **state)
{
    (void)state;
    static const struct {
        int width, height;
        bw_resize resize;
        int upright, turned;
    } cases[] = {
        {0, 0, BW_RESIZE_AUTO, 1, 1},        {160, 160, BW_RESIZE_LETTERBOX, 1, 1},
        {81, 81, BW_RESIZE_LETTERBOX, 1, 1}, {80, 80, BW_RESIZE_LETTERBOX, 2, 2},
        {80, 40, BW_RESIZE_LETTERBOX, 2, 4}, {40, 40, BW_RESIZE_CORNER, 4, 4},
        {40, 40, BW_RESIZE_STRETCH, 2, 2},   {40, 24, BW_RESIZE_STRETCH, 4, 2},
        {20, 20, BW_RESIZE_LETTERBOX, 8, 8}, {1, 1, BW_RESIZE_LETTERBOX, 8, 8},
    };
    bw_decode_options options;
    bw_decode_options_init(&options);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options.input_width = cases[i].width;
        options.input_height = cases[i].height;
        options.resize = cases[i].resize;
        assert_reduced(&options, 1, cases[i].upright);
        assert_reduced(&options, 6, cases[i].turned);
    }
}

static void test_reduced_sizes_round_up(void **state)
{
    (void)state;
    bw_image picture = sample_picture(67, 35, 3), image;
    sample_file file = {0};
    sample_jpeg_options kind = {.components = 3};
    sample_jpeg(&file, picture.pixels, 67, 35, &kind);
    bw_decode_options options;
    bw_decode_options_init(&options);
    options.input_width = options.input_height = 32;
    options.resize = BW_RESIZE_LETTERBOX;
    options.limits.image_pixels = 67 * 35;
    check_ok(bw_image_decode(&image, file.bytes, file.size, &options, &error));
    assert_int_equal(image.width, 34);
    assert_int_equal(image.height, 18);
    assert_int_equal(image.full_width, 67);
    assert_int_equal(image.full_height, 35);
    bw_image_clear(&image);
    options.limits.image_pixels--;
    check_fails(bw_image_decode(&image, file.bytes, file.size, &options, &error), BW_ERROR_LIMIT,
                "67 × 35");
    sample_free(&file);
    bw_image_clear(&picture);
}

static void test_exif_nonsense(void **state)
{
    (void)state;
    bw_image picture = sample_picture(48, 32, 16);
    for (int orientation = 9; orientation < 13; orientation++) {
        sample_file file = {0};
        sample_jpeg(&file, picture.pixels, picture.width, picture.height,
                    &(sample_jpeg_options){.components = 3, .orientation = orientation});
        bw_image image;
        check_ok(bw_image_decode(&image, file.bytes, file.size, NULL, &error));
        assert_int_equal(image.orientation, 1);
        assert_in_range(sample_difference(&image, &picture), 0, 10);
        bw_image_clear(&image);
        sample_free(&file);
    }
    bw_image_clear(&picture);
}

static void test_read_file(void **state)
{
    (void)state;
    char path[] = "/tmp/bw_image_XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    bw_image picture = sample_picture(9, 7, 2), image;
    sample_file file = {0};
    sample_bmp(&file, &picture);
    assert_int_equal(write(descriptor, file.bytes, file.size), file.size);
    check_ok(bw_image_read(&image, path, NULL, &error));
    assert_int_equal(sample_difference(&image, &picture), 0);
    bw_image_clear(&image);
    assert_null(image.pixels);
    bw_image_clear(&image);
    assert_int_equal(ftruncate(descriptor, 60), 0);
    check_fails(bw_image_read(&image, path, NULL, &error), BW_ERROR_FORMAT, path);
    assert_null(image.pixels);
    bw_decode_options options;
    bw_decode_options_init(&options);
    options.limits.image_bytes = 59;
    check_fails(bw_image_read(&image, path, &options, &error), BW_ERROR_LIMIT, path);
    close(descriptor);
    unlink(path);
    check_fails(bw_image_read(&image, path, NULL, &error), BW_ERROR_IO, path);
    sample_free(&file);
    bw_image_clear(&picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg_kinds),
        cmocka_unit_test(test_jpeg_grey),
        cmocka_unit_test(test_jpeg_cmyk),
        cmocka_unit_test(test_jpeg_forgives),
        cmocka_unit_test(test_png_truecolour),
        cmocka_unit_test(test_png_grey),
        cmocka_unit_test(test_png_palette),
        cmocka_unit_test(test_png_interlaced),
        cmocka_unit_test(test_webp),
        cmocka_unit_test(test_webp_lossy),
        cmocka_unit_test(test_exif_orientations),
        cmocka_unit_test(test_jpeg_reduced),
        cmocka_unit_test(test_reduced_sizes_round_up),
        cmocka_unit_test(test_exif_nonsense),
        cmocka_unit_test(test_read_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
