#include "image_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <spng.h>
#include <webp/encode.h>

void sample_push(sample_file *file, const void *bytes, size_t size)
{
    if (size > file->capacity - file->size) {
        file->capacity = file->capacity * 2 + size;
        file->bytes = realloc(file->bytes, file->capacity);
        if (!file->bytes)
            abort();
    }
    if (size > 0)
        memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
}

void sample_push_little(sample_file *file, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        sample_push(file, &byte, 1);
    }
}

static void push_big(sample_file *file, uint32_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        sample_push(file, &byte, 1);
    }
}

void sample_free(sample_file *file)
{
    free(file->bytes);
    *file = (sample_file){0};
}

bw_image sample_picture(int width, int height, int square)
{
    bw_image image = {.width = width, .height = height, .stride = (size_t)width * 3};
    image.orientation = 1;
    image.pixels = malloc(image.stride * (size_t)height);
    if (!image.pixels)
        abort();
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            unsigned index = (unsigned)(y / square * 7 + x / square + 1);
            uint8_t *pixel = image.pixels + (size_t)y * image.stride + (size_t)x * 3;
            pixel[0] = (uint8_t)(index * 53 % 256);
            pixel[1] = (uint8_t)(index * 101 % 256);
            pixel[2] = (uint8_t)(index * 197 % 256);
        }
    }
    return image;
}

void sample_exif(sample_file *file, int orientation, bool big_endian, bool prefix)
{
    void (*push)(sample_file *, uint32_t, int) = big_endian ? push_big : sample_push_little;
    if (prefix)
        sample_push(file, "Exif\0\0", 6);
    sample_push(file, big_endian ? "MM" : "II", 2);
    push(file, 42, 2);
    push(file, 8, 4);
    push(file, 2, 2); /* two entries: ImageWidth, Orientation */
    push(file, 0x0100, 2);
    push(file, 4, 2);
    push(file, 1, 4);
    push(file, 640, 4);
    push(file, 0x0112, 2);
    push(file, 3, 2);
    push(file, 1, 4);
    push(file, (uint32_t)orientation, 2);
    push(file, 0, 2);
    push(file, 0, 4); /* no further directory */
}

/* One coefficient a scan, in two passes: 127 scans, all of them allowed. */
static int script_many_scans(jpeg_scan_info *scans)
{
    int count = 0;
    scans[count++] = (jpeg_scan_info){1, {0}, 0, 0, 0, 0};
    for (int low = 1; low >= 0; low--) {
        for (int k = 1; k < 64; k++)
            scans[count++] = (jpeg_scan_info){1, {0}, k, k, low == 1 ? 0 : 1, low};
    }
    return count;
}

static void set_jpeg_options(struct jpeg_compress_struct *info, const sample_jpeg_options *options,
                             jpeg_scan_info *scans)
{
    jpeg_set_defaults(info);
    jpeg_set_quality(info, 95, TRUE);
    if (options->components == 4) {
        jpeg_set_colorspace(info, options->ycck ? JCS_YCCK : JCS_CMYK);
        info->write_Adobe_marker = options->no_adobe ? FALSE : TRUE;
    }
    for (int i = 0; i < info->num_components; i++)
        info->comp_info[i].h_samp_factor = info->comp_info[i].v_samp_factor = 1;
    info->arith_code = options->arithmetic ? TRUE : FALSE;
    info->restart_in_rows = options->restart_rows;
    if (options->progressive)
        jpeg_simple_progression(info);
    if (options->many_scans) {
        info->num_scans = script_many_scans(scans);
        info->scan_info = scans;
    }
}

void sample_jpeg(sample_file *file, const uint8_t *pixels, int width, int height,
                 const sample_jpeg_options *options)
{
    static const sample_jpeg_options defaults = {.components = 3};
    options = options ? options : &defaults;
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    jpeg_scan_info scans[128];
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_width = (JDIMENSION)width;
    info.image_height = (JDIMENSION)height;
    info.input_components = options->components;
    info.in_color_space = options->components == 1   ? JCS_GRAYSCALE
                          : options->components == 4 ? JCS_CMYK
                                                     : JCS_RGB;
    set_jpeg_options(&info, options, scans);
    jpeg_start_compress(&info, TRUE);
    if (options->orientation) {
        sample_file exif = {0};
        sample_exif(&exif, options->orientation, options->orientation % 2 == 0, true);
        jpeg_write_marker(&info, JPEG_APP0 + 1, exif.bytes, (unsigned)exif.size);
        sample_free(&exif);
    }
    while (info.next_scanline < info.image_height) {
        const uint8_t *row =
            pixels + info.next_scanline * (size_t)width * (size_t)options->components;
        JSAMPROW target = (JSAMPROW)(uintptr_t)row;
        jpeg_write_scanlines(&info, &target, 1);
    }
    jpeg_finish_compress(&info);
    sample_push(file, bytes, size);
    free(bytes);
    jpeg_destroy_compress(&info);
}

static void set_png_metadata(spng_ctx *context, const sample_png_options *options)
{
    if (options->palette) {
        struct spng_plte palette = {.n_entries = (uint32_t)options->colours};
        for (int i = 0; i < options->colours; i++) {
            const uint8_t *colour = options->palette + i * 3;
            palette.entries[i] = (struct spng_plte_entry){colour[0], colour[1], colour[2], 0};
        }
        spng_set_plte(context, &palette);
    }
    if (options->orientation) {
        sample_file block = {0};
        sample_exif(&block, options->orientation, true, false);
        struct spng_exif exif = {block.size, (char *)block.bytes};
        spng_set_exif(context, &exif);
        spng_encode_chunks(context);
        sample_free(&block);
    }
}

