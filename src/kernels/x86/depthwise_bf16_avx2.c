/**
 * Depthwise on bfloat16 with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/depthwise_bf16_vector.h"

BW_BF16_DEPTHWISE(depthwise_bf16_avx2, BW_BF16, BW_CPU_AVX2);
BW_BF16_DEPTHWISE(depthwise_bf16_f32_avx2, BW_F32, BW_CPU_AVX2);
