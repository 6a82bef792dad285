/**
 * Files that are cut, damaged, oversized or of another kind: a clear error, never half a picture.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include <spng.h>
#include <webp/encode.h>
#include <webp/mux_types.h>

#include "image_samples.h"

/* Decodes a copy that ends where the allocation ends, so that a sanitizer sees any step beyond. */
static bw_status decode_exact(const uint8_t *bytes, size_t size, bw_error *error)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size > 0)
        memcpy(copy, bytes, size);
    bw_image image;
    bw_decode_options options;
    bw_decode_options_init(&options);
    options.limits.image_pixels = 1 << 20;
    bw_status status = bw_image_decode(&image, copy, size, &options, error);
    assert_true((status == BW_OK) == (image.pixels != NULL));
    bw_image_clear(&image);
    free(copy);
    return status;
}

/* Of the file's last `forgiven` bytes some may be missing; of the rest none. */
static void assert_cuts_refused(sample_file *file, size_t forgiven)
{
    check_ok(decode_exact(file->bytes, file->size, &error));
    for (size_t size = 0; size < file->size - forgiven; size++) {
        bw_error error = {0};
        if (decode_exact(file->bytes, size, &error) == BW_OK)
            fail_msg("%zu of %zu bytes were enough", size, file->size);
        assert_true(strlen(error.message) > 10);
    }
}

/* Any outcome is right, as long as it is an outcome. */
static void assert_survives_damage(const sample_file *file)
{
    static const uint8_t flips[] = {0x01, 0x80, 0xFF, 0x2A};
    for (size_t i = 0; i < file->size; i++) {
        for (size_t j = 0; j < sizeof flips; j++) {
            file->bytes[i] ^= flips[j];
            decode_exact(file->bytes, file->size, NULL);
            file->bytes[i] ^= flips[j];
        }
    }
}

static void assert_robust(sample_file *file, size_t forgiven)
{
    assert_cuts_refused(file, forgiven);
    assert_survives_damage(file);
    sample_free(file);
}

/* A JPEG may lack its end marker and the bits that fill up its last byte. */
static void test_jpeg_robust(void **state)
{
    (void)state;
    static const sample_jpeg_options kinds[] = {
        {.components = 3, .orientation = 6},
        {.components = 3, .restart_rows = 1},
        {.components = 4, .ycck = true},
    };
    bw_image picture = sample_picture(40, 24, 8);
    uint8_t cmyk[40 * 24 * 4];
    for (size_t i = 0; i < sizeof cmyk; i++)
        cmyk[i] = (uint8_t)(i * 7 / 64);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sample_file file = {0};
        sample_jpeg(&file, kinds[i].components == 4 ? cmyk : picture.pixels, 40, 24, &kinds[i]);
        assert_robust(&file, 3);
    }
    bw_image_clear(&picture);
}

/* Where there are several scans, or bits that mean nothing, the end marker is needed. */
static void test_jpeg_scans_robust(void **state)
{
    (void)state;
    static const sample_jpeg_options kinds[] = {
        {.components = 3, .progressive = true},
        {.components = 3, .arithmetic = true},
    };
    bw_image picture = sample_picture(24, 16, 8);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sample_file file = {0};
        sample_jpeg(&file, picture.pixels, 24, 16, &kinds[i]);
        assert_robust(&file, 1);
    }
    bw_image_clear(&picture);
}

/* The checksum of the empty last chunk is all that a PNG may lack. */
static void test_png_robust(void **state)
{
    (void)state;
    bw_image picture = sample_picture(14, 9, 3);
    static const sample_png_options kinds[] = {
        {.colour_type = SPNG_COLOR_TYPE_TRUECOLOR, .bit_depth = 8, .orientation = 5},
        {.colour_type = SPNG_COLOR_TYPE_TRUECOLOR, .bit_depth = 8, .interlaced = true},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sample_file file = {0};
        sample_png(&file, picture.pixels, picture.stride * 9, 14, 9, &kinds[i]);
        assert_robust(&file, 4);
    }
    bw_image_clear(&picture);
}

/* Every bit of a PNG is under a checksum but those of the checksums themselves. */
static void test_png_checksums(void **state)
{
    (void)state;
    bw_image picture = sample_picture(14, 9, 3);
    sample_file file = {0};
    sample_png(&file, picture.pixels, picture.stride * 9, 14, 9, NULL);
    for (size_t i = 0; i < file.size; i++) {
        file.bytes[i] ^= 0x10;
        assert_int_not_equal(decode_exact(file.bytes, file.size, NULL), BW_OK);
        file.bytes[i] ^= 0x10;
    }
    sample_free(&file);
    bw_image_clear(&picture);
}

