/**
 * The text of the epilogue of the convolutions that read or write bfloat16, for either instruction
 * set. Included after vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_CONV_BF16_FINISH_H
#define BW_KERNELS_X86_CONV_BF16_FINISH_H

#include "kernels/x86/conv_bf16.h"
#include "kernels/x86/unroll.h"

BW_INLINE void finish_pixel(const bw_bf16_finish *f, bw_activation activation, int pixel)
{
    size_t to = (size_t)pixel * f->out_pixel, from = (size_t)pixel * f->second_pixel;
    BW_UNROLL
    for (int lane = 0; lane < BW_LANES; lane += BW_VECTOR_LANES) {
        bw_vector x = bw_vector_load(f->sums + pixel * BW_LANES + lane);
        x = bw_vector_activate(activation, bw_vector_set(f->slope), x);
        if (f->second && f->second_type == BW_BF16)
            x = bw_vector_add(x, bw_vector_from_halves((const uint16_t *)f->second + from + lane));
        else if (f->second)
            x = bw_vector_add(x, bw_vector_load((const float *)f->second + from + lane));
        if (f->out_type == BW_BF16)
            bw_vector_to_halves((uint16_t *)f->out + to + lane, x);
        else
            bw_vector_store((float *)f->out + to + lane, x);
    }
}

BW_INLINE void finish_as(const bw_bf16_finish *f, bw_activation activation)
{
    for (int pixel = 0; pixel < f->pixels; pixel++)
        finish_pixel(f, activation, pixel);
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
