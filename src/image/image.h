/**
 * Pictures: recognised and decoded within limits, fitted into a network's input, drawn on, encoded.
 *
 * The decoders of single formats are plug-ins: const structs in a null-ended array, found by the
 * file's first bytes. The public functions (bw_image_decode, bw_draw_detections, …) are
 * implemented in this folder.
 */
#ifndef BW_IMAGE_IMAGE_H
#define BW_IMAGE_IMAGE_H

#include "base/error.h"
#include "kernels/kernels.h"

/** Refuses a picture of the caller's whose fields make no sense; `image` may be NULL. */
bw_status bw_image_check(const bw_image *image, bw_error *error);

/**
 * Reads the size of a picture from its header, as it is once turned upright. Of a PNG, only an EXIF
 * block before the pixels is seen.
 */
bw_status bw_image_measure(int *width, int *height, const void *bytes, size_t size,
                           bw_error *error);

/** Where a picture lies in the network's input: `width` × `height` pixels from (left, top). */
typedef struct bw_fit {
    int left, top, width, height;
    float padding; /* the grey of the rest, 0 to 1 */
} bw_fit;

/** Fits a picture; `resize` is not AUTO. The padding is 0.5. */
bw_fit bw_fit_make(int picture_width, int picture_height, int input_width, int input_height,
                   bw_resize resize);

/**
 * Resizes a picture bilinearly (half-pixel centres), scales it to 0 … 1, fills the rest with grey
 * and writes it, border included, as one image of `layout` (BW_IMAGE_LANES lanes: R, G, B, 0)
 * whose first inner pixel is `out`. Bytes are 255 times those numbers, rounded, so that their scale
 * must be 1/255 and their zero point 0. One pass over the pixels, split over `rows` of the output
 * so that threads can share it: rows [first, last) are written.
 */
void bw_image_pack(const bw_image *image, const bw_fit *fit, const bw_layout *layout, void *out,
                   int first, int last);

#endif
