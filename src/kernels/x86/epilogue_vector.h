/**
 * The text of the epilogue of bytes, for either instruction set; see bw_epilogue. Included after
 * vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_EPILOGUE_VECTOR_H
#define BW_KERNELS_X86_EPILOGUE_VECTOR_H

#include "kernels/x86/finish_vector.h"

enum { PIXEL_PARTS = BW_LANES / BW_VECTOR_LANES, QUAD = 4, QUAD_PIXELS = QUAD / PIXEL_PARTS };

/** The epilogue of all lanes of a pixel. */
typedef struct pixel_epilogue {
    vector_epilogue parts[PIXEL_PARTS];
    size_t second_pixel, out_pixel;
    int32_t out_zero;
} pixel_epilogue;

BW_INLINE pixel_epilogue pixel_epilogue_of(const bw_epilogue *e)
{
    pixel_epilogue made = {
        .second_pixel = e->second_pixel, .out_pixel = e->out_pixel, .out_zero = e->out_zero};
    BW_UNROLL
    for (int part = 0; part < PIXEL_PARTS; part++)
        made.parts[part] = vector_epilogue_of(e, part * BW_VECTOR_LANES);
    return made;
}

/* As many pixels as four vectors hold, whose bytes follow each other. */
BW_INLINE void finish_quad(const pixel_epilogue *e, bw_activation activation, const int32_t *sums,
                           const uint8_t *second, uint8_t *out)
{
    bw_vector x[QUAD];
    BW_UNROLL
    for (int index = 0; index < QUAD; index++) {
        int pixel = index / PIXEL_PARTS, part = index % PIXEL_PARTS;
        const uint8_t *addend =
            second ? second + (size_t)pixel * e->second_pixel + part * BW_VECTOR_LANES : NULL;
        bw_vector whole = bw_vector_from_integers(sums + index * BW_VECTOR_LANES);
        x[index] = finish_vector(&e->parts[part], activation, whole, addend);
    }
    bw_vectors_to_bytes(out, x, e->out_zero);
}

BW_INLINE void finish_pixel(const pixel_epilogue *e, bw_activation activation, bool bytes,
                            const int32_t *sums, const uint8_t *second, void *out)
{
    BW_UNROLL
    for (int part = 0; part < PIXEL_PARTS; part++) {
        int lane = part * BW_VECTOR_LANES;
        bw_vector whole = bw_vector_from_integers(sums + lane);
        bw_vector x =
            finish_vector(&e->parts[part], activation, whole, second ? second + lane : NULL);
        if (bytes)
            bw_vector_to_bytes((uint8_t *)out + lane, x, e->out_zero);
        else
            bw_vector_store((float *)out + lane, x);
    }
}

BW_INLINE void finish_as(const bw_epilogue *epilogue, bw_activation activation, bool bytes,
                         const int32_t *sums, const uint8_t *second, void *out, int pixels)
{
    const pixel_epilogue e = pixel_epilogue_of(epilogue);
    const size_t size = bytes ? sizeof(uint8_t) : sizeof(float);
    uint8_t *to = out;
    int pixel = 0;
    if (bytes && e.out_pixel == BW_LANES) {
        for (; pixel + QUAD_PIXELS <= pixels; pixel += QUAD_PIXELS)
            finish_quad(&e, activation, sums + pixel * BW_LANES,
                        second ? second + (size_t)pixel * e.second_pixel : NULL,
                        to + pixel * BW_LANES);
    }
    for (; pixel < pixels; pixel++)
        finish_pixel(&e, activation, bytes, sums + pixel * BW_LANES,
                     second ? second + (size_t)pixel * e.second_pixel : NULL,
                     to + (size_t)pixel * e.out_pixel * size);
}

BW_INLINE void finish_activation(const bw_epilogue *e, bw_activation activation,
                                 const int32_t *sums, const uint8_t *second, void *out, int pixels)
{
    if (!e->bytes)
        finish_as(e, activation, false, sums, second, out, pixels);
    else if (second)
        finish_as(e, activation, true, sums, second, out, pixels);
    else
        finish_as(e, activation, true, sums, NULL, out, pixels);
}

static void finish_pixels(const bw_epilogue *e, const int32_t *sums, const uint8_t *second,
                          void *out, int pixels)
{
    switch (e->activation) {
    case BW_RELU: finish_activation(e, BW_RELU, sums, second, out, pixels); break;
    case BW_LEAKY: finish_activation(e, BW_LEAKY, sums, second, out, pixels); break;
    case BW_LOGISTIC: finish_activation(e, BW_LOGISTIC, sums, second, out, pixels); break;
    case BW_SWISH: finish_activation(e, BW_SWISH, sums, second, out, pixels); break;
    case BW_MISH: finish_activation(e, BW_MISH, sums, second, out, pixels); break;
    case BW_CLIPPED: finish_activation(e, BW_CLIPPED, sums, second, out, pixels); break;
    case BW_HARD_LOGISTIC: finish_activation(e, BW_HARD_LOGISTIC, sums, second, out, pixels); break;
    case BW_HARD_SWISH: finish_activation(e, BW_HARD_SWISH, sums, second, out, pixels); break;
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: finish_activation(e, BW_LINEAR, sums, second, out, pixels); break;
    }
}

#endif
