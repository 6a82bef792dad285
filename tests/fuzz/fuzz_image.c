/**
 * Decodes any bytes as a picture, and puts what comes out through the steps that follow.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIDE = 32 };

static void use(const bw_image *image)
{
    float block[(SIDE + 2) * (SIDE + 2) * BW_IMAGE_LANES];
    bw_layout layout = bw_layout_make(SIDE, SIDE, 3, BW_IMAGE_LANES, 1);
    bw_fit fit = bw_fit_make(image->width, image->height, SIDE, SIDE, BW_RESIZE_LETTERBOX);
    bw_image_pack(image, &fit, &layout, block + bw_layout_origin(&layout), 0, SIDE);
    bw_image small;
    if (bw_image_thumbnail(&small, image, SIDE, NULL) == BW_OK)
        bw_image_clear(&small);
}

/* What is decoded was measured right; but for the turn of a PNG, which may be told at its end. */
static void check_size(const bw_image *image, bw_status measured, int width, int height)
{
    bool same = width == image->width && height == image->height;
    bool turned = width == image->height && height == image->width && image->orientation >= 5;
    if (measured != BW_OK || (!same && !turned))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bw_decode_options options;
    bw_decode_options_init(&options);
    options.limits.image_bytes = 1 << 16;
    options.limits.image_pixels = 1 << 16;
    bw_image image;
    bw_error error;
    int width = 0, height = 0;
    bw_status measured = bw_image_measure(&width, &height, data, size, &error);
    if (bw_image_decode(&image, data, size, &options, &error) == BW_OK) {
        check_size(&image, measured, width, height);
        use(&image);
        bw_image_clear(&image);
    }
    return 0;
}
