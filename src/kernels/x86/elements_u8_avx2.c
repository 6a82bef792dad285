/**
 * Families that treat every number alike, on bytes with AVX2: add, activation, conversion.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/convert.h"
#include "kernels/quantize.h"
#include "kernels/x86/rows.h"

/* Rows are whole vectors, whose numbers lie in the same places on both sides. */
static bool rows_match(const bw_layout *a, const bw_layout *b)
{
    return a->lanes == b->lanes && a->lanes % BW_VECTOR_LANES == 0 && bw_rows_same_shape(a, b);
}

static bool add_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_ADD && rows_match(&operation->in, &operation->out) &&
           rows_match(&operation->second, &operation->out);
}

static bool activation_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_ACTIVATION && rows_match(&operation->in, &operation->out);
}

static bool convert_accepts(const bw_operation *operation)
{
    return bw_convert_accepts(operation) && rows_match(&operation->in, &operation->out);
}

/* In vectors of 16: what a pixel of wider planes takes is as many times more. */
static double vectors(const bw_operation *operation)
{
    return bw_rows_pixels(operation) * operation->out.lanes / BW_LANES;
}

static double light_cost(const bw_operation *operation)
{
    return 4.0 * vectors(operation);
}

static double activation_cost(const bw_operation *operation)
{
    return 18.0 * vectors(operation);
}

static ptrdiff_t row_numbers(const bw_row *row)
{
    return (ptrdiff_t)row->operation->out.width * row->operation->out.lanes;
}

static void add_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in, *second = &operation->second;
    const uint8_t *a = bw_row_of(in, row->operands->in, row->image, row->plane, row->y);
    const uint8_t *b = bw_row_of(second, row->operands->second, row->image, row->plane, row->y);
    bw_vector first = bw_vector_set(bw_addend(operation, in->format));
    bw_vector factor = bw_vector_set(bw_addend(operation, second->format));
    bw_vector slope = bw_vector_set(operation->slope), units = bw_vector_set(bw_finish(operation));
    for (ptrdiff_t at = 0, count = row_numbers(row); at < count; at += BW_VECTOR_LANES) {
        bw_vector x = bw_vector_mul(bw_vector_from_bytes(a + at, in->format.zero_point), first);
        x = bw_vector_fma(bw_vector_from_bytes(b + at, second->format.zero_point), factor, x);
        x = bw_vector_mul(bw_vector_activate(operation->activation, slope, x), units);
        bw_vector_to_bytes((uint8_t *)row->out + at, x, operation->out.format.zero_point);
    }
}

static void activation_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    const uint8_t *from = bw_row_of(in, row->operands->in, row->image, row->plane, row->y);
    bw_vector first = bw_vector_set(bw_addend(operation, in->format));
    bw_vector slope = bw_vector_set(operation->slope), units = bw_vector_set(bw_finish(operation));
    for (ptrdiff_t at = 0, count = row_numbers(row); at < count; at += BW_VECTOR_LANES) {
        bw_vector x = bw_vector_mul(bw_vector_from_bytes(from + at, in->format.zero_point), first);
        x = bw_vector_mul(bw_vector_activate(operation->activation, slope, x), units);
        bw_vector_to_bytes((uint8_t *)row->out + at, x, operation->out.format.zero_point);
    }
}

static void to_bytes_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const float *from =
        bw_row_of(&operation->in, row->operands->in, row->image, row->plane, row->y);
    bw_vector factor = bw_vector_set(bw_convert_factor(operation->out.format));
    for (ptrdiff_t at = 0, count = row_numbers(row); at < count; at += BW_VECTOR_LANES)
        bw_vector_to_bytes((uint8_t *)row->out + at,
                           bw_vector_mul(bw_vector_load(from + at), factor),
                           operation->out.format.zero_point);
}

static void to_floats_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_format format = operation->in.format;
    const uint8_t *from =
        bw_row_of(&operation->in, row->operands->in, row->image, row->plane, row->y);
    bw_vector scale = bw_vector_set(format.scale);
    for (ptrdiff_t at = 0, count = row_numbers(row); at < count; at += BW_VECTOR_LANES)
        bw_vector_store((float *)row->out + at,
                        bw_vector_mul(bw_vector_from_bytes(from + at, format.zero_point), scale));
}

static void rescale_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_format format = operation->in.format;
    const uint8_t *from =
        bw_row_of(&operation->in, row->operands->in, row->image, row->plane, row->y);
    bw_vector scale = bw_vector_set(format.scale);
    bw_vector factor = bw_vector_set(bw_convert_factor(operation->out.format));
    for (ptrdiff_t at = 0, count = row_numbers(row); at < count; at += BW_VECTOR_LANES) {
        bw_vector x = bw_vector_mul(bw_vector_from_bytes(from + at, format.zero_point), scale);
        bw_vector_to_bytes((uint8_t *)row->out + at, bw_vector_mul(x, factor),
                           operation->out.format.zero_point);
    }
}

#define ELEMENTS(words, of, from, to, acceptance, price, function)                                 \
    static void function##s(const bw_operation *operation, const bw_operands *operands, int first, \
                            int last, void *scratch)                                               \
    {                                                                                              \
        (void)scratch;                                                                             \
        bw_rows_run(operation, operands, first, last, function);                                   \
    }                                                                                              \
    const bw_kernel bw_kernel_##words##_avx2 = {                                                   \
        .name = #words "_avx2",                                                                    \
        .family = of,                                                                              \
        .in = from,                                                                                \
        .out = to,                                                                                 \
        .needs = BW_CPU_AVX2,                                                                      \
        .accepts = acceptance,                                                                     \
        .cost = price,                                                                             \
        .units = bw_rows_units,                                                                    \
        .run = function##s,                                                                        \
    };

ELEMENTS(add_u8, BW_FAMILY_ADD, BW_U8, BW_U8, add_accepts, light_cost, add_row)
ELEMENTS(activation_u8, BW_FAMILY_ACTIVATION, BW_U8, BW_U8, activation_accepts, activation_cost,
         activation_row)
ELEMENTS(convert_f32_u8, BW_FAMILY_CONVERT, BW_F32, BW_U8, convert_accepts, light_cost,
         to_bytes_row)
ELEMENTS(convert_u8_f32, BW_FAMILY_CONVERT, BW_U8, BW_F32, convert_accepts, light_cost,
         to_floats_row)
ELEMENTS(convert_u8, BW_FAMILY_CONVERT, BW_U8, BW_U8, convert_accepts, light_cost, rescale_row)