static void test_webp_robust(void **state)
{
    (void)state;
    bw_image picture = sample_picture(20, 12, 4);
    sample_file file = {0};
    sample_webp(&file, &picture, 0);
    assert_robust(&file, 0);
    sample_webp(&file, &picture, 6);
    assert_robust(&file, 0);
    uint8_t *bytes = NULL;
    size_t size = WebPEncodeRGB(picture.pixels, 20, 12, 60, 60.0f, &bytes);
    sample_push(&file, bytes, size);
    WebPFree(bytes);
    assert_robust(&file, 0);
    bw_image_clear(&picture);
}

static void test_bmp_robust(void **state)
{
    (void)state;
    bw_image picture = sample_picture(7, 5, 2);
    sample_file file = {0};
    sample_bmp(&file, &picture);
    assert_robust(&file, 3);
    sample_bmp_file_header(&file, 62);
    sample_bmp_info_header(&file, 6, 4, 4, 2, 2);
    sample_push(&file, "\1\2\3\0\4\5\6\0", 8);
    sample_push(&file, "\6\1\0\0\0\6\1\0\1\0\0\0\0\2\3\0\3\1\0\1", 20);
    assert_robust(&file, 0);
    bw_image_clear(&picture);
}

static void assert_refused(const void *bytes, size_t size, bw_status status, const char *text)
{
    bw_image image;
    check_fails(bw_image_decode(&image, bytes, size, NULL, &error), status, text);
    assert_null(image.pixels);
}

/* The sizes stand in the headers of otherwise good small files. */
static void test_pixel_limit(void **state)
{
    (void)state;
    bw_image picture = sample_picture(16, 16, 8);
    sample_file jpeg = {0}, bmp = {0}, webp = {0};
    sample_jpeg(&jpeg, picture.pixels, 16, 16, NULL);
    uint8_t *frame = jpeg.bytes;
    while (frame[0] != 0xFF || frame[1] != 0xC0)
        frame++;
    memcpy(frame + 5, "\xFF\xFF\xFF\xFF", 4);
    assert_refused(jpeg.bytes, jpeg.size, BW_ERROR_LIMIT, "65500");
    memcpy(frame + 5, "\xFF\x00\xFF\x00", 4);
    assert_refused(jpeg.bytes, jpeg.size, BW_ERROR_LIMIT, "65280 × 65280");
    sample_bmp(&bmp, &picture);
    memcpy(bmp.bytes + 18, "\xFF\xFF\0\0\xFF\xFF\0\0", 8);
    assert_refused(bmp.bytes, bmp.size, BW_ERROR_LIMIT, "65535 × 65535");
    static const uint8_t png[] =
        "\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\xFF\xFF\0\0\xFF\xFF\x08\2\0\0\0"
        "\x39\x67\x4E\x07";
    assert_refused(png, sizeof png - 1, BW_ERROR_LIMIT, "65535 × 65535");
    sample_webp(&webp, &picture, 0);
    memcpy(webp.bytes + 21, "\xFF\xFF\xFF\x0F", 4); /* 14 bits each: 16384 × 16384 */
    assert_refused(webp.bytes, webp.size, BW_ERROR_LIMIT, "16384 × 16384");
    sample_free(&jpeg);
    sample_free(&bmp);
    sample_free(&webp);
    bw_image_clear(&picture);
}

static void test_limits_are_exact(void **state)
{
    (void)state;
    bw_image picture = sample_picture(12, 10, 2), image;
    sample_file file = {0};
    sample_png(&file, picture.pixels, picture.stride * 10, 12, 10, NULL);
    bw_decode_options options;
    bw_decode_options_init(&options);
    options.limits.image_pixels = 120;
    options.limits.image_bytes = file.size;
    check_ok(bw_image_decode(&image, file.bytes, file.size, &options, &error));
    bw_image_clear(&image);
    options.limits.image_pixels = 119;
    check_fails(bw_image_decode(&image, file.bytes, file.size, &options, &error), BW_ERROR_LIMIT,
                "12 × 10");
    options.limits.image_pixels = 120;
    options.limits.image_bytes = file.size - 1;
    check_fails(bw_image_decode(&image, file.bytes, file.size, &options, &error), BW_ERROR_LIMIT,
                "bytes");
    sample_free(&file);
    bw_image_clear(&picture);
}

