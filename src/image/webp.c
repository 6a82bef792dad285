#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "image/format.h"

static bool matches(const uint8_t *bytes, size_t size)
{
    return size >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0;
}

static bw_status fail(VP8StatusCode code, bw_error *error)
{
    switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return bw_fail(error, BW_ERROR_MEMORY, "cannot allocate what decoding a WebP needs");
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return bw_fail(error, BW_ERROR_FORMAT, "damaged WebP: the file ends too early");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "unsupported WebP: unknown feature");
    default: return bw_fail(error, BW_ERROR_FORMAT, "damaged WebP: the bit stream is corrupt");
    }
}

static int find_orientation(const uint8_t *bytes, size_t size)
{
    WebPData data = {bytes, size};
    WebPDemuxer *demuxer = WebPDemux(&data);
    if (!demuxer)
        return 1;
    int orientation = 1;
    WebPChunkIterator chunk;
    if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) {
        orientation = bw_exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    WebPDemuxDelete(demuxer);
    return orientation;
}

static bw_status decode(bw_image *out, const uint8_t *bytes, size_t size,
                        const bw_decode_options *options, bw_error *error)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "the installed libwebp is too old");
    VP8StatusCode code = WebPGetFeatures(bytes, size, &config.input);
    if (code != VP8_STATUS_OK)
        return fail(code, error);
    if (config.input.has_animation)
        return bw_fail(
            error, BW_ERROR_UNSUPPORTED,
            "this is an animated WebP, which is not supported; extract its frames first");
    bw_status status = bw_image_allocate(out, (uint64_t)config.input.width,
                                         (uint64_t)config.input.height, &options->limits, error);
    if (status != BW_OK)
        return status;
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = out->pixels;
    config.output.u.RGBA.stride = (int)out->stride;
    config.output.u.RGBA.size = out->stride * (size_t)out->height;
    code = WebPDecode(bytes, size, &config);
    WebPFreeDecBuffer(&config.output);
    if (code != VP8_STATUS_OK)
        return fail(code, error);
    out->orientation = find_orientation(bytes, size);
    return BW_OK;
}

static bw_status measure(bw_image *out, const uint8_t *bytes, size_t size, bw_error *error)
{
    int width, height;
    if (!WebPGetInfo(bytes, size, &width, &height))
        return fail(VP8_STATUS_BITSTREAM_ERROR, error);
    out->width = width;
    out->height = height;
    out->orientation = find_orientation(bytes, size);
    return BW_OK;
}

const bw_image_format bw_format_webp = {"webp", matches, decode, measure};
