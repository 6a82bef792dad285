/**
 * The same numbers in another format, in plain C: floats, bfloat16, bytes of any scale.
 */
#include "kernels/convert.h"
#include "kernels/ref/ref.h"

static double cost(const bw_operation *operation)
{
    return 8.0 * bw_ref_outputs(operation);
}

static float read_number(bw_format format, const void *numbers, size_t at)
{
    if (format.type == BW_U8)
        return bw_from_u8(((const uint8_t *)numbers)[at], format);
    return bw_ref_read(format.type, numbers, at);
}

static void write_number(bw_format format, void *numbers, size_t at, float value)
{
    if (format.type == BW_U8)
        ((uint8_t *)numbers)[at] = bw_to_u8(value * bw_convert_factor(format), format.zero_point);
    else
        bw_ref_write(format.type, numbers, at, value);
}

static void run_element(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel, int y, int x)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    size_t from = (size_t)image * in->image_stride, to = (size_t)image * out->image_stride;
    float value = read_number(in->format, operands->in, from + bw_ref_at(in, channel, y, x));
    write_number(out->format, operands->out, to + bw_ref_at(out, channel, y, x), value);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_element);
}

#define CONVERSION(words, from, to)                                                                \
    const bw_kernel bw_kernel_convert_##words##_ref = {                                            \
        .name = "convert_" #words "_ref",                                                          \
        .family = BW_FAMILY_CONVERT,                                                               \
        .in = from,                                                                                \
        .out = to,                                                                                 \
        .accepts = bw_convert_accepts,                                                             \
        .cost = cost,                                                                              \
        .units = bw_ref_plane_units,                                                               \
        .run = run,                                                                                \
    }

CONVERSION(f32, BW_F32, BW_F32);
CONVERSION(f32_u8, BW_F32, BW_U8);
CONVERSION(u8_f32, BW_U8, BW_F32);
CONVERSION(u8, BW_U8, BW_U8);
CONVERSION(f32_bf16, BW_F32, BW_BF16);
CONVERSION(bf16_f32, BW_BF16, BW_F32);
CONVERSION(bf16_u8, BW_BF16, BW_U8);
CONVERSION(u8_bf16, BW_U8, BW_BF16);
