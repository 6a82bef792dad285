#include <string.h>

#include "image/bytes.h"
#include "image/format.h"
#include "image/image.h"
#include "image/jpeg_trap.h"

/* A picture of 12 scans is unusual, one of more than this an attack on the reader's time. */
enum { MAX_SCANS = 100, FREE_BLOCKS = 1 << 18 };

typedef struct jpeg_decoder {
    struct jpeg_decompress_struct info; /* first: libjpeg hands back a pointer to it */
    struct jpeg_progress_mgr progress;
    bw_jpeg_trap trap;
    bool decoding; /* the header is read, the pixels are being decoded */
} jpeg_decoder;

static bool matches(const uint8_t *bytes, size_t size)
{
    return size >= 3 && memcmp(bytes, "\xFF\xD8\xFF", 3) == 0;
}

/*
 * Whether a warning means that pixels are missing or wrong. The end of the file by itself does not
 * in the only scan of a Huffman-coded picture: a file that merely lacks its end marker is whole,
 * and one that lacks data is reported as JWRN_HIT_MARKER next.
 */
static bool is_damage(jpeg_decoder *decoder, int code)
{
    switch (code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: return true;
    case JWRN_JPEG_EOF:
        return !decoder->decoding || decoder->info.arith_code ||
               jpeg_has_multiple_scans(&decoder->info);
    default: return false;
    }
}

static void on_message(j_common_ptr info, int level)
{
    if (level < 0 && is_damage((jpeg_decoder *)info, info->err->msg_code))
        info->err->error_exit(info);
}

static void on_progress(j_common_ptr info)
{
    jpeg_decoder *decoder = (jpeg_decoder *)info;
    if (decoder->info.input_scan_number > MAX_SCANS)
        bw_jpeg_trap_leave(&decoder->trap, bw_fail(decoder->trap.error, BW_ERROR_LIMIT,
                                                   "the JPEG has more than %d scans", MAX_SCANS));
}

/*
 * The orientation in the first EXIF segment. Walks the segments before the pixels as libjpeg does,
 * past stray bytes and fill bytes, but keeps none of them.
 */
static int find_orientation(const uint8_t *bytes, size_t size)
{
    size_t at = 2;
    while (size - at >= 4) {
        uint8_t marker = bytes[at + 1];
        if (bytes[at] != 0xFF || marker == 0xFF || marker == 0) {
            at++;
            continue;
        }
        size_t length = bw_big16(bytes + at + 2);
        if (marker == 0xDA || length < 2 || length > size - at - 2)
            break;
        const uint8_t *content = bytes + at + 4;
        if (marker == 0xE1 && length >= 8 && memcmp(content, "Exif\0\0", 6) == 0)
            return bw_exif_orientation(content, length - 2);
        at += 2 + length;
    }
    return 1;
}

/* Ink to light. Adobe's programs store CMYK inverted, and say that they wrote it. */
static void convert_cmyk(uint8_t *rgb, const uint8_t *cmyk, int width, bool inverted)
{
    unsigned flip = inverted ? 0 : 255;
    for (int x = 0; x < width; x++, rgb += 3, cmyk += 4) {
        unsigned black = cmyk[3] ^ flip;
        for (int i = 0; i < 3; i++)
            rgb[i] = (uint8_t)(((cmyk[i] ^ flip) * black + 127) / 255);
    }
}

static void read_cmyk_rows(jpeg_decoder *decoder, const bw_image *out)
{
    j_decompress_ptr info = &decoder->info;
    JSAMPARRAY row =
        info->mem->alloc_sarray((j_common_ptr)info, JPOOL_IMAGE, (JDIMENSION)out->width * 4, 1);
    while (info->output_scanline < info->output_height) {
        uint8_t *target = out->pixels + info->output_scanline * out->stride;
        jpeg_read_scanlines(info, row, 1);
        convert_cmyk(target, row[0], out->width, info->saw_Adobe_marker);
    }
}

static void read_rgb_rows(jpeg_decoder *decoder, const bw_image *out)
{
    j_decompress_ptr info = &decoder->info;
    while (info->output_scanline < info->output_height) {
        JSAMPROW row = out->pixels + info->output_scanline * out->stride;
        jpeg_read_scanlines(info, &row, 1);
    }
}

/* Runs inside the trap. */
static void read_header(jpeg_decoder *decoder, const uint8_t *bytes, size_t size)
{
    j_decompress_ptr info = &decoder->info;
    jpeg_create_decompress(info);
    info->progress = &decoder->progress;
    decoder->progress.progress_monitor = on_progress;
    jpeg_mem_src(info, bytes, size);
    jpeg_read_header(info, TRUE);
}

