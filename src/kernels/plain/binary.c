/**
 * Functions of two numbers and of several, comparisons and logic, with broadcasting.
 */
#include <tgmath.h>

#include "kernels/plain/loop.h"
#include "kernels/plain/operator.h"

enum { BLOCK = 256 };

/** A function that replaces x by f(x, y). */
typedef struct binary {
    const char *name;
    uint32_t types;
    bool compares; /* the output is of booleans */
    void (*f32)(float *x, const float *y, size_t count);
    void (*f64)(double *x, const double *y, size_t count);
    void (*i64)(int64_t *x, const int64_t *y, size_t count);
} binary;

#define DEFINE(name, suffix, type, expression)                                                     \
    static void name##_##suffix(type *x, const type *y, size_t count)                              \
    {                                                                                              \
        for (size_t index = 0; index < count; index++) {                                           \
            const type v = x[index], w = y[index];                                                 \
            x[index] = (type)(expression);                                                         \
        }                                                                                          \
    }
#define DEFINE_FLOATING(name, expression)                                                          \
    DEFINE(name, f32, float, expression)                                                           \
    DEFINE(name, f64, double, expression)
#define DEFINE_NUMBERS(name, expression)                                                           \
    DEFINE_FLOATING(name, expression)                                                              \
    DEFINE(name, i64, int64_t, expression)

/* Integers wrap around; what ONNX leaves undefined in divisions is 0 here. */
static int64_t divide(int64_t v, int64_t w)
{
    return w == 0 ? 0 : w == -1 ? (int64_t)(0 - (uint64_t)v) : v / w;
}

static int64_t remainder_of(int64_t v, int64_t w)
{
    return w == 0 || w == -1 ? 0 : v % w;
}

/* The remainder with the sign of the divisor, as Python's. */
static int64_t modulus(int64_t v, int64_t w)
{
    int64_t rest = remainder_of(v, w);
    return rest != 0 && (rest < 0) != (w < 0) ? rest + w : rest;
}

static int64_t power(int64_t base, int64_t exponent)
{
    uint64_t result = 1, square = (uint64_t)base;
    if (exponent < 0)
        return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
    for (; exponent; exponent >>= 1, square *= square)
        result *= exponent & 1 ? square : 1;
    return (int64_t)result;
}

DEFINE_FLOATING(add, v + w)
DEFINE_FLOATING(subtract, v - w)
DEFINE_FLOATING(multiply, v *w)
DEFINE(add, i64, int64_t, (uint64_t)v + (uint64_t)w)
DEFINE(subtract, i64, int64_t, (uint64_t)v - (uint64_t)w)
DEFINE(multiply, i64, int64_t, (uint64_t)v *(uint64_t)w)
DEFINE_FLOATING(quotient, v / w)
DEFINE(quotient, i64, int64_t, divide(v, w))
DEFINE_FLOATING(exponent, pow(v, w))
DEFINE(exponent, i64, int64_t, power(v, w))
DEFINE_NUMBERS(least, v != v || v < w ? v : w)
DEFINE_NUMBERS(most, v != v || v > w ? v : w)
DEFINE_FLOATING(prelu, v < 0 ? v * w : v)
DEFINE(prelu, i64, int64_t, v < 0 ? (uint64_t)v * (uint64_t)w : (uint64_t)v)
DEFINE_FLOATING(fmodulus, fmod(v, w))
DEFINE(fmodulus, i64, int64_t, remainder_of(v, w))
DEFINE(modulus, i64, int64_t, modulus(v, w))
DEFINE_NUMBERS(equal, v == w)
DEFINE_NUMBERS(greater, v > w)
DEFINE_NUMBERS(less, v < w)
DEFINE_NUMBERS(greater_equal, v >= w)
DEFINE_NUMBERS(less_equal, v <= w)
DEFINE(both, i64, int64_t, v &&w)
DEFINE(either, i64, int64_t, v || w)
DEFINE(differ, i64, int64_t, v != w)

#define NUMBERS(name, function)                                                                    \
    {                                                                                              \
        name, BW_PLAIN_NUMBERS, false, function##_f32, function##_f64, function##_i64              \
    }
#define COMPARES(name, function)                                                                   \
    {                                                                                              \
        name, BW_PLAIN_ALL, true, function##_f32, function##_f64, function##_i64                   \
    }
#define LOGIC(name, function)                                                                      \
    {                                                                                              \
        name, BW_PLAIN_TYPE(BOOL), true, NULL, NULL, function##_i64                                \
    }

static const binary binaries[] = {
    NUMBERS("Add", add),
    NUMBERS("Sub", subtract),
    NUMBERS("Mul", multiply),
    NUMBERS("Div", quotient),
    NUMBERS("Pow", exponent),
    NUMBERS("Min", least),
    NUMBERS("Max", most),
    NUMBERS("Sum", add),
    NUMBERS("PRelu", prelu),
    {"Mod", BW_PLAIN_INTEGERS, false, NULL, NULL, modulus_i64},
    COMPARES("Equal", equal),
    COMPARES("Greater", greater),
    COMPARES("Less", less),
    COMPARES("GreaterOrEqual", greater_equal),
    COMPARES("LessOrEqual", less_equal),
    LOGIC("And", both),
    LOGIC("Or", either),
    LOGIC("Xor", differ),
};

