#include "kernels/plain/tensor.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"

typedef struct element_type {
    const char *name;
    size_t size;
    bw_domain domain;
    int onnx; /* TensorProto.DataType */
} element_type;

static const element_type element_types[BW_ELEMENT_COUNT] = {
    [BW_ELEMENT_F32] = {"float32", 4, BW_DOMAIN_F32, 1},
    [BW_ELEMENT_F64] = {"float64", 8, BW_DOMAIN_F64, 11},
    [BW_ELEMENT_F16] = {"float16", 2, BW_DOMAIN_F32, 10},
    [BW_ELEMENT_BF16] = {"bfloat16", 2, BW_DOMAIN_F32, 16},
    [BW_ELEMENT_I64] = {"int64", 8, BW_DOMAIN_I64, 7},
    [BW_ELEMENT_I32] = {"int32", 4, BW_DOMAIN_I64, 6},
    [BW_ELEMENT_I16] = {"int16", 2, BW_DOMAIN_I64, 5},
    [BW_ELEMENT_I8] = {"int8", 1, BW_DOMAIN_I64, 3},
    [BW_ELEMENT_U32] = {"uint32", 4, BW_DOMAIN_I64, 12},
    [BW_ELEMENT_U16] = {"uint16", 2, BW_DOMAIN_I64, 4},
    [BW_ELEMENT_U8] = {"uint8", 1, BW_DOMAIN_I64, 2},
    [BW_ELEMENT_BOOL] = {"bool", 1, BW_DOMAIN_I64, 9},
};

size_t bw_element_size(bw_element type)
{
    return element_types[type].size;
}

const char *bw_element_name(bw_element type)
{
    return element_types[type].name;
}

bw_domain bw_element_domain(bw_element type)
{
    return element_types[type].domain;
}

bool bw_element_from_onnx(int64_t code, bw_element *type)
{
    for (int index = 0; index < BW_ELEMENT_COUNT; index++) {
        if (element_types[index].onnx == code) {
            *type = (bw_element)index;
            return true;
        }
    }
    return false;
}

bw_status bw_plain_check(const bw_plain_tensor *tensor, uint64_t limit, bw_error *error)
{
    char text[128];
    size_t bytes = bw_element_size(tensor->type);
    bool empty = false;
    if (tensor->rank < 0 || tensor->rank > BW_PLAIN_RANK)
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "a tensor of %d dimensions; at most %d can be",
                       tensor->rank, BW_PLAIN_RANK);
    for (int axis = 0; axis < tensor->rank; axis++) {
        if (tensor->dims[axis] < 0)
            return bw_fail(error, BW_ERROR_FORMAT, "the shape %s has a negative dimension",
                           bw_plain_describe(tensor, text, sizeof text));
        empty = empty || tensor->dims[axis] == 0;
        if (tensor->dims[axis] && !bw_size_multiply(&bytes, bytes, (size_t)tensor->dims[axis]))
            bytes = SIZE_MAX;
    }
    if (bytes > SIZE_MAX / 4 || (!empty && bytes > limit))
        return bw_fail(error, BW_ERROR_LIMIT,
                       "a tensor %s is larger than the limit of %" PRIu64 " bytes",
                       bw_plain_describe(tensor, text, sizeof text), limit);
    return BW_OK;
}

size_t bw_plain_span(const bw_plain_tensor *tensor, int first, int last)
{
    size_t count = 1;
    for (int axis = first; axis < last; axis++)
        count *= (size_t)tensor->dims[axis];
    return count;
}

size_t bw_plain_count(const bw_plain_tensor *tensor)
{
    return bw_plain_span(tensor, 0, tensor->rank);
}

size_t bw_plain_bytes(const bw_plain_tensor *tensor)
{
    return bw_plain_count(tensor) * bw_element_size(tensor->type);
}

bool bw_plain_same_shape(const bw_plain_tensor *a, const bw_plain_tensor *b)
{
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof a->dims[0]) == 0;
}

bw_status bw_plain_allocate(bw_plain_tensor *tensor, bw_error *error)
{
    size_t bytes = bw_plain_bytes(tensor);
    tensor->block = bw_aligned_alloc(bytes);
    tensor->data = tensor->block;
    return tensor->block ? BW_OK : bw_fail_memory(error, bytes, "a tensor");
}

void bw_plain_release(bw_plain_tensor *tensor)
{
    bw_aligned_free(tensor->block);
    tensor->block = NULL;
    tensor->data = NULL;
}

