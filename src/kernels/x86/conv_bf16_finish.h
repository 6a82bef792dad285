/**
 * The text of the epilogue of the convolutions that read or write bfloat16, for either instruction
 * set. Included after vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_CONV_BF16_FINISH_H
#define BW_KERNELS_X86_CONV_BF16_FINISH_H

#include "kernels/x86/conv_bf16.h"
#include "kernels/x86/numbers_vector.h"
#include "kernels/x86/unroll.h"

/* Of a value's own, since what stands behind a pointer would be read again after every store. */
BW_INLINE void finish_pixel(bw_bf16_finish f, bw_activation activation, bool to_halves, int pixel)
{
    ptrdiff_t to = (ptrdiff_t)pixel * (ptrdiff_t)f.out_pixel;
    ptrdiff_t from = (ptrdiff_t)pixel * (ptrdiff_t)f.second_pixel;
    bw_vector slope = bw_vector_set(f.slope);
    BW_UNROLL
    for (int lane = 0; lane < BW_LANES; lane += BW_VECTOR_LANES) {
        bw_vector x = bw_vector_load(f.sums + pixel * BW_LANES + lane);
        x = bw_vector_activate(activation, slope, x);
        if (f.second) {
            bool halves = f.second_type == BW_BF16;
            x = bw_vector_add(
                x, load_numbers((const uint8_t *)f.second + bytes_of(from + lane, halves), halves));
        }
        store_numbers((uint8_t *)f.out + bytes_of(to + lane, to_halves), x, to_halves);
    }
}

BW_INLINE void finish_as(const bw_bf16_finish *finish, bw_activation activation)
{
    const bw_bf16_finish f = *finish;
    if (f.out_type == BW_F32) {
        for (int pixel = 0; pixel < f.pixels; pixel++)
            finish_pixel(f, activation, false, pixel);
    } else {
        for (int pixel = 0; pixel < f.pixels; pixel++)
            finish_pixel(f, activation, true, pixel);
    }
}

static void finish_pixels(const bw_bf16_finish *f)
{
    switch (f->activation) {
    case BW_RELU: finish_as(f, BW_RELU); break;
    case BW_LEAKY: finish_as(f, BW_LEAKY); break;
    case BW_LOGISTIC: finish_as(f, BW_LOGISTIC); break;
    case BW_SWISH: finish_as(f, BW_SWISH); break;
    case BW_MISH: finish_as(f, BW_MISH); break;
    case BW_CLIPPED: finish_as(f, BW_CLIPPED); break;
    case BW_HARD_LOGISTIC: finish_as(f, BW_HARD_LOGISTIC); break;
    case BW_HARD_SWISH: finish_as(f, BW_HARD_SWISH); break;
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: finish_as(f, BW_LINEAR); break;
    }
}

#endif
