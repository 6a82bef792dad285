/**
 * The families but for convolution on bfloat16 with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/families_bf16_vector.h"

BW_BF16_FAMILIES(avx2, BW_CPU_AVX2)
