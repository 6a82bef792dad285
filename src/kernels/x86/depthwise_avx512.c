/**
 * Depthwise with AVX-512.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/depthwise_vector.h"

const bw_kernel bw_kernel_depthwise_f32_avx512 = {
    .name = "depthwise_f32_avx512",
    .family = BW_FAMILY_DEPTHWISE,
    .needs = BW_CPU_AVX512,
    .accepts = bw_depthwise_accepts,
    .cost = cost,
    .packed_bytes = bw_depthwise_packed_bytes,
    .pack = bw_depthwise_pack,
    .units = bw_rows_units,
    .run = run,
};
