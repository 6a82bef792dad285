/**
 * The text of the convolutions that read or write bfloat16, for either instruction set: numbers
 * are widened to floats where they are multiplied. Included after vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_CONV_BF16_VECTOR_H
#define BW_KERNELS_X86_CONV_BF16_VECTOR_H

#include "kernels/x86/conv_bf16.h"
#include "kernels/x86/unroll.h"

enum {
    PARTS = BW_LANES / BW_VECTOR_LANES, /* vectors of a panel */
    MOST_VECTORS = PARTS * BW_BF16_BLOCKS,
    VECTOR_BYTES = 4 * BW_VECTOR_LANES,
};

/** What a step's four bytes are: the numbers of two channels, or one float. */
typedef enum step_kind { STEP_EVEN, STEP_ODD, STEP_FLOAT } step_kind;

BW_INLINE bw_vector spread(const uint8_t *from, step_kind kind)
{
    float four;
    memcpy(&four, from, sizeof four);
    bw_vector all = bw_vector_set(four);
    return kind == STEP_EVEN  ? bw_vector_low_halves(all)
           : kind == STEP_ODD ? bw_vector_high_halves(all)
                              : all;
}

BW_INLINE bw_vector take_weights(const uint8_t *from, step_kind kind)
{
    bw_vector all = bw_vector_load((const float *)(const void *)from);
    return kind == STEP_EVEN  ? bw_vector_low_halves(all)
           : kind == STEP_ODD ? bw_vector_high_halves(all)
                              : all;
}

/*
 * The empty statements here and between the halves of a step keep the compiler from holding more
 * than there are registers for: sums stay in theirs, and each half loads its numbers anew.
 */
BW_INLINE void multiply(bw_vector sums[][MOST_VECTORS], const uint8_t *in, size_t stride,
                        const uint8_t *weights, step_kind kind, int pixels, int vectors)
{
    bw_vector weight[MOST_VECTORS];
    BW_UNROLL
    for (int part = 0; part < vectors; part++)
        weight[part] = take_weights(weights + part * VECTOR_BYTES, kind);
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        bw_vector x = spread(in + (size_t)pixel * stride, kind);
        BW_UNROLL
        for (int part = 0; part < vectors; part++) {
            sums[pixel][part] = bw_vector_fma(x, weight[part], sums[pixel][part]);
            __asm__("" : "+v"(sums[pixel][part]));
        }
    }
}

BW_INLINE void start_sums(bw_vector sums[][MOST_VECTORS], const bw_bf16_steps *steps, int pixels,
                          int vectors)
{
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        BW_UNROLL
        for (int part = 0; part < vectors; part++)
            sums[pixel][part] = bw_vector_load(steps->bias + part * BW_VECTOR_LANES);
    }
}

BW_INLINE void store_sums(bw_vector sums[][MOST_VECTORS], const bw_bf16_steps *steps, int pixels,
                          int vectors)
{
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        BW_UNROLL
        for (int part = 0; part < vectors; part++) {
            int at = (part / PARTS * BW_BF16_PIXELS + pixel) * BW_LANES;
            bw_vector_store(steps->sums + at + part % PARTS * BW_VECTOR_LANES, sums[pixel][part]);
        }
    }
}

BW_INLINE void run_tile(const bw_bf16_steps *steps, bool halves, int pixels, int blocks)
{
    int vectors = blocks * PARTS;
    bw_vector sums[BW_BF16_PIXELS][MOST_VECTORS];
    start_sums(sums, steps, pixels, vectors);
    const uint8_t *weights = steps->weights;
    size_t stride = steps->in_pixel;
    for (int step = 0; step < steps->count; step++) {
        const uint8_t *in = steps->in + steps->places[step];
        if (halves) {
            multiply(sums, in, stride, weights, STEP_EVEN, pixels, vectors);
            __asm__ volatile("" : : : "memory");
            multiply(sums, in, stride, weights, STEP_ODD, pixels, vectors);
        } else {
            multiply(sums, in, stride, weights, STEP_FLOAT, pixels, vectors);
        }
        weights += blocks * BW_STEP_BYTES;
    }
    store_sums(sums, steps, pixels, vectors);
}

#endif
