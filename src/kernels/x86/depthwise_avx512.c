/**
 * Depthwise with AVX-512.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/depthwise_f32_vector.h"

BW_DEPTHWISE_KERNEL(depthwise_f32_avx512, BW_F32, BW_F32, BW_CPU_AVX512, accepts);
