/**
 * Depthwise with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/depthwise_vector.h"

const bw_kernel bw_kernel_depthwise_f32_avx2 = {
    .name = "depthwise_f32_avx2",
    .family = BW_FAMILY_DEPTHWISE,
    .needs = BW_CPU_AVX2,
    .accepts = bw_depthwise_accepts,
    .cost = cost,
    .packed_bytes = bw_depthwise_packed_bytes,
    .pack = bw_depthwise_pack,
    .units = bw_rows_units,
    .run = run,
};