char *bw_plain_describe(const bw_plain_tensor *tensor, char *text, size_t size)
{
    int used = snprintf(text, size, "%s[", bw_element_name(tensor->type));
    for (int axis = 0; axis < tensor->rank && used >= 0 && (size_t)used < size; axis++)
        used += snprintf(text + used, size - (size_t)used, "%s%" PRId64, axis ? "," : "",
                         tensor->dims[axis]);
    if (used >= 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, "]");
    return text;
}

float bw_from_f16(uint16_t x)
{
    uint32_t sign = (uint32_t)(x & 0x8000) << 16, exponent = x >> 10 & 31, mantissa = x & 1023;
    float value;
    uint32_t bits;
    if (exponent == 0) {
        value = (float)mantissa * 0x1p-24f;
        return sign ? -value : value;
    }
    bits = sign | (exponent == 31 ? 255U : exponent + 112) << 23 | mantissa << 13;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t bw_to_f16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7fffffff;
    if (bits > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);
    if (bits >= 0x477ff000) /* rounds to 65536 or is more */
        return (uint16_t)(sign | 0x7c00);
    if (bits < 0x38800000) { /* below 2^-14: steps of 2^-24 */
        float small = fabsf(x) * 0x1p24f;
        return (uint16_t)(sign | (uint16_t)nearbyintf(small));
    }
    bits += 0xfff + (bits >> 13 & 1);
    return (uint16_t)(sign | (uint16_t)((bits - 0x38000000) >> 13));
}

static int64_t cut_to_integer(double x, double low, double high)
{
    if (x != x)
        return 0;
    return x <= low ? (int64_t)low : x >= high ? (int64_t)high : (int64_t)x;
}

/* The largest double below 2^63 stands for the largest int64. */
#define LOW_I64 (-0x1p63)
#define HIGH_I64 0x1.fffffffffffffp62

#define KEEP(x) (x)
#define LOAD_AS(type, domain, convert)                                                             \
    for (size_t index = 0; index < count; index++)                                                 \
        to[index] = (domain)convert(((const type *)from->data)[first + (int64_t)index * step]);    \
    break

#define LOAD(suffix, domain)                                                                       \
    void bw_plain_load_##suffix(const bw_plain_tensor *from, int64_t first, int64_t step,          \
                                size_t count, domain *to)                                          \
    {                                                                                              \
        switch (from->type) {                                                                      \
        case BW_ELEMENT_F32: LOAD_AS(float, domain, KEEP);                                         \
        case BW_ELEMENT_F64: LOAD_AS(double, domain, KEEP);                                        \
        case BW_ELEMENT_F16: LOAD_AS(uint16_t, domain, bw_from_f16);                               \
        case BW_ELEMENT_BF16: LOAD_AS(uint16_t, domain, bw_from_bf16);                             \
        case BW_ELEMENT_I64: LOAD_AS(int64_t, domain, KEEP);                                       \
        case BW_ELEMENT_I32: LOAD_AS(int32_t, domain, KEEP);                                       \
        case BW_ELEMENT_I16: LOAD_AS(int16_t, domain, KEEP);                                       \
        case BW_ELEMENT_I8: LOAD_AS(int8_t, domain, KEEP);                                         \
        case BW_ELEMENT_U32: LOAD_AS(uint32_t, domain, KEEP);                                      \
        case BW_ELEMENT_U16: LOAD_AS(uint16_t, domain, KEEP);                                      \
        case BW_ELEMENT_U8:                                                                        \
        case BW_ELEMENT_BOOL: LOAD_AS(uint8_t, domain, KEEP);                                      \
        case BW_ELEMENT_COUNT: break;                                                              \
        }                                                                                          \
    }

LOAD(f32, float)
LOAD(f64, double)

static int64_t whole_f32(float x)
{
    return cut_to_integer((double)x, LOW_I64, HIGH_I64);
}

static int64_t whole_f64(double x)
{
    return cut_to_integer(x, LOW_I64, HIGH_I64);
}

static int64_t whole_f16(uint16_t x)
{
    return whole_f32(bw_from_f16(x));
}

static int64_t whole_bf16(uint16_t x)
{
    return whole_f32(bw_from_bf16(x));
}

