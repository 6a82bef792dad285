/**
 * The arithmetic of the epilogue of bytes on one vector, for either instruction set; see
 * bw_epilogue. Included after vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_FINISH_VECTOR_H
#define BW_KERNELS_X86_FINISH_VECTOR_H

#include "kernels/x86/conv_u8.h"
#include "kernels/x86/unroll.h"

/* `lane` is the first of the vector's, of the multipliers, the offsets and `second`. */
BW_INLINE bw_vector finish_vector(const bw_epilogue *e, bw_activation activation, bw_vector sums,
                                  const uint8_t *second, int lane)
{
    bw_vector x = bw_vector_fma(sums, bw_vector_load(e->multipliers + lane),
                                bw_vector_load(e->offsets + lane));
    x = bw_vector_activate(activation, bw_vector_set(e->slope), x);
    if (second)
        x = bw_vector_fma(bw_vector_from_bytes(second + lane, e->second_zero),
                          bw_vector_set(e->second_factor), x);
    return activation > BW_LEAKY ? bw_vector_mul(x, bw_vector_set(e->finish)) : x;
}

#endif
