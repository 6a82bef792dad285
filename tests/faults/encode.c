/**
 * Encodes one small picture in the ways that JPEG and WebP have, for corpus.py, which damages them.
 *
 * usage: encode FOLDER
 *
 * The files are the same bytes every time for the same libraries. What the installed libraries
 * cannot write (arithmetic coding in some builds) is left out.
 */
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <webp/encode.h>

enum { WIDTH = 61, HEIGHT = 45, MOST_CHANNELS = 4 };

/* Shapes and noise, so that every kind of coefficient and code occurs. */
static void fill(uint8_t *pixels, int channels)
{
    uint32_t state = 1;
    for (int i = 0; i < WIDTH * HEIGHT * channels; i++) {
        int x = i / channels % WIDTH, y = i / channels / WIDTH, channel = i % channels;
        state = state * 1664525 + 1013904223;
        int value = x * 4 + y * 2 * channel + ((x / 8 + y / 8) % 2) * 60 + (int)(state >> 28);
        pixels[i] = (uint8_t)(value > 255 ? 255 : value);
    }
}

static FILE *open_file(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

/* ---- JPEG ----------------------------------------------------------------------------------- */

typedef struct jpeg_kind {
    const char *name;
    J_COLOR_SPACE given, stored;
    int across, down; /* chroma samples are so many times rarer */
    int quality, restart;
    bool progressive, arithmetic, optimised;
} jpeg_kind;

static const jpeg_kind jpegs[] = {
    {"grey.jpg", JCS_GRAYSCALE, JCS_GRAYSCALE, 1, 1, 80, 0, false, false, false},
    {"444.jpg", JCS_RGB, JCS_YCbCr, 1, 1, 80, 0, false, false, false},
    {"422.jpg", JCS_RGB, JCS_YCbCr, 2, 1, 80, 0, false, false, false},
    {"440.jpg", JCS_RGB, JCS_YCbCr, 1, 2, 80, 0, false, false, false},
    {"420.jpg", JCS_RGB, JCS_YCbCr, 2, 2, 80, 0, false, false, true},
    {"411.jpg", JCS_RGB, JCS_YCbCr, 4, 1, 80, 0, false, false, false},
    {"rgb.jpg", JCS_RGB, JCS_RGB, 1, 1, 80, 0, false, false, false},
    {"cmyk.jpg", JCS_CMYK, JCS_CMYK, 1, 1, 80, 0, false, false, false},
    {"ycck.jpg", JCS_CMYK, JCS_YCCK, 2, 2, 80, 0, false, false, false},
    {"coarse.jpg", JCS_RGB, JCS_YCbCr, 2, 2, 1, 0, false, false, true},
    {"fine.jpg", JCS_RGB, JCS_YCbCr, 1, 1, 100, 0, false, false, true},
    {"restarts.jpg", JCS_RGB, JCS_YCbCr, 2, 2, 80, 3, false, false, false},
    {"progressive.jpg", JCS_RGB, JCS_YCbCr, 2, 2, 80, 0, true, false, false},
    {"progressive-grey.jpg", JCS_GRAYSCALE, JCS_GRAYSCALE, 1, 1, 80, 0, true, false, false},
    {"progressive-cmyk.jpg", JCS_CMYK, JCS_CMYK, 1, 1, 80, 5, true, false, false},
    {"arithmetic.jpg", JCS_RGB, JCS_YCbCr, 2, 2, 80, 0, false, true, false},
    {"arithmetic-progressive.jpg", JCS_RGB, JCS_YCbCr, 2, 2, 80, 0, true, true, false},
};

typedef struct trap {
    struct jpeg_error_mgr manager; /* first: libjpeg hands back a pointer to it */
    jmp_buf escape;
} jpeg_trap;

static void leave(j_common_ptr info)
{
    longjmp(((jpeg_trap *)info->err)->escape, 1);
}

static void configure(j_compress_ptr info, const jpeg_kind *kind, int channels)
{
    info->image_width = WIDTH;
    info->image_height = HEIGHT;
    info->input_components = channels;
    info->in_color_space = kind->given;
    jpeg_set_defaults(info);
    jpeg_set_colorspace(info, kind->stored);
    jpeg_set_quality(info, kind->quality, TRUE);
    for (int i = 0; i < info->num_components; i++) {
        bool full = i == 0 || i == 3;
        info->comp_info[i].h_samp_factor = full ? kind->across : 1;
        info->comp_info[i].v_samp_factor = full ? kind->down : 1;
    }
    info->restart_interval = (unsigned)kind->restart;
    info->optimize_coding = kind->optimised;
    info->arith_code = kind->arithmetic;
    if (kind->progressive)
        jpeg_simple_progression(info);
}

static bool write_jpeg(FILE *file, const jpeg_kind *kind)
{
    int channels = kind->given == JCS_GRAYSCALE ? 1 : kind->given == JCS_CMYK ? 4 : 3;
    static uint8_t pixels[WIDTH * HEIGHT * MOST_CHANNELS];
    fill(pixels, channels);
    struct jpeg_compress_struct info;
    jpeg_trap trap;
    info.err = jpeg_std_error(&trap.manager);
    trap.manager.error_exit = leave;
    jpeg_create_compress(&info);
    bool written = setjmp(trap.escape) == 0;
    if (written) {
        jpeg_stdio_dest(&info, file);
        configure(&info, kind, channels);
        jpeg_start_compress(&info, TRUE);
        while (info.next_scanline < HEIGHT) {
            JSAMPROW row = pixels + info.next_scanline * WIDTH * (unsigned)channels;
            jpeg_write_scanlines(&info, &row, 1);
        }
        jpeg_finish_compress(&info);
    }
    jpeg_destroy_compress(&info);
    return written;
}

static void write_jpegs(const char *folder)
{
    for (size_t i = 0; i < sizeof jpegs / sizeof *jpegs; i++) {
        FILE *file = open_file(folder, jpegs[i].name);
        bool written = write_jpeg(file, &jpegs[i]);
        fclose(file);
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, jpegs[i].name);
        if (!written)
            remove(path);
    }
}

/* ---- WebP ----------------------------------------------------------------------------------- */

/* A quality below 0 means without loss. */
static size_t encode_webp(uint8_t **bytes, int channels, float quality)
{
    static uint8_t pixels[WIDTH * HEIGHT * MOST_CHANNELS];
    fill(pixels, channels);
    int stride = WIDTH * channels;
    if (quality < 0)
        return channels == 3 ? WebPEncodeLosslessRGB(pixels, WIDTH, HEIGHT, stride, bytes)
                             : WebPEncodeLosslessRGBA(pixels, WIDTH, HEIGHT, stride, bytes);
    return channels == 3 ? WebPEncodeRGB(pixels, WIDTH, HEIGHT, stride, quality, bytes)
                         : WebPEncodeRGBA(pixels, WIDTH, HEIGHT, stride, quality, bytes);
}

static void write_webp(const char *folder, const char *name, int channels, float quality)
{
    uint8_t *bytes = NULL;
    size_t size = encode_webp(&bytes, channels, quality);
    FILE *file = open_file(folder, name);
    fwrite(bytes, 1, size, file);
    fclose(file);
    WebPFree(bytes);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    write_jpegs(argv[1]);
    write_webp(argv[1], "lossy.webp", 3, 80);
    write_webp(argv[1], "lossy-alpha.webp", 4, 80);
    write_webp(argv[1], "lossless.webp", 3, -1);
    write_webp(argv[1], "lossless-alpha.webp", 4, -1);
    return 0;
}
