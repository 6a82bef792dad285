/**
 * Depthwise on bfloat16 with AVX-512.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/depthwise_bf16_vector.h"

BW_DEPTHWISE_KERNEL(depthwise_bf16_avx512, BW_BF16, BW_BF16, BW_CPU_AVX512, bw_depthwise_accepts);
BW_DEPTHWISE_KERNEL(depthwise_bf16_f32_avx512, BW_BF16, BW_F32, BW_CPU_AVX512,
                    bw_depthwise_accepts);
