/**
 * Picture files for the tests of the image folder, made in memory: by the libraries' encoders where
 * they can, by hand where the file must be unusual.
 */
#ifndef BW_TESTS_IMAGE_SAMPLES_H
#define BW_TESTS_IMAGE_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boxwright/boxwright.h"

/** Bytes that grow. */
typedef struct sample_file {
    uint8_t *bytes;
    size_t size, capacity;
} sample_file;

void sample_push(sample_file *file, const void *bytes, size_t size);
void sample_push_little(sample_file *file, uint32_t value, int bytes);
void sample_free(sample_file *file);

/** A picture of flat squares of `square` pixels, each of its own colour: nothing is symmetric. */
bw_image sample_picture(int width, int height, int square);

/** The EXIF block (30 bytes after "Exif\0\0") that says `orientation`. */
void sample_exif(sample_file *file, int orientation, bool big_endian, bool prefix);

typedef struct sample_jpeg_options {
    int components;      /* 1 grey, 3 RGB, 4 CMYK; default 3 */
    bool ycck, no_adobe; /* of four components: stored as YCCK; without the Adobe marker */
    bool progressive, arithmetic, many_scans;
    int restart_rows; /* a restart marker after so many rows of blocks; 0 for none */
    int orientation;  /* an EXIF segment that says so; 0 for none */
} sample_jpeg_options;

/** `pixels` has as many bytes a pixel as there are components; quality 95, 4:4:4. */
void sample_jpeg(sample_file *file, const uint8_t *pixels, int width, int height,
                 const sample_jpeg_options *options);

typedef struct sample_png_options {
    uint8_t colour_type, bit_depth;
    bool interlaced;
    const uint8_t *palette; /* RGB triples */
    int colours;
    int orientation; /* an eXIf chunk that says so; 0 for none */
} sample_png_options;

/** `pixels` is as PNG has them: packed rows, 16-bit samples big-endian. */
void sample_png(sample_file *file, const void *pixels, size_t size, int width, int height,
                const sample_png_options *options);

/** Lossless; with an orientation, in the extended format with an EXIF chunk. */
void sample_webp(sample_file *file, const bw_image *image, int orientation);

/** 24 bits a pixel, rows from the bottom. */
void sample_bmp(sample_file *file, const bw_image *image);

/** The 14 bytes that begin a bitmap whose pixels begin at `offset`. */
void sample_bmp_file_header(sample_file *file, uint32_t offset);

/** A BITMAPINFOHEADER of 40 bytes. */
void sample_bmp_info_header(sample_file *file, int32_t width, int32_t height, int bits,
                            uint32_t compression, uint32_t colours);

/** The largest difference of a sample between two pictures; 256 when their sizes differ. */
int sample_difference(const bw_image *a, const bw_image *b);

#endif
