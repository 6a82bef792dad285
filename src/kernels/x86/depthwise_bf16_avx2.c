/**
 * Depthwise on bfloat16 with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/depthwise_bf16_vector.h"

BW_DEPTHWISE_KERNEL(depthwise_bf16_avx2, BW_BF16, BW_BF16, BW_CPU_AVX2, bw_depthwise_accepts);
BW_DEPTHWISE_KERNEL(depthwise_bf16_f32_avx2, BW_BF16, BW_F32, BW_CPU_AVX2, bw_depthwise_accepts);
