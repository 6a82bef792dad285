/**
 * Bitmaps, written by hand: every depth, header and compression that the decoder knows.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "image_samples.h"

enum { RGB, RLE8, RLE4, BITFIELDS };

/* Decodes the file, compares width × height RGB pixels, and frees the file. */
static void assert_pixels(sample_file *file, int width, int height, const uint8_t *expected)
{
    bw_image image;
    check_ok(bw_image_decode(&image, file->bytes, file->size, NULL, &error));
    assert_string_equal(image.format, "bmp");
    assert_int_equal(image.width, width);
    assert_int_equal(image.height, height);
    for (int y = 0; y < height; y++)
        assert_memory_equal(image.pixels + (size_t)y * image.stride, expected + y * width * 3,
                            (size_t)width * 3);
    bw_image_clear(&image);
    sample_free(file);
}

static void push_entry(sample_file *file, const uint8_t *rgb, bool padded)
{
    uint8_t entry[4] = {rgb[2], rgb[1], rgb[0], 0};
    sample_push(file, entry, padded ? 4 : 3);
}

static const uint8_t red[3] = {255, 0, 0}, green[3] = {0, 255, 0}, blue[3] = {0, 0, 255};

static void start_palette(sample_file *file, int width, int height, int bits, uint32_t compression)
{
    sample_bmp_file_header(file, 14 + 40 + 3 * 4);
    sample_bmp_info_header(file, width, height, bits, compression, 3);
    push_entry(file, red, true);
    push_entry(file, green, true);
    push_entry(file, blue, true);
}

static void test_24_bits(void **state)
{
    (void)state;
    for (int width = 1; width <= 6; width++) {
        bw_image picture = sample_picture(width, 3, 1);
        sample_file file = {0};
        sample_bmp(&file, &picture);
        assert_pixels(&file, width, 3, picture.pixels);
        bw_image_clear(&picture);
    }
}

static void test_top_down(void **state)
{
    (void)state;
    sample_file file = {0};
    sample_bmp_file_header(&file, 54);
    sample_bmp_info_header(&file, 1, -2, 24, RGB, 0);
    sample_push(&file,
                "\0\0\xFF\0"
                "\0\xFF\0\0",
                8);
    assert_pixels(&file, 1, 2, (const uint8_t[]){255, 0, 0, 0, 255, 0});
}

/* The padding after the last row may be missing; anything of its pixels may not. */
static void test_missing_padding(void **state)
{
    (void)state;
    sample_file file = {0};
    sample_bmp_file_header(&file, 54);
    sample_bmp_info_header(&file, 1, 1, 24, RGB, 0);
    sample_push(&file, "\1\2\3", 3);
    bw_image image;
    check_fails(bw_image_decode(&image, file.bytes, file.size - 1, NULL, &error), BW_ERROR_FORMAT,
                "damaged BMP: the file ends too early");
    assert_pixels(&file, 1, 1, (const uint8_t[]){3, 2, 1});
}

static void test_palettes(void **state)
{
    (void)state;
    sample_file file = {0};
    start_palette(&file, 3, 1, 8, RGB);
    sample_push(&file, "\2\0\1\0", 4);
    assert_pixels(&file, 3, 1, (const uint8_t[]){0, 0, 255, 255, 0, 0, 0, 255, 0});
    start_palette(&file, 3, 1, 4, RGB);
    sample_push(&file, "\x21\x00\0\0", 4);
    assert_pixels(&file, 3, 1, (const uint8_t[]){0, 0, 255, 0, 255, 0, 255, 0, 0});
    start_palette(&file, 9, 1, 1, RGB);
    sample_push(&file, "\x01\x80\0\0", 4);
    uint8_t expected[27];
    for (size_t i = 0; i < 9; i++)
        memcpy(expected + i * 3, i >= 7 ? green : red, 3);
    assert_pixels(&file, 9, 1, expected);
}

