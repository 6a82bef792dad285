/**
 * Products with AVX-512.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/multiply_vector.h"

const bw_kernel bw_kernel_multiply_f32_avx512 = {
    .name = "multiply_f32_avx512",
    .family = BW_FAMILY_MULTIPLY,
    .needs = BW_CPU_AVX512,
    .accepts = accepts,
    .cost = cost,
    .units = bw_rows_units,
    .run = run,
};
