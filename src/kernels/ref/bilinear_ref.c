#include <string.h>

#include "kernels/bilinear.h"

typedef float float4 __attribute__((vector_size(16)));
typedef int32_t int4 __attribute__((vector_size(16)));
typedef uint8_t byte4 __attribute__((vector_size(4)));

static void blend_rows(float *restrict out, const uint8_t *above, const uint8_t *below,
                       float weight, int count)
{
    for (int i = 0; i < count; i++)
        out[i] = (float)above[i] + (float)(below[i] - above[i]) * weight;
}

/* A pixel, 0 to 255; the fourth lane is the next one's red. */
static inline float4 blend_pixel(const float *row, const bw_bilinear_columns *columns, int index)
{
    float4 left, right;
    memcpy(&left, row + columns->offsets[index], sizeof left);
    memcpy(&right, row + columns->offsets[index] + 3, sizeof right);
    return left + (right - left) * columns->weights[index];
}

static void blend_floats(float *restrict out, const float *restrict row,
                         const bw_bilinear_columns *columns)
{
    const float4 scale = {1.0f / 255.0f, 1.0f / 255.0f, 1.0f / 255.0f, 0.0f};
    for (int i = 0; i < columns->count; i++) {
        float4 pixel = blend_pixel(row, columns, i) * scale;
        memcpy(out + (size_t)i * BW_IMAGE_LANES, &pixel, sizeof pixel);
    }
}

static void blend_bytes(uint8_t *restrict out, const float *restrict row,
                        const bw_bilinear_columns *columns)
{
    const float4 real = {1.0f, 1.0f, 1.0f, 0.0f}, half = {0.5f, 0.5f, 0.5f, 0.0f};
    for (int i = 0; i < columns->count; i++) {
        int4 whole = __builtin_convertvector(blend_pixel(row, columns, i) * real + half, int4);
        byte4 pixel = __builtin_convertvector(whole, byte4);
        memcpy(out + (size_t)i * BW_IMAGE_LANES, &pixel, sizeof pixel);
    }
}

const bw_bilinear bw_bilinear_ref = {
    .name = "ref",
    .blend_rows = blend_rows,
    .blend_floats = blend_floats,
    .blend_bytes = blend_bytes,
};
