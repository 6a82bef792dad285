/**
 * Average pooling with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/average_pool_vector.h"

const bw_kernel bw_kernel_average_pool_f32_avx2 = {
    .name = "average_pool_f32_avx2",
    .family = BW_FAMILY_AVERAGE_POOL,
    .needs = BW_CPU_AVX2,
    .accepts = accepts,
    .cost = cost,
    .units = bw_rows_units,
    .run = run,
};
