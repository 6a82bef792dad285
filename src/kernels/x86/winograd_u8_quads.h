/**
 * The order of channels in words of bytes. Included after the vectors of an instruction set.
 */
#ifndef BW_KERNELS_X86_WINOGRAD_U8_QUADS_H
#define BW_KERNELS_X86_WINOGRAD_U8_QUADS_H

#include "kernels/x86/unroll.h"

/** A quad's channels are 0, 2, 1, 3 in its two words, as 16-bit shifts split its weights. */
BW_INLINE __m128i quad_order(void)
{
    return _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
}

#endif
