/**
 * Pictures from their bytes: the format is recognised by the content.
 */
#include <stdlib.h>

#include "base/file.h"
#include "image/format.h"
#include "image/image.h"

static const bw_image_format *const formats[] = {
    &bw_format_jpeg, &bw_format_png, &bw_format_webp, &bw_format_bmp, NULL,
};

void bw_decode_options_init(bw_decode_options *options)
{
    *options = (bw_decode_options){.ignore_exif = false};
    bw_limits_init(&options->limits);
}

/* Upright, and with the size that the file has. */
static bw_status finish(bw_image *image, const bw_decode_options *options, bw_error *error)
{
    if (image->full_width == 0) {
        image->full_width = image->width;
        image->full_height = image->height;
    }
    if (options->ignore_exif)
        return BW_OK;
    if (image->orientation >= 5) {
        int width = image->full_width;
        image->full_width = image->full_height;
        image->full_height = width;
    }
    return bw_image_orient(image, image->orientation, error);
}

static bw_status decode(bw_image *out, const uint8_t *bytes, size_t size,
                        const bw_decode_options *options, bw_error *error)
{
    if (size > options->limits.image_bytes)
        return bw_fail(error, BW_ERROR_LIMIT,
                       "the picture has %zu bytes, more than the limit of %llu", size,
                       (unsigned long long)options->limits.image_bytes);
    for (int i = 0; formats[i]; i++) {
        if (!formats[i]->matches(bytes, size))
            continue;
        out->format = formats[i]->name;
        out->orientation = 1;
        bw_status status = formats[i]->decode(out, bytes, size, options, error);
        return status == BW_OK ? finish(out, options, error) : status;
    }
    return bw_image_refuse(bytes, size, error);
}

bw_status bw_image_decode(bw_image *out, const void *bytes, size_t size,
                          const bw_decode_options *options, bw_error *error)
{
    *out = (bw_image){0};
    bw_decode_options defaults;
    bw_decode_options_init(&defaults);
    bw_status status = decode(out, bytes, bytes ? size : 0, options ? options : &defaults, error);
    if (status != BW_OK)
        bw_image_clear(out);
    return status;
}

bw_status bw_image_measure(int *width, int *height, const void *bytes, size_t size, bw_error *error)
{
    bw_image image = {.orientation = 1};
    for (int i = 0; formats[i]; i++) {
        if (!bytes || !formats[i]->matches(bytes, size))
            continue;
        bw_status status = formats[i]->measure(&image, bytes, size, error);
        if (status != BW_OK)
            return status;
        if (image.width < 1 || image.height < 1)
            return bw_fail(error, BW_ERROR_FORMAT, "the picture has no pixels");
        bool turned = image.orientation >= 5;
        *width = turned ? image.height : image.width;
        *height = turned ? image.width : image.height;
        return BW_OK;
    }
    return bw_image_refuse(bytes, bytes ? size : 0, error);
}

bw_status bw_image_read(bw_image *out, const char *path, const bw_decode_options *options,
                        bw_error *error)
{
    *out = (bw_image){0};
    bw_decode_options defaults;
    bw_decode_options_init(&defaults);
    if (!options)
        options = &defaults;
    uint8_t *bytes;
    size_t size;
    bw_status status = bw_read_file(&bytes, &size, path, options->limits.image_bytes, error);
    if (status != BW_OK)
        return status;
    status = bw_image_decode(out, bytes, size, options, error);
    free(bytes);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s", path);
}