static void test_index_beyond_palette(void **state)
{
    (void)state;
    sample_file file = {0};
    start_palette(&file, 2, 1, 8, RGB);
    sample_push(&file, "\xFF\2\0\0", 4);
    assert_pixels(&file, 2, 1, (const uint8_t[]){0, 0, 0, 0, 0, 255});
}

static void test_core_header(void **state)
{
    (void)state;
    sample_file file = {0};
    sample_bmp_file_header(&file, 14 + 12 + 6);
    sample_push_little(&file, 12, 4);
    sample_push_little(&file, 2, 2);
    sample_push_little(&file, 1, 2);
    sample_push_little(&file, 1, 2);
    sample_push_little(&file, 1, 2);
    push_entry(&file, blue, false);
    push_entry(&file, red, false);
    sample_push(&file, "\x40\0\0\0", 4);
    assert_pixels(&file, 2, 1, (const uint8_t[]){0, 0, 255, 255, 0, 0});
}

static void push_masks(sample_file *file, uint32_t r, uint32_t g, uint32_t b)
{
    sample_push_little(file, r, 4);
    sample_push_little(file, g, 4);
    sample_push_little(file, b, 4);
}

static void test_16_bits(void **state)
{
    (void)state;
    sample_file file = {0};
    sample_bmp_file_header(&file, 54);
    sample_bmp_info_header(&file, 2, 1, 16, RGB, 0);
    sample_push_little(&file, 0x7C00 | 16, 2); /* 5 bits each: red 31, blue 16 */
    sample_push_little(&file, 0x03E0, 2);
    assert_pixels(&file, 2, 1, (const uint8_t[]){255, 0, 132, 0, 255, 0});
    sample_bmp_file_header(&file, 66);
    sample_bmp_info_header(&file, 2, 1, 16, BITFIELDS, 0);
    push_masks(&file, 0xF800, 0x07E0, 0x001F);
    sample_push_little(&file, 0xF800, 2);
    sample_push_little(&file, 32 << 5, 2); /* 6 bits of green: 32 of 63 */
    assert_pixels(&file, 2, 1, (const uint8_t[]){255, 0, 0, 0, 130, 0});
}

static void test_32_bits(void **state)
{
    (void)state;
    sample_file file = {0};
    sample_bmp_file_header(&file, 54);
    sample_bmp_info_header(&file, 1, 1, 32, RGB, 0);
    sample_push(&file, "\1\2\3\xFF", 4);
    assert_pixels(&file, 1, 1, (const uint8_t[]){3, 2, 1});
    sample_bmp_file_header(&file, 66);
    sample_bmp_info_header(&file, 1, 1, 32, BITFIELDS, 0);
    push_masks(&file, 0xFF, 0xFF00, 0x3FF00000);
    sample_push_little(&file, 0x3FF00000u | 7 << 8 | 9, 4);
    assert_pixels(&file, 1, 1, (const uint8_t[]){9, 7, 255});
}

static void test_rle8(void **state)
{
    (void)state;
    sample_file file = {0};
    start_palette(&file, 5, 3, 8, RLE8);
    sample_push(&file, "\5\2\0\0", 4);         /* bottom row: five of blue, end of line */
    sample_push(&file, "\0\3\1\2\1\0\0\0", 8); /* three as they are, padded; end of line */
    sample_push(&file, "\0\2\2\0\2\1\0\1", 8); /* two to the right, two of green, end */
    uint8_t expected[45];
    static const uint8_t indices[15] = {0, 0, 1, 1, 0, 1, 2, 1, 0, 0, 2, 2, 2, 2, 2};
    for (size_t i = 0; i < 15; i++)
        memcpy(expected + i * 3, indices[i] == 0 ? red : indices[i] == 1 ? green : blue, 3);
    assert_pixels(&file, 5, 3, expected);
}

