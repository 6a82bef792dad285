/**
 * Depthwise with AVX-512.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/depthwise_f32_vector.h"

BW_F32_DEPTHWISE(depthwise_f32_avx512, BW_CPU_AVX512);
