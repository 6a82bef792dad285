/**
 * Depthwise on bfloat16 with AVX-512.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/depthwise_bf16_vector.h"

BW_BF16_DEPTHWISE(depthwise_bf16_avx512, BW_BF16, BW_CPU_AVX512);
BW_BF16_DEPTHWISE(depthwise_bf16_f32_avx512, BW_F32, BW_CPU_AVX512);
