/**
 * Numbers of a tensor as vectors of floats, for either instruction set: they are floats in memory,
 * too, or bfloat16 (`halves`). Included after vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_NUMBERS_VECTOR_H
#define BW_KERNELS_X86_NUMBERS_VECTOR_H

#include "kernels/x86/unroll.h"

/** The bytes that so many numbers take, which may be counted backwards. */
BW_INLINE ptrdiff_t bytes_of(ptrdiff_t numbers, bool halves)
{
    return numbers * (ptrdiff_t)(halves ? sizeof(uint16_t) : sizeof(float));
}

BW_INLINE bw_vector load_numbers(const uint8_t *from, bool halves)
{
    return halves ? bw_vector_from_halves((const uint16_t *)(const void *)from)
                  : bw_vector_load((const float *)(const void *)from);
}

BW_INLINE void store_numbers(uint8_t *to, bw_vector x, bool halves)
{
    if (halves)
        bw_vector_to_halves((uint16_t *)(void *)to, x);
    else
        bw_vector_store((float *)(void *)to, x);
}

#endif