void sample_png(sample_file *file, const void *pixels, size_t size, int width, int height,
                const sample_png_options *options)
{
    static const sample_png_options defaults = {.colour_type = SPNG_COLOR_TYPE_TRUECOLOR,
                                                .bit_depth = 8};
    options = options ? options : &defaults;
    spng_ctx *context = spng_ctx_new(SPNG_CTX_ENCODER);
    spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1);
    struct spng_ihdr header = {
        .width = (uint32_t)width,
        .height = (uint32_t)height,
        .bit_depth = options->bit_depth,
        .color_type = options->colour_type,
        .interlace_method = options->interlaced ? SPNG_INTERLACE_ADAM7 : SPNG_INTERLACE_NONE,
    };
    spng_set_ihdr(context, &header);
    set_png_metadata(context, options);
    int code = spng_encode_image(context, pixels, size, SPNG_FMT_RAW, SPNG_ENCODE_FINALIZE);
    size_t encoded = 0;
    void *bytes = code == 0 ? spng_get_png_buffer(context, &encoded, &code) : NULL;
    if (!bytes) {
        fprintf(stderr, "cannot encode a PNG: %s\n", spng_strerror(code));
        abort();
    }
    sample_push(file, bytes, encoded);
    free(bytes);
    spng_ctx_free(context);
}

static void push_riff_chunk(sample_file *file, const char *name, const void *bytes, size_t size)
{
    sample_push(file, name, 4);
    sample_push_little(file, (uint32_t)size, 4);
    sample_push(file, bytes, size);
    sample_push(file, "", size % 2);
}

void sample_webp(sample_file *file, const bw_image *image, int orientation)
{
    uint8_t *bytes = NULL;
    size_t size = WebPEncodeLosslessRGB(image->pixels, image->width, image->height,
                                        (int)image->stride, &bytes);
    if (size == 0)
        abort();
    if (orientation == 0) {
        sample_push(file, bytes, size);
        WebPFree(bytes);
        return;
    }
    sample_file header = {0}, exif = {0}, body = {0};
    sample_push_little(&header, 8, 4); /* flags: there is EXIF */
    sample_push_little(&header, (uint32_t)image->width - 1, 3);
    sample_push_little(&header, (uint32_t)image->height - 1, 3);
    sample_exif(&exif, orientation, false, orientation % 2 == 1);
    push_riff_chunk(&body, "VP8X", header.bytes, header.size);
    sample_push(&body, bytes + 12, size - 12);
    push_riff_chunk(&body, "EXIF", exif.bytes, exif.size);
    sample_push(file, "RIFF", 4);
    sample_push_little(file, (uint32_t)body.size + 4, 4);
    sample_push(file, "WEBP", 4);
    sample_push(file, body.bytes, body.size);
    sample_free(&header);
    sample_free(&exif);
    sample_free(&body);
    WebPFree(bytes);
}

void sample_bmp_file_header(sample_file *file, uint32_t offset)
{
    sample_push(file, "BM", 2);
    sample_push_little(file, 0, 4); /* the file's size: many programs leave it wrong */
    sample_push_little(file, 0, 4);
    sample_push_little(file, offset, 4);
}

void sample_bmp_info_header(sample_file *file, int32_t width, int32_t height, int bits,
                            uint32_t compression, uint32_t colours)
{
    sample_push_little(file, 40, 4);
    sample_push_little(file, (uint32_t)width, 4);
    sample_push_little(file, (uint32_t)height, 4);
    sample_push_little(file, 1, 2);
    sample_push_little(file, (uint32_t)bits, 2);
    sample_push_little(file, compression, 4);
    sample_push_little(file, 0, 4);
    sample_push_little(file, 2835, 4);
    sample_push_little(file, 2835, 4);
    sample_push_little(file, colours, 4);
    sample_push_little(file, 0, 4);
}

void sample_bmp(sample_file *file, const bw_image *image)
{
    sample_bmp_file_header(file, 54);
    sample_bmp_info_header(file, image->width, image->height, 24, 0, 0);
    for (int y = image->height - 1; y >= 0; y--) {
        const uint8_t *row = image->pixels + (size_t)y * image->stride;
        for (int x = 0; x < image->width; x++) {
            uint8_t bgr[3] = {row[x * 3 + 2], row[x * 3 + 1], row[x * 3]};
            sample_push(file, bgr, 3);
        }
        sample_push(file, "\0\0\0", (size_t)image->width % 4);
    }
}

int sample_difference(const bw_image *a, const bw_image *b)
{
    if (a->width != b->width || a->height != b->height)
        return 256;
    int largest = 0;
    for (int y = 0; y < a->height; y++) {
        const uint8_t *p = a->pixels + (size_t)y * a->stride;
        const uint8_t *q = b->pixels + (size_t)y * b->stride;
        for (int i = 0; i < a->width * 3; i++)
            largest = abs(p[i] - q[i]) > largest ? abs(p[i] - q[i]) : largest;
    }
    return largest;
}
