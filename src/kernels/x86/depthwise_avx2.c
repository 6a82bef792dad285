/**
 * Depthwise with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/depthwise_f32_vector.h"

BW_DEPTHWISE_KERNEL(depthwise_f32_avx2, BW_F32, BW_F32, BW_CPU_AVX2, accepts);