void bw_plain_load_i64(const bw_plain_tensor *from, int64_t first, int64_t step, size_t count,
                       int64_t *to)
{
    switch (from->type) {
    case BW_ELEMENT_F32: LOAD_AS(float, int64_t, whole_f32);
    case BW_ELEMENT_F64: LOAD_AS(double, int64_t, whole_f64);
    case BW_ELEMENT_F16: LOAD_AS(uint16_t, int64_t, whole_f16);
    case BW_ELEMENT_BF16: LOAD_AS(uint16_t, int64_t, whole_bf16);
    case BW_ELEMENT_I64: LOAD_AS(int64_t, int64_t, KEEP);
    case BW_ELEMENT_I32: LOAD_AS(int32_t, int64_t, KEEP);
    case BW_ELEMENT_I16: LOAD_AS(int16_t, int64_t, KEEP);
    case BW_ELEMENT_I8: LOAD_AS(int8_t, int64_t, KEEP);
    case BW_ELEMENT_U32: LOAD_AS(uint32_t, int64_t, KEEP);
    case BW_ELEMENT_U16: LOAD_AS(uint16_t, int64_t, KEEP);
    case BW_ELEMENT_U8:
    case BW_ELEMENT_BOOL: LOAD_AS(uint8_t, int64_t, KEEP);
    case BW_ELEMENT_COUNT: break;
    }
}

#define STORE_AS(type, expression)                                                                 \
    for (size_t index = 0; index < count; index++)                                                 \
        ((type *)to->block)[first + index] = (type)(expression);                                   \
    break

#define CUT(low, high) cut_to_integer((double)from[index], low, high)

#define STORE(suffix, domain)                                                                      \
    void bw_plain_store_##suffix(const bw_plain_tensor *to, size_t first, size_t count,            \
                                 const domain *from)                                               \
    {                                                                                              \
        switch (to->type) {                                                                        \
        case BW_ELEMENT_F32: STORE_AS(float, from[index]);                                         \
        case BW_ELEMENT_F64: STORE_AS(double, from[index]);                                        \
        case BW_ELEMENT_F16: STORE_AS(uint16_t, bw_to_f16((float)from[index]));                    \
        case BW_ELEMENT_BF16: STORE_AS(uint16_t, bw_to_bf16((float)from[index]));                  \
        case BW_ELEMENT_I64: STORE_AS(int64_t, CUT(LOW_I64, HIGH_I64));                            \
        case BW_ELEMENT_I32: STORE_AS(int32_t, CUT(INT32_MIN, INT32_MAX));                         \
        case BW_ELEMENT_I16: STORE_AS(int16_t, CUT(INT16_MIN, INT16_MAX));                         \
        case BW_ELEMENT_I8: STORE_AS(int8_t, CUT(INT8_MIN, INT8_MAX));                             \
        case BW_ELEMENT_U32: STORE_AS(uint32_t, CUT(0, UINT32_MAX));                               \
        case BW_ELEMENT_U16: STORE_AS(uint16_t, CUT(0, UINT16_MAX));                               \
        case BW_ELEMENT_U8: STORE_AS(uint8_t, CUT(0, UINT8_MAX));                                  \
        case BW_ELEMENT_BOOL: STORE_AS(uint8_t, from[index] != 0);                                 \
        case BW_ELEMENT_COUNT: break;                                                              \
        }                                                                                          \
    }

STORE(f32, float)
STORE(f64, double)

void bw_plain_store_i64(const bw_plain_tensor *to, size_t first, size_t count, const int64_t *from)
{
    switch (to->type) {
    case BW_ELEMENT_F32: STORE_AS(float, from[index]);
    case BW_ELEMENT_F64: STORE_AS(double, from[index]);
    case BW_ELEMENT_F16: STORE_AS(uint16_t, bw_to_f16((float)from[index]));
    case BW_ELEMENT_BF16: STORE_AS(uint16_t, bw_to_bf16((float)from[index]));
    case BW_ELEMENT_I64: STORE_AS(int64_t, from[index]);
    case BW_ELEMENT_I32: STORE_AS(int32_t, from[index]);
    case BW_ELEMENT_I16: STORE_AS(int16_t, from[index]);
    case BW_ELEMENT_I8: STORE_AS(int8_t, from[index]);
    case BW_ELEMENT_U32: STORE_AS(uint32_t, from[index]);
    case BW_ELEMENT_U16: STORE_AS(uint16_t, from[index]);
    case BW_ELEMENT_U8: STORE_AS(uint8_t, from[index]);
    case BW_ELEMENT_BOOL: STORE_AS(uint8_t, from[index] != 0);
    case BW_ELEMENT_COUNT: break;
    }
}
