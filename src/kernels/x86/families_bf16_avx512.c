/**
 * The families but for convolution on bfloat16 with AVX-512.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/families_bf16_vector.h"

BW_BF16_FAMILIES(avx512, BW_CPU_AVX512)
