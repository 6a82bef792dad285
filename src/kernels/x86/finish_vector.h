/**
 * The arithmetic of the epilogue of bytes on one vector, for either instruction set; see
 * bw_epilogue. Included after vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_FINISH_VECTOR_H
#define BW_KERNELS_X86_FINISH_VECTOR_H

#include "kernels/x86/epilogue.h"
#include "kernels/x86/unroll.h"

/**
 * What an epilogue has for the lanes of one vector. Loops keep it in variables of their own: in
 * memory it would be read again after every store of bytes, which may change anything.
 */
typedef struct vector_epilogue {
    bw_vector multipliers, offsets, slope, second_factor, finish;
    int32_t second_zero;
} vector_epilogue;

/* `lane` is the first of the vector's. */
BW_INLINE vector_epilogue vector_epilogue_of(const bw_epilogue *e, int lane)
{
    return (vector_epilogue){
        .multipliers = bw_vector_load(e->multipliers + lane),
        .offsets = bw_vector_load(e->offsets + lane),
        .slope = bw_vector_set(e->slope),
        .second_factor = bw_vector_set(e->second_factor),
        .finish = bw_vector_set(e->finish),
        .second_zero = e->second_zero,
    };
}

BW_INLINE bw_vector finish_unit(const vector_epilogue *e, bw_activation activation, bw_vector x)
{
    return activation > BW_LEAKY ? bw_vector_mul(x, e->finish) : x;
}

BW_INLINE bw_vector finish_sums(const vector_epilogue *e, bw_activation activation, bw_vector sums)
{
    return bw_vector_activate(activation, e->slope,
                              bw_vector_fma(sums, e->multipliers, e->offsets));
}

/* Without a residual. */
BW_INLINE bw_vector finish_alone(const vector_epilogue *e, bw_activation activation, bw_vector sums)
{
    return finish_unit(e, activation, finish_sums(e, activation, sums));
}

/* `addend` is the residual less its zero point. */
BW_INLINE bw_vector finish_with(const vector_epilogue *e, bw_activation activation, bw_vector sums,
                                bw_vector addend)
{
    bw_vector x = finish_sums(e, activation, sums);
    return finish_unit(e, activation, bw_vector_fma(addend, e->second_factor, x));
}

/* `second` is the residual's bytes for these lanes, or NULL. */
BW_INLINE bw_vector finish_vector(const vector_epilogue *e, bw_activation activation,
                                  bw_vector sums, const uint8_t *second)
{
    return second ? finish_with(e, activation, sums, bw_vector_from_bytes(second, e->second_zero))
                  : finish_alone(e, activation, sums);
}

#endif