static const binary fmod_binary = NUMBERS("Mod", fmodulus);

static const binary *find(const bw_plain_operator *self, const bw_plain_call *call)
{
    if (strcmp(self->name, "Mod") == 0 && bw_plain_int(call, "fmod", 0))
        return &fmod_binary;
    for (size_t index = 0; index < sizeof binaries / sizeof binaries[0]; index++) {
        if (strcmp(binaries[index].name, self->name) == 0)
            return &binaries[index];
    }
    return NULL;
}

bw_status bw_plain_binary_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                bw_error *error)
{
    const binary *what = find(self, call);
    bw_plain_tensor *out = call->outputs[0];
    bool is_power = strcmp(self->name, "Pow") == 0;
    bw_plain_like(out, call->inputs[0]);
    for (size_t index = 0; index < call->input_count; index++) {
        const bw_plain_tensor *in = call->inputs[index];
        if (!in)
            return bw_fail(error, BW_ERROR_FORMAT, "input %zu is left out", index);
        bw_status status = bw_plain_need_type(in, what->types, error);
        if (status == BW_OK && in->type != out->type && !is_power)
            status = bw_fail(error, BW_ERROR_FORMAT, "the inputs have the types %s and %s",
                             bw_element_name(out->type), bw_element_name(in->type));
        if (status == BW_OK)
            status = bw_plain_broadcast(out, in, error);
        if (status != BW_OK)
            return status;
    }
    if (what->compares)
        out->type = BW_ELEMENT_BOOL;
    return BW_OK;
}

/* What to compute in: an integer to the power of a fraction is not one of integers. */
static bw_domain domain_of(const bw_plain_tensor *x, const bw_plain_tensor *y)
{
    bw_domain domain = bw_element_domain(x->type);
    bool mixed = domain == BW_DOMAIN_I64 && bw_element_domain(y->type) != BW_DOMAIN_I64;
    return mixed ? BW_DOMAIN_F64 : domain;
}

typedef struct operands {
    const binary *what;
    const bw_plain_tensor *x, *y, *out;
    int64_t x_at, x_step, y_at, y_step;
} operands;

#define COMPUTE(suffix, type)                                                                      \
    {                                                                                              \
        type v[BLOCK], w[BLOCK];                                                                   \
        bw_plain_load_##suffix(o->x, o->x_at, o->x_step, count, v);                                \
        bw_plain_load_##suffix(o->y, o->y_at, o->y_step, count, w);                                \
        o->what->suffix(v, w, count);                                                              \
        bw_plain_store_##suffix(o->out, to, count, v);                                             \
        break;                                                                                     \
    }

static void compute_block(const operands *o, size_t to, size_t count)
{
    switch (domain_of(o->x, o->y)) {
    case BW_DOMAIN_F32: COMPUTE(f32, float)
    case BW_DOMAIN_F64: COMPUTE(f64, double)
    case BW_DOMAIN_I64: COMPUTE(i64, int64_t)
    }
}

static void compute(const binary *what, const bw_plain_tensor *x, const bw_plain_tensor *y,
                    const bw_plain_tensor *out)
{
    bw_plain_loop loop;
    operands o = {.what = what, .x = x, .y = y, .out = out};
    bw_plain_loop_make(&loop, out);
    bw_plain_loop_broadcast(&loop, x);
    bw_plain_loop_broadcast(&loop, y);
    bw_plain_loop_begin(&loop);
    o.x_step = bw_plain_loop_step(&loop, 0);
    o.y_step = bw_plain_loop_step(&loop, 1);
    for (size_t row = 0; row < loop.rows; row++, bw_plain_loop_next(&loop)) {
        for (size_t first = 0; first < loop.row; first += BLOCK) {
            o.x_at = loop.at[0] + (int64_t)first * o.x_step;
            o.y_at = loop.at[1] + (int64_t)first * o.y_step;
            compute_block(&o, row * loop.row + first,
                          loop.row - first < BLOCK ? loop.row - first : BLOCK);
        }
    }
}

bw_status bw_plain_binary_run(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    (void)error;
    const binary *what = find(self, call);
    const bw_plain_tensor *out = call->outputs[0];
    if (call->input_count == 1) {
        memcpy(out->block, call->inputs[0]->data, bw_plain_bytes(out));
        return BW_OK;
    }
    compute(what, call->inputs[0], call->inputs[1], out);
    bw_plain_tensor so_far = *out;
    so_far.data = out->block;
    for (size_t index = 2; index < call->input_count; index++)
        compute(what, &so_far, call->inputs[index], out);
    return BW_OK;
}
