/**
 * Products with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/multiply_vector.h"

const bw_kernel bw_kernel_multiply_f32_avx2 = {
    .name = "multiply_f32_avx2",
    .family = BW_FAMILY_MULTIPLY,
    .needs = BW_CPU_AVX2,
    .accepts = accepts,
    .cost = cost,
    .units = bw_rows_units,
    .run = run,
};
