/**
 * Families that treat every number alike, on bytes with AVX2: add, multiply, activation,
 * conversion.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/convert.h"
#include "kernels/quantize.h"
#include "kernels/x86/rows.h"
#include "kernels/x86/unroll.h"

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

static bool multiply_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_MULTIPLY && rows_match(&operation->in, &operation->out) &&
           operation->second.lanes == operation->in.lanes;
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

/* Floats on one side are four times the bytes. */
static double convert_cost(const bw_operation *operation)
{
    return 9.0 * vectors(operation);
}

static double activation_cost(const bw_operation *operation)
{
    return 18.0 * vectors(operation);
}

static ptrdiff_t row_numbers(const bw_row *row)
{
    return (ptrdiff_t)row->operation->out.width * row->operation->out.lanes;
}

/** What the numbers of a row of ADD or ACTIVATION have in common; `b` is NULL in ACTIVATION. */
typedef struct terms {
    const uint8_t *a, *b;
    uint8_t *to;
    ptrdiff_t count;
    int32_t a_zero, b_zero, to_zero;
    float first, second, slope, finish;
} terms;

BW_INLINE void finish_row(const terms *row, bw_activation activation, bool both)
{
    bw_vector first = bw_vector_set(row->first), second = bw_vector_set(row->second);
    bw_vector slope = bw_vector_set(row->slope), finish = bw_vector_set(row->finish);
    for (ptrdiff_t at = 0; at < row->count; at += BW_VECTOR_LANES) {
        bw_vector x = bw_vector_mul(bw_vector_from_bytes(row->a + at, row->a_zero), first);
        if (both)
            x = bw_vector_fma(bw_vector_from_bytes(row->b + at, row->b_zero), second, x);
        x = bw_vector_mul(bw_vector_activate(activation, slope, x), finish);
        bw_vector_to_bytes(row->to + at, x, row->to_zero);
    }
}

static void finish_terms(const terms *row, bw_activation activation)
{
    if (row->b && activation == BW_LINEAR) {
        finish_row(row, BW_LINEAR, true);
        return;
    }
    if (row->b) {
        finish_row(row, activation, true);
        return;
    }
    switch (activation) {
    case BW_RELU: finish_row(row, BW_RELU, false); break;
    case BW_LEAKY: finish_row(row, BW_LEAKY, false); break;
    case BW_LOGISTIC: finish_row(row, BW_LOGISTIC, false); break;
    case BW_SWISH: finish_row(row, BW_SWISH, false); break;
    case BW_MISH: finish_row(row, BW_MISH, false); break;
    case BW_CLIPPED: finish_row(row, BW_CLIPPED, false); break;
    case BW_HARD_LOGISTIC: finish_row(row, BW_HARD_LOGISTIC, false); break;
    case BW_HARD_SWISH: finish_row(row, BW_HARD_SWISH, false); break;
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: finish_row(row, BW_LINEAR, false); break;
    }
}

static void run_terms(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in, *second = &operation->second;
    terms made = {
        .a = bw_row_of(in, row->operands->in, row->image, row->plane, row->y),
        .to = row->out,
        .count = row_numbers(row),
        .a_zero = in->format.zero_point,
        .b_zero = second->format.zero_point,
        .to_zero = operation->out.format.zero_point,
        .first = bw_addend(operation, in->format),
        .second = bw_addend(operation, second->format),
        .slope = operation->slope,
        .finish = bw_finish(operation),
    };
    if (operation->family == BW_FAMILY_ADD)
        made.b = bw_row_of(second, row->operands->second, row->image, row->plane, row->y);
    finish_terms(&made, operation->activation);
}

static void multiply_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in, *second = &operation->second;
    bool spread = bw_multiply_spreads(operation);
    const uint8_t *a = bw_row_of(in, row->operands->in, row->image, row->plane, row->y);
    const uint8_t *b =
        bw_row_of(second, row->operands->second, row->image, row->plane, spread ? 0 : row->y);
    bw_vector factor = bw_vector_set(bw_multiply_factor(operation));
    for (ptrdiff_t at = 0, count = row_numbers(row); at < count; at += BW_VECTOR_LANES) {
        bw_vector x = bw_vector_mul(
            bw_vector_from_bytes(a + at, in->format.zero_point),
            bw_vector_from_bytes(b + (spread ? at % in->lanes : at), second->format.zero_point));
        bw_vector_to_bytes((uint8_t *)row->out + at, bw_vector_mul(x, factor),
                           operation->out.format.zero_point);
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

#define RUN(name, function)                                                                        \
    static void name(const bw_operation *operation, const bw_operands *operands, int first,        \
                     int last, void *scratch)                                                      \
    {                                                                                              \
        (void)scratch;                                                                             \
        bw_rows_run(operation, operands, first, last, function);                                   \
    }

RUN(run_elements, run_terms)
RUN(run_multiply, multiply_row)
RUN(run_to_bytes, to_bytes_row)
RUN(run_to_floats, to_floats_row)
RUN(run_rescale, rescale_row)

#define ELEMENTS(words, of, from, to, acceptance, price, function)                                 \
    const bw_kernel bw_kernel_##words##_avx2 = {                                                   \
        .name = #words "_avx2",                                                                    \
        .family = of,                                                                              \
        .in = from,                                                                                \
        .out = to,                                                                                 \
        .needs = BW_CPU_AVX2,                                                                      \
        .accepts = acceptance,                                                                     \
        .cost = price,                                                                             \
        .units = bw_rows_units,                                                                    \
        .run = function,                                                                           \
    }

ELEMENTS(add_u8, BW_FAMILY_ADD, BW_U8, BW_U8, add_accepts, light_cost, run_elements);
ELEMENTS(multiply_u8, BW_FAMILY_MULTIPLY, BW_U8, BW_U8, multiply_accepts, light_cost, run_multiply);
ELEMENTS(activation_u8, BW_FAMILY_ACTIVATION, BW_U8, BW_U8, activation_accepts, activation_cost,
         run_elements);
ELEMENTS(convert_f32_u8, BW_FAMILY_CONVERT, BW_F32, BW_U8, convert_accepts, convert_cost,
         run_to_bytes);
ELEMENTS(convert_u8_f32, BW_FAMILY_CONVERT, BW_U8, BW_F32, convert_accepts, convert_cost,
         run_to_floats);
ELEMENTS(convert_u8, BW_FAMILY_CONVERT, BW_U8, BW_U8, convert_accepts, light_cost, run_rescale);
