/**
 * The products of bytes. Included after vector_avx512.h.
 */
#ifndef BW_KERNELS_X86_ACCUMULATE_AVX512VNNI_H
#define BW_KERNELS_X86_ACCUMULATE_AVX512VNNI_H

/*
 * *sum += four products a channel, where the sums are: left to itself the compiler moves them from
 * register to register in every round of a loop.
 */
BW_INLINE void accumulate(__m512i *sum, __m512i bytes, __m512i weights)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(bytes), "v"(weights));
}

#endif