/*
 * A picture of several scans has all its coefficients in memory, two bytes each, while they come: a
 * megabyte of file can ask for a gigabyte. There may be two for each pixel of the largest picture,
 * and some in any case.
 */
static bw_status check_coefficients(j_decompress_ptr info, const bw_limits *limits, bw_error *error)
{
    uint64_t most = FREE_BLOCKS + limits->image_pixels / DCTSIZE2 * 2, blocks = 0;
    for (int i = 0; i < info->num_components; i++)
        blocks +=
            (uint64_t)info->comp_info[i].width_in_blocks * info->comp_info[i].height_in_blocks;
    if (!jpeg_has_multiple_scans(info) || blocks <= most)
        return BW_OK;
    return bw_fail(
        error, BW_ERROR_LIMIT,
        "the JPEG is progressive and has %llu coefficients, more than the limit of %llu; "
        "convert it to a baseline one",
        (unsigned long long)blocks * DCTSIZE2, (unsigned long long)most * DCTSIZE2);
}

/*
 * Of how many stored pixels a side one is to be made: frequencies that the network's input cannot
 * show are then not computed.
 */
static int choose_reduction(j_decompress_ptr info, int orientation,
                            const bw_decode_options *options)
{
    bool turned = !options->ignore_exif && orientation >= 5;
    int width = (int)(turned ? info->image_height : info->image_width);
    int height = (int)(turned ? info->image_width : info->image_height);
    int reduction = 1;
    if (options->input_width < 1 || options->input_height < 1)
        return reduction;
    bw_fit fit =
        bw_fit_make(width, height, options->input_width, options->input_height, options->resize);
    while (reduction < DCTSIZE && width / (2 * reduction) >= fit.width &&
           height / (2 * reduction) >= fit.height)
        reduction *= 2;
    return reduction;
}

static bw_status claim_pixels(j_decompress_ptr info, bw_image *out,
                              const bw_decode_options *options, bw_error *error)
{
    const bw_limits *limits = &options->limits;
    bw_status status = bw_image_check_size(info->image_width, info->image_height, limits, error);
    if (status == BW_OK)
        status = check_coefficients(info, limits, error);
    if (status != BW_OK)
        return status;
    info->scale_num = 1;
    info->scale_denom = (unsigned)choose_reduction(info, out->orientation, options);
    jpeg_calc_output_dimensions(info);
    out->full_width = (int)info->image_width;
    out->full_height = (int)info->image_height;
    return bw_image_allocate(out, info->output_width, info->output_height, limits, error);
}

/* Runs inside the trap. */
static void decode_pixels(jpeg_decoder *decoder, bw_image *out, const uint8_t *bytes, size_t size,
                          const bw_decode_options *options)
{
    j_decompress_ptr info = &decoder->info;
    read_header(decoder, bytes, size);
    bool cmyk = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
    info->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    bw_status status = claim_pixels(info, out, options, decoder->trap.error);
    if (status != BW_OK)
        bw_jpeg_trap_leave(&decoder->trap, status);
    decoder->decoding = true;
    jpeg_start_decompress(info);
    if (cmyk)
        read_cmyk_rows(decoder, out);
    else
        read_rgb_rows(decoder, out);
}

static void init_decoder(jpeg_decoder *decoder, bw_error *error)
{
    memset(decoder, 0, sizeof *decoder);
    decoder->info.err = bw_jpeg_trap_init(&decoder->trap, "damaged JPEG", error);
    decoder->trap.manager.emit_message = on_message;
}

static bw_status decode(bw_image *out, const uint8_t *bytes, size_t size,
                        const bw_decode_options *options, bw_error *error)
{
    out->orientation = find_orientation(bytes, size);
    jpeg_decoder decoder;
    init_decoder(&decoder, error);
    if (setjmp(decoder.trap.escape) == 0)
        decode_pixels(&decoder, out, bytes, size, options);
    jpeg_destroy_decompress(&decoder.info);
    return decoder.trap.status;
}

static bw_status measure(bw_image *out, const uint8_t *bytes, size_t size, bw_error *error)
{
    jpeg_decoder decoder;
    init_decoder(&decoder, error);
    if (setjmp(decoder.trap.escape) == 0) {
        read_header(&decoder, bytes, size);
        out->width = (int)decoder.info.image_width;
        out->height = (int)decoder.info.image_height;
        out->orientation = find_orientation(bytes, size);
    }
    jpeg_destroy_decompress(&decoder.info);
    return decoder.trap.status;
}

const bw_image_format bw_format_jpeg = {"jpeg", matches, decode, measure};