static void test_rle4(void **state)
{
    (void)state;
    sample_file file = {0};
    start_palette(&file, 4, 2, 4, RLE4);
    sample_push(&file, "\4\x12\0\0", 4);       /* green, blue, green, blue */
    sample_push(&file, "\0\3\x21\x10\0\1", 6); /* blue, green, green; the last stays red */
    uint8_t expected[24];
    static const uint8_t indices[8] = {2, 1, 1, 0, 1, 2, 1, 2};
    for (size_t i = 0; i < 8; i++)
        memcpy(expected + i * 3, indices[i] == 0 ? red : indices[i] == 1 ? green : blue, 3);
    assert_pixels(&file, 4, 2, expected);
}

/* Runs, literals and moves that lead over the edge write nothing outside. */
static void test_rle_over_the_edge(void **state)
{
    (void)state;
    static const char *const codes[] = {"\xFF\1\xFF\1\0\0\0\1", "\0\2\xFF\xFF\1\1\0\1",
                                        "\0\x0A\1\1\1\1\1\1\1\1\1\1\0\1",
                                        "\2\1\0\0\2\1\0\0\2\1\0\1"};
    static const size_t sizes[] = {8, 8, 14, 12};
    for (size_t i = 0; i < 4; i++) {
        sample_file file = {0};
        start_palette(&file, 2, 2, 8, RLE8);
        sample_push(&file, codes[i], sizes[i]);
        bw_image image;
        check_ok(bw_image_decode(&image, file.bytes, file.size, NULL, &error));
        bw_image_clear(&image);
        sample_free(&file);
    }
}

static void assert_refused(sample_file *file, bw_status status, const char *text)
{
    bw_image image;
    check_fails(bw_image_decode(&image, file->bytes, file->size, NULL, &error), status, text);
    assert_null(image.pixels);
    sample_free(file);
}

static void test_refused(void **state)
{
    (void)state;
    sample_file file = {0};
    start_palette(&file, 2, 2, 8, RLE8);
    sample_push(&file, "\2\1\0\0", 4);
    assert_refused(&file, BW_ERROR_FORMAT, "ends too early");
    start_palette(&file, 2, -2, 8, RLE8);
    sample_push(&file, "\0\1", 2);
    assert_refused(&file, BW_ERROR_UNSUPPORTED, "8 bits a pixel with compression 1");
    start_palette(&file, 0, 2, 8, RGB);
    sample_push(&file, "\0\0\0\0", 4);
    assert_refused(&file, BW_ERROR_FORMAT, "no pixels");
    sample_bmp_file_header(&file, 20);
    sample_bmp_info_header(&file, 1, 1, 24, RGB, 0);
    sample_push(&file, "\0\0\0\0", 4);
    assert_refused(&file, BW_ERROR_FORMAT, "inside its header");
    sample_bmp_file_header(&file, 66);
    sample_bmp_info_header(&file, 1, 1, 32, BITFIELDS, 0);
    push_masks(&file, 0x0F0F, 0xFF00, 0xFF);
    sample_push(&file, "\0\0\0\0", 4);
    assert_refused(&file, BW_ERROR_FORMAT, "mask of 0xf0f");
    sample_bmp_file_header(&file, 54);
    sample_bmp_info_header(&file, INT32_MIN, INT32_MIN, 1, RGB, 0);
    sample_push(&file, "\0\0\0\0", 4);
    assert_refused(&file, BW_ERROR_LIMIT, "2147483648");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_24_bits),
        cmocka_unit_test(test_top_down),
        cmocka_unit_test(test_missing_padding),
        cmocka_unit_test(test_palettes),
        cmocka_unit_test(test_index_beyond_palette),
        cmocka_unit_test(test_core_header),
        cmocka_unit_test(test_16_bits),
        cmocka_unit_test(test_32_bits),
        cmocka_unit_test(test_rle8),
        cmocka_unit_test(test_rle4),
        cmocka_unit_test(test_rle_over_the_edge),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
