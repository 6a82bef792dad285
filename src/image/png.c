#include <string.h>

#include <spng.h>

#include "image/format.h"

/* Memory that ancillary chunks (texts, profiles) may take, inflated. */
static const size_t chunk_bytes = (size_t)64 << 20;

static bool matches(const uint8_t *bytes, size_t size)
{
    return size >= 8 && memcmp(bytes, "\x89PNG\r\n\x1A\n", 8) == 0;
}

static bw_status fail(int code, bw_error *error)
{
    bw_status status = code == SPNG_EMEM            ? BW_ERROR_MEMORY
                       : code == SPNG_ECHUNK_LIMITS ? BW_ERROR_LIMIT
                                                    : BW_ERROR_FORMAT;
    const char *reason = code == SPNG_IO_EOF ? "the file ends too early" : spng_strerror(code);
    return bw_fail(error, status, "damaged PNG: %s", reason);
}

/* The rest of the file is read for its EXIF chunk, which may follow the pixels, and for its end. */
static int read_pixels(spng_ctx *context, bw_image *out)
{
    size_t bytes = out->stride * (size_t)out->height;
    int code = spng_decode_image(context, out->pixels, bytes, SPNG_FMT_RGB8, 0);
    if (code == 0)
        code = spng_decode_chunks(context);
    struct spng_exif exif;
    if (code == 0 && spng_get_exif(context, &exif) == 0)
        out->orientation = bw_exif_orientation((const uint8_t *)exif.data, exif.length);
    return code;
}

static int read_header(spng_ctx *context, const uint8_t *bytes, size_t size,
                       struct spng_ihdr *header)
{
    spng_set_image_limits(context, INT32_MAX, INT32_MAX);
    spng_set_chunk_limits(context, chunk_bytes, chunk_bytes);
    spng_set_crc_action(context, SPNG_CRC_ERROR, SPNG_CRC_ERROR);
    int code = spng_set_png_buffer(context, bytes, size);
    return code == 0 ? spng_get_ihdr(context, header) : code;
}

static bw_status decode_with(spng_ctx *context, bw_image *out, const uint8_t *bytes, size_t size,
                             const bw_limits *limits, bw_error *error)
{
    struct spng_ihdr header;
    int code = read_header(context, bytes, size, &header);
    if (code != 0)
        return fail(code, error);
    bw_status status = bw_image_allocate(out, header.width, header.height, limits, error);
    if (status != BW_OK)
        return status;
    code = read_pixels(context, out);
    return code == 0 ? BW_OK : fail(code, error);
}

static bw_status decode(bw_image *out, const uint8_t *bytes, size_t size,
                        const bw_decode_options *options, bw_error *error)
{
    spng_ctx *context = spng_ctx_new(0);
    if (!context)
        return bw_fail(error, BW_ERROR_MEMORY, "cannot allocate a PNG decoder");
    bw_status status = decode_with(context, out, bytes, size, &options->limits, error);
    spng_ctx_free(context);
    return status;
}

static bw_status measure(bw_image *out, const uint8_t *bytes, size_t size, bw_error *error)
{
    spng_ctx *context = spng_ctx_new(0);
    if (!context)
        return bw_fail(error, BW_ERROR_MEMORY, "cannot allocate a PNG decoder");
    struct spng_ihdr header = {0};
    struct spng_exif exif;
    int code = read_header(context, bytes, size, &header);
    out->width = (int)header.width;
    out->height = (int)header.height;
    if (code == 0 && spng_get_exif(context, &exif) == 0)
        out->orientation = bw_exif_orientation((const uint8_t *)exif.data, exif.length);
    spng_ctx_free(context);
    return code == 0 ? BW_OK : fail(code, error);
}

const bw_image_format bw_format_png = {"png", matches, decode, measure};
