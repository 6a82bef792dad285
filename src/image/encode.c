#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "image/jpeg_trap.h"

enum { FIRST_BYTES = 64 * 1024 };

/* A compressor and where its bytes go. libjpeg's own memory destination loses track of its buffer
 * when memory runs out. */
typedef struct jpeg_encoder {
    struct jpeg_compress_struct info; /* first: libjpeg hands back a pointer to it */
    struct jpeg_destination_mgr sink;
    bw_jpeg_trap trap;
    uint8_t *bytes;
    size_t size, capacity;
} jpeg_encoder;

static void offer(jpeg_encoder *encoder)
{
    encoder->sink.next_output_byte = encoder->bytes + encoder->size;
    encoder->sink.free_in_buffer = encoder->capacity - encoder->size;
}

static void grow(jpeg_encoder *encoder, size_t capacity)
{
    uint8_t *grown = realloc(encoder->bytes, capacity);
    if (!grown)
        bw_jpeg_trap_leave(&encoder->trap,
                           bw_fail_memory(encoder->trap.error, capacity, "an encoded picture"));
    encoder->bytes = grown;
    encoder->capacity = capacity;
    offer(encoder);
}

static void on_start(j_compress_ptr info)
{
    grow((jpeg_encoder *)info, FIRST_BYTES);
}

/* libjpeg means that the whole buffer is full, whatever free_in_buffer says. */
static boolean on_full(j_compress_ptr info)
{
    jpeg_encoder *encoder = (jpeg_encoder *)info;
    encoder->size = encoder->capacity;
    grow(encoder, encoder->capacity * 2);
    return TRUE;
}

static void on_end(j_compress_ptr info)
{
    jpeg_encoder *encoder = (jpeg_encoder *)info;
    encoder->size = encoder->capacity - encoder->sink.free_in_buffer;
}

/* Runs inside the trap. */
static void encode(jpeg_encoder *encoder, const bw_image *image, int quality)
{
    j_compress_ptr info = &encoder->info;
    jpeg_create_compress(info);
    encoder->sink.init_destination = on_start;
    encoder->sink.empty_output_buffer = on_full;
    encoder->sink.term_destination = on_end;
    info->dest = &encoder->sink;
    info->image_width = (JDIMENSION)image->width;
    info->image_height = (JDIMENSION)image->height;
    info->input_components = 3;
    info->in_color_space = JCS_RGB;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, quality, TRUE);
    jpeg_start_compress(info, TRUE);
    while (info->next_scanline < info->image_height) {
        JSAMPROW row = image->pixels + info->next_scanline * image->stride;
        jpeg_write_scanlines(info, &row, 1);
    }
    jpeg_finish_compress(info);
}

bw_status bw_image_encode_jpeg(uint8_t **bytes, size_t *size, const bw_image *image, int quality,
                               bw_error *error)
{
    *bytes = NULL;
    *size = 0;
    bw_status status = bw_image_check(image, error);
    if (status != BW_OK)
        return status;
    if (quality < 1 || quality > 100)
        return bw_fail(error, BW_ERROR_ARGUMENT, "a JPEG quality of %d; it must be 1 to 100",
                       quality);
    jpeg_encoder encoder;
    memset(&encoder, 0, sizeof encoder);
    encoder.info.err = bw_jpeg_trap_init(&encoder.trap, "cannot encode a JPEG", error);
    if (setjmp(encoder.trap.escape) == 0)
        encode(&encoder, image, quality);
    jpeg_destroy_compress(&encoder.info);
    if (encoder.trap.status != BW_OK) {
        free(encoder.bytes);
        return encoder.trap.status;
    }
    *bytes = encoder.bytes;
    *size = encoder.size;
    return BW_OK;
}
