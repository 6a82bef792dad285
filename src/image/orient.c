#include <stdlib.h>
#include <string.h>

#include "image/format.h"

/* Pixels of a block that stays in the first-level cache while rows become columns. */
enum { BLOCK = 32 };

static void swap_pixels(uint8_t *a, uint8_t *b)
{
    uint8_t kept[3];
    memcpy(kept, a, 3);
    memcpy(a, b, 3);
    memcpy(b, kept, 3);
}

static void mirror(bw_image *image)
{
    for (int y = 0; y < image->height; y++) {
        uint8_t *left = image->pixels + (size_t)y * image->stride;
        uint8_t *right = left + ((size_t)image->width - 1) * 3;
        for (; left < right; left += 3, right -= 3)
            swap_pixels(left, right);
    }
}

static void flip(bw_image *image)
{
    uint8_t *top = image->pixels;
    uint8_t *bottom = top + ((size_t)image->height - 1) * image->stride;
    for (; top < bottom; top += image->stride, bottom -= image->stride) {
        for (size_t i = 0; i < (size_t)image->width * 3; i++) {
            uint8_t kept = top[i];
            top[i] = bottom[i];
            bottom[i] = kept;
        }
    }
}

/* Rows [row, row + BLOCK) of `from`, as far as it has them, become columns of `to`. */
static void transpose_band(bw_image *to, const bw_image *from, int row)
{
    int end = from->height - row < BLOCK ? from->height : row + BLOCK;
    for (int x = 0; x < from->width; x++) {
        const uint8_t *source = from->pixels + (size_t)row * from->stride + (size_t)x * 3;
        uint8_t *target = to->pixels + (size_t)x * to->stride + (size_t)row * 3;
        for (int y = row; y < end; y++, source += from->stride, target += 3)
            memcpy(target, source, 3);
    }
}

static bw_status transpose(bw_image *image, bw_error *error)
{
    bw_image turned = *image;
    turned.width = image->height;
    turned.height = image->width;
    turned.stride = (size_t)turned.width * 3;
    size_t bytes = turned.stride * (size_t)turned.height;
    turned.pixels = malloc(bytes);
    if (!turned.pixels)
        return bw_fail_memory(error, bytes, "a turned picture");
    for (int row = 0; row < image->height; row += BLOCK)
        transpose_band(&turned, image, row);
    free(image->pixels);
    *image = turned;
    return BW_OK;
}

bw_status bw_image_orient(bw_image *image, int orientation, bw_error *error)
{
    /* What is left to do once rows and columns are exchanged, if they are to be. */
    static const struct {
        bool transposed, mirrored, flipped;
    } steps[9] = {
        [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true},
        [5] = {true, false, false}, [6] = {true, true, false}, [7] = {true, true, true},
        [8] = {true, false, true},
    };
    if (orientation < 1 || orientation > 8)
        return BW_OK;
    if (steps[orientation].transposed) {
        bw_status status = transpose(image, error);
        if (status != BW_OK)
            return status;
    }
    if (steps[orientation].mirrored)
        mirror(image);
    if (steps[orientation].flipped)
        flip(image);
    return BW_OK;
}
