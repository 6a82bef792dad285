/**
 * Copying channels with AVX-512.
 */
#include <immintrin.h>

#include "kernels/x86/copy_rows.h"

static double cost(const bw_operation *operation)
{
    return 1.5 * bw_rows_pixels(operation);
}

/* Moves `count` lanes of each pixel; the other lanes of `to` are not written. */
static void move_lanes(float *to, const float *from, int pixels, int count)
{
    __mmask16 mask = (__mmask16)((1u << count) - 1);
    for (int x = 0; x < pixels; x++) {
        _mm512_mask_storeu_ps(to, mask, _mm512_maskz_loadu_ps(mask, from));
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

const bw_kernel bw_kernel_copy_f32_avx512 = {
    .name = "copy_f32_avx512",
    .family = BW_FAMILY_COPY,
    .needs = BW_CPU_AVX512,
    .accepts = bw_copy_row_accepts,
    .cost = cost,
    .units = bw_rows_units,
    .run = run,
};
