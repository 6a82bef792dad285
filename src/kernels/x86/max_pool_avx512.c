/**
 * Max pooling with AVX-512.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/max_pool_vector.h"

const bw_kernel bw_kernel_max_pool_f32_avx512 = {
    .name = "max_pool_f32_avx512",
    .family = BW_FAMILY_MAX_POOL,
    .needs = BW_CPU_AVX512,
    .accepts = bw_max_pool_accepts,
    .cost = cost,
    .scratch_bytes = bw_max_pool_scratch,
    .units = bw_rows_units,
    .run = run,
};
