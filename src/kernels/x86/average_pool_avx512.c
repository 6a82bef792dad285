/**
 * Average pooling with AVX-512.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/average_pool_vector.h"

const bw_kernel bw_kernel_average_pool_f32_avx512 = {
    .name = "average_pool_f32_avx512",
    .family = BW_FAMILY_AVERAGE_POOL,
    .needs = BW_CPU_AVX512,
    .accepts = accepts,
    .cost = cost,
    .units = bw_rows_units,
    .run = run,
};
