#include <stdlib.h>
#include <string.h>

#include "image/format.h"

/* Rows that become columns together: a cache line of each, and whole lines of the target. */
enum { BLOCK = 64 };

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

/* Where the pixels of a source go: from `start`, so far for each column, so far for each row. */
typedef struct placement {
    uint8_t *start;
    ptrdiff_t column, row;
} placement;

/* Rows [first, first + BLOCK) of `from`, as far as it has them. */
static void place_band(const placement *to, const bw_image *from, int first)
{
    int rows = from->height - first < BLOCK ? from->height - first : BLOCK;
    for (int x = 0; x < from->width; x++) {
        const uint8_t *source = from->pixels + (size_t)first * from->stride + (size_t)x * 3;
        uint8_t *target = to->start + x * to->column + first * to->row;
        for (int y = 0; y < rows; y++, source += from->stride, target += to->row)
            memcpy(target, source, 3);
    }
}

/* Exchanges rows and columns, then mirrors, then flips, all in one go. */
static bw_status transpose(bw_image *image, bool mirrored, bool flipped, bw_error *error)
{
    bw_image turned = *image;
    turned.width = image->height;
    turned.height = image->width;
    turned.stride = (size_t)turned.width * 3;
    size_t bytes = turned.stride * (size_t)turned.height;
    turned.pixels = malloc(bytes);
    if (!turned.pixels)
        return bw_fail_memory(error, bytes, "a turned picture");
    placement to = {turned.pixels, (ptrdiff_t)turned.stride, 3};
    if (mirrored) {
        to.start += turned.stride - 3;
        to.row = -to.row;
    }
    if (flipped) {
        to.start += bytes - turned.stride;
        to.column = -to.column;
    }
    for (int row = 0; row < image->height; row += BLOCK)
        place_band(&to, image, row);
    free(image->pixels);
    *image = turned;
    return BW_OK;
}

bw_status bw_image_orient(bw_image *image, int orientation, bw_error *error)
{
    /* Rows and columns exchanged or not, and what is left to do then. */
    static const struct {
        bool transposed, mirrored, flipped;
    } steps[9] = {
        [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true},
        [5] = {true, false, false}, [6] = {true, true, false}, [7] = {true, true, true},
        [8] = {true, false, true},
    };
    if (orientation < 1 || orientation > 8)
        return BW_OK;
    bool mirrored = steps[orientation].mirrored, flipped = steps[orientation].flipped;
    if (steps[orientation].transposed)
        return transpose(image, mirrored, flipped, error);
    if (mirrored)
        mirror(image);
    if (flipped)
        flip(image);
    return BW_OK;
}
