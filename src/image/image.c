#include "image/image.h"

#include <stdlib.h>

#include "base/memory.h"
#include "image/format.h"

void bw_image_clear(bw_image *image)
{
    free(image->pixels);
    *image = (bw_image){0};
}

bw_status bw_image_check(const bw_image *image, bw_error *error)
{
    if (image && image->pixels && image->width > 0 && image->height > 0 &&
        image->stride / 3 >= (size_t)image->width)
        return BW_OK;
    return bw_fail(error, BW_ERROR_ARGUMENT,
                   "a picture needs pixels, a width and height above 0, and a stride of at least "
                   "three times its width");
}

bw_status bw_image_check_size(uint64_t width, uint64_t height, const bw_limits *limits,
                              bw_error *error)
{
    unsigned long long w = width, h = height;
    if (width == 0 || height == 0)
        return bw_fail(error, BW_ERROR_FORMAT, "the picture has no pixels: %llu × %llu", w, h);
    if (width > INT32_MAX || height > INT32_MAX || width > limits->image_pixels / height)
        return bw_fail(error, BW_ERROR_LIMIT,
                       "the picture claims %llu × %llu pixels, more than the limit of %llu", w, h,
                       (unsigned long long)limits->image_pixels);
    return BW_OK;
}

bw_status bw_image_allocate(bw_image *out, uint64_t width, uint64_t height, const bw_limits *limits,
                            bw_error *error)
{
    bw_status status = bw_image_check_size(width, height, limits, error);
    if (status != BW_OK)
        return status;
    size_t bytes;
    if (!bw_size_multiply(&bytes, (size_t)width * 3, (size_t)height))
        return bw_fail_memory(error, SIZE_MAX, "pixels");
    out->pixels = malloc(bytes);
    if (!out->pixels)
        return bw_fail_memory(error, bytes, "pixels");
    out->width = (int)width;
    out->height = (int)height;
    out->stride = (size_t)width * 3;
    return BW_OK;
}