static void test_too_many_scans(void **state)
{
    (void)state;
    uint8_t pixels[64 * 64];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i);
    sample_file file = {0};
    sample_jpeg(&file, pixels, 64, 64, &(sample_jpeg_options){.components = 1, .many_scans = true});
    assert_refused(file.bytes, file.size, BW_ERROR_LIMIT, "scans");
    sample_free(&file);
}

static void test_animated_webp(void **state)
{
    (void)state;
    sample_file file = {0};
    sample_push(&file, "RIFF", 4);
    sample_push_little(&file, 4 + 18 + 14, 4);
    sample_push(&file, "WEBPVP8X", 8);
    sample_push_little(&file, 10, 4);
    sample_push_little(&file, ANIMATION_FLAG, 4);
    sample_push(&file, "\7\0\0\7\0\0", 6);
    sample_push(&file, "ANIM", 4);
    sample_push_little(&file, 6, 4);
    sample_push(&file, "\0\0\0\0\0\0", 6);
    assert_refused(file.bytes, file.size, BW_ERROR_UNSUPPORTED, "animated WebP");
    sample_free(&file);
}

/* A frame of lossless JPEG (SOF3), and one of 12 bits a sample. */
static void test_unsupported_jpeg(void **state)
{
    (void)state;
    bw_image picture = sample_picture(16, 16, 8);
    sample_file file = {0};
    sample_jpeg(&file, picture.pixels, 16, 16, NULL);
    uint8_t *frame = file.bytes;
    while (frame[0] != 0xFF || frame[1] != 0xC0)
        frame++;
    frame[4] = 12;
    assert_refused(file.bytes, file.size, BW_ERROR_UNSUPPORTED, "JPEG: Unsupported");
    frame[4] = 8;
    frame[1] = 0xC3;
    assert_refused(file.bytes, file.size, BW_ERROR_UNSUPPORTED, "JPEG: Unsupported");
    sample_free(&file);
    bw_image_clear(&picture);
}

static void test_other_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        bw_status status;
        const char *text;
    } kinds[] = {
        {"", 0, BW_ERROR_FORMAT, "the file is empty"},
        {"\0\0\0\0\0", 5, BW_ERROR_FORMAT, "nothing but zeros"},
        {"GIF89a\1\0\1\0", 10, BW_ERROR_UNSUPPORTED, "a GIF picture, which is not supported"},
        {"II*\0\x08\0\0\0", 8, BW_ERROR_UNSUPPORTED, "a TIFF picture"},
        {"MM\0*\0\0\0\x08", 8, BW_ERROR_UNSUPPORTED, "a TIFF picture"},
        {"\0\0\0\x18"
         "ftypheic",
         12, BW_ERROR_UNSUPPORTED, "a HEIC picture"},
        {"\0\0\0\x20"
         "ftypavif",
         12, BW_ERROR_UNSUPPORTED, "an AVIF picture"},
        {"\0\0\0\x20"
         "ftypisom",
         12, BW_ERROR_UNSUPPORTED, "a video"},
        {"%PDF-1.7", 8, BW_ERROR_UNSUPPORTED, "a PDF document"},
        {"\xEF\xBB\xBF\n <!DOCTYPE HTML>", 20, BW_ERROR_UNSUPPORTED, "an HTML page"},
        {"<html><body>", 12, BW_ERROR_UNSUPPORTED, "an HTML page"},
        {"<?xml version=\"1.0\"?>", 21, BW_ERROR_UNSUPPORTED, "an XML document"},
        {"version https://git-lfs.github.com/spec/v1", 42, BW_ERROR_UNSUPPORTED, "git lfs pull"},
        {"\x89PNG", 4, BW_ERROR_UNSUPPORTED, "no picture of a known format"},
        {"hello", 5, BW_ERROR_UNSUPPORTED, "no picture of a known format"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        assert_refused(kinds[i].bytes, kinds[i].size, kinds[i].status, kinds[i].text);
        for (size_t size = 0; size < kinds[i].size; size++)
            assert_int_not_equal(decode_exact((const uint8_t *)kinds[i].bytes, size, NULL), BW_OK);
    }
    assert_refused(NULL, 7, BW_ERROR_FORMAT, "empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg_robust),      cmocka_unit_test(test_jpeg_scans_robust),
        cmocka_unit_test(test_png_robust),       cmocka_unit_test(test_png_checksums),
        cmocka_unit_test(test_webp_robust),      cmocka_unit_test(test_bmp_robust),
        cmocka_unit_test(test_pixel_limit),      cmocka_unit_test(test_limits_are_exact),
        cmocka_unit_test(test_too_many_scans),   cmocka_unit_test(test_animated_webp),
        cmocka_unit_test(test_unsupported_jpeg), cmocka_unit_test(test_other_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
