/**
 * Depthwise with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/depthwise_f32_vector.h"

BW_F32_DEPTHWISE(depthwise_f32_avx2, BW_CPU_AVX2);
