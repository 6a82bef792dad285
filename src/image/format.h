/**
 * What the decoders of single formats share. To add a format is to add a file with a const
 * bw_image_format and a line to the list in decode.c.
 */
#ifndef BW_IMAGE_FORMAT_H
#define BW_IMAGE_FORMAT_H

#include "base/error.h"

/** A file format: how it is recognised, and how it is decoded. */
typedef struct bw_image_format {
    const char *name; /* as bw_image.format says it */

    /** Whether the content begins as this format does. */
    bool (*matches)(const uint8_t *bytes, size_t size);

    /**
     * Decodes into `out`, which is zeroed. Reads the header first, then claims the pixels with
     * bw_image_allocate, which applies the limits; sets `orientation` when the file has one. What
     * is claimed belongs to the caller, who clears `out` on failure.
     *
     * A picture that ends too early or has damage that the format can notice is an error, not half
     * a picture: labels of half a picture would be silently wrong.
     *
     * What decodes to fewer pixels than the file has sets full_width and full_height, as stored.
     */
    bw_status (*decode)(bw_image *out, const uint8_t *bytes, size_t size,
                        const bw_decode_options *options, bw_error *error);

    /** Sets width, height and orientation of `out` from the header, and nothing else. */
    bw_status (*measure)(bw_image *out, const uint8_t *bytes, size_t size, bw_error *error);
} bw_image_format;

extern const bw_image_format bw_format_jpeg, bw_format_png, bw_format_webp, bw_format_bmp;

/** Checks the size that a header claims against the limits. */
bw_status bw_image_check_size(uint64_t width, uint64_t height, const bw_limits *limits,
                              bw_error *error);

/**
 * Checks the size that a header claims against the limits, then sets width, height, stride and
 * pixels (malloc; content undefined).
 */
bw_status bw_image_allocate(bw_image *out, uint64_t width, uint64_t height, const bw_limits *limits,
                            bw_error *error);

/** The error for content that no decoder matches: says what it is where that can be told. */
bw_status bw_image_refuse(const uint8_t *bytes, size_t size, bw_error *error);

/**
 * The orientation, 1 to 8, in an EXIF block: a TIFF file, perhaps after the six bytes "Exif\0\0".
 * 1 when there is none or the block is damaged. See Exif 2.32, 4.6.4, tag 274.
 */
int bw_exif_orientation(const uint8_t *bytes, size_t size);

/**
 * Turns the pixels upright: undoes the EXIF `orientation`. Orientations 5 to 8 exchange width and
 * height and need memory for a second picture while they work; the others work in place.
 */
bw_status bw_image_orient(bw_image *image, int orientation, bw_error *error);

#endif
