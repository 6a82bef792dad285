/**
 * Copying channels with AVX2.
 */
#include <immintrin.h>

#include "kernels/x86/copy_rows.h"

static double cost(const bw_operation *operation)
{
    return 3.0 * bw_rows_pixels(operation);
}

/* Moves `count` lanes of each pixel; the other lanes of `to` are not written. */
static void move_lanes(float *to, const float *from, int pixels, int count)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i low = _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane);
    __m256i high = _mm256_cmpgt_epi32(_mm256_set1_epi32(count - 8), lane);
    for (int x = 0; x < pixels; x++) {
        _mm256_maskstore_ps(to, low, _mm256_maskload_ps(from, low));
        if (count > 8)
            _mm256_maskstore_ps(to + 8, high, _mm256_maskload_ps(from + 8, high));
        to += BW_LANES;
        from += BW_LANES;
    }
}

static void run_row(const bw_row *row)
{
    bw_copy_row(row, move_lanes);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_rows_run(operation, operands, first, last, run_row);
}

const bw_kernel bw_kernel_copy_f32_avx2 = {
    .name = "copy_f32_avx2",
    .family = BW_FAMILY_COPY,
    .needs = BW_CPU_AVX2,
    .accepts = bw_copy_row_accepts,
    .cost = cost,
    .units = bw_rows_units,
    .run = run,
};
