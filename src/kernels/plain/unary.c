/**
 * Functions of one number: activations and elementary functions.
 */
#include <assert.h>
#include <tgmath.h>

#include "kernels/plain/operator.h"

enum { BLOCK = 256 };

/** A function over some numbers in place; a and b are what its attributes say. */
typedef struct unary {
    const char *name;
    uint32_t types;
    void (*f32)(float *x, size_t count, float a, float b);
    void (*f64)(double *x, size_t count, double a, double b);
    void (*i64)(int64_t *x, size_t count, int64_t a, int64_t b);
    const char *a_name, *b_name; /* attributes, and what they are where they do not stand */
    float a, b;
} unary;

#define DEFINE(name, suffix, type, expression)                                                     \
    static void name##_##suffix(type *x, size_t count, type a, type b)                             \
    {                                                                                              \
        typedef type T;                                                                            \
        (void)a;                                                                                   \
        (void)b;                                                                                   \
        for (size_t index = 0; index < count; index++) {                                           \
            const T v = x[index];                                                                  \
            x[index] = (T)(expression);                                                            \
        }                                                                                          \
    }

#define DEFINE_FLOATING(name, expression)                                                          \
    DEFINE(name, f32, float, expression)                                                           \
    DEFINE(name, f64, double, expression)

#define DEFINE_NUMBERS(name, expression)                                                           \
    DEFINE_FLOATING(name, expression)                                                              \
    DEFINE(name, i64, int64_t, expression)

/* Softplus without overflow: log(1 + e^v) = max(v, 0) + log(1 + e^−|v|). */
#define SOFTPLUS ((v > 0 ? v : 0) + log1p(exp(-fabs(v))))

DEFINE_NUMBERS(relu, v > 0 || v != v ? v : 0)
DEFINE_NUMBERS(sign, v > 0 ? 1 : v < 0 ? -1 : v)
DEFINE_FLOATING(neg, -v)
DEFINE_FLOATING(absolute, fabs(v))
DEFINE(neg, i64, int64_t, 0 - (uint64_t)v)
DEFINE(absolute, i64, int64_t, v < 0 ? 0 - (uint64_t)v : (uint64_t)v)
DEFINE(not, i64, int64_t, !v)
DEFINE_FLOATING(leaky, v < 0 ? a * v : v)
DEFINE_FLOATING(elu, v < 0 ? a * expm1(v) : v)
DEFINE_FLOATING(sigmoid, 1 / (1 + exp(-v)))
DEFINE_FLOATING(hard_sigmoid, fmax((T)0, fmin((T)1, a *v + b)))
DEFINE_FLOATING(hard_swish, v *fmax((T)0, fmin((T)1, v / 6 + (T)0.5)))
DEFINE_FLOATING(softplus, SOFTPLUS)
DEFINE_FLOATING(mish, v *tanh(SOFTPLUS))
DEFINE_FLOATING(tangent, tanh(v))
DEFINE_FLOATING(gelu, (T)0.5 * v * (1 + erf(v * (T)0.70710678118654752440)))
DEFINE_FLOATING(gelu_tanh,
                (T)0.5 * v * (1 + tanh((T)0.79788456080286535588 * (v + (T)0.044715 * v * v * v))))
DEFINE_FLOATING(exponential, exp(v))
DEFINE_FLOATING(root, sqrt(v))
DEFINE_FLOATING(logarithm, log(v))
DEFINE_FLOATING(lower, floor(v))
DEFINE_FLOATING(upper, ceil(v))
DEFINE_FLOATING(round_even, nearbyint(v))
DEFINE_FLOATING(error, erf(v))
DEFINE_FLOATING(reciprocal, 1 / v)
DEFINE_FLOATING(sine, sin(v))
DEFINE_FLOATING(cosine, cos(v))

#define FLOATING(name, function)                                                                   \
    {                                                                                              \
        name, BW_PLAIN_FLOATING, function##_f32, function##_f64, NULL, NULL, NULL, 0, 0            \
    }
#define NUMBERS(name, function)                                                                    \
    {                                                                                              \
        name, BW_PLAIN_NUMBERS, function##_f32, function##_f64, function##_i64, NULL, NULL, 0, 0   \
    }

static const unary unaries[] = {
    NUMBERS("Relu", relu),
    NUMBERS("Sign", sign),
    NUMBERS("Neg", neg),
    NUMBERS("Abs", absolute),
    {"Not", BW_PLAIN_TYPE(BOOL), NULL, NULL, not_i64, NULL, NULL, 0, 0},
    {"LeakyRelu", BW_PLAIN_FLOATING, leaky_f32, leaky_f64, NULL, "alpha", NULL, 0.01f, 0},
    {"Elu", BW_PLAIN_FLOATING, elu_f32, elu_f64, NULL, "alpha", NULL, 1, 0},
    {"HardSigmoid", BW_PLAIN_FLOATING, hard_sigmoid_f32, hard_sigmoid_f64, NULL, "alpha", "beta",
     0.2f, 0.5f},
    FLOATING("Sigmoid", sigmoid),
    FLOATING("HardSwish", hard_swish),
    FLOATING("Softplus", softplus),
    FLOATING("Mish", mish),
    FLOATING("Tanh", tangent),
    FLOATING("Gelu", gelu),
    FLOATING("Exp", exponential),
    FLOATING("Sqrt", root),
    FLOATING("Log", logarithm),
    FLOATING("Floor", lower),
    FLOATING("Ceil", upper),
    FLOATING("Round", round_even),
    FLOATING("Erf", error),
    FLOATING("Reciprocal", reciprocal),
    FLOATING("Sin", sine),
    FLOATING("Cos", cosine),
};

static const unary gelu_by_tanh = FLOATING("Gelu", gelu_tanh);

static const unary *find(const char *name)
{
    for (size_t index = 0; index < sizeof unaries / sizeof unaries[0]; index++) {
        if (strcmp(unaries[index].name, name) == 0)
            return &unaries[index];
    }
    return NULL;
}

/* What the node computes: of all operators only Gelu has a second form. */
static const unary *choose(const bw_plain_operator *self, const bw_plain_call *call)
{
    bool by_tanh = strcmp(self->name, gelu_by_tanh.name) == 0 &&
                   strcmp(bw_plain_text(call, "approximate", "none"), "tanh") == 0;
    return by_tanh ? &gelu_by_tanh : find(self->name);
}

bw_status bw_plain_unary_infer(const bw_plain_operator *self, const bw_plain_call *call,
                               bw_error *error)
{
    const char *approximate = bw_plain_text(call, "approximate", "none");
    if (strcmp(approximate, "none") != 0 && strcmp(approximate, "tanh") != 0)
        return bw_fail(error, BW_ERROR_FORMAT, "approximate is '%s', neither 'none' nor 'tanh'",
                       approximate);
    bw_plain_like(call->outputs[0], call->inputs[0]);
    return bw_plain_need_type(call->inputs[0], find(self->name)->types, error);
}

bw_status bw_plain_unary_run(const bw_plain_operator *self, const bw_plain_call *call,
                             bw_error *problem)
{
    (void)problem;
    const bw_plain_tensor *in = call->inputs[0], *out = call->outputs[0];
    const unary *what = choose(self, call);
    float a = what->a_name ? bw_plain_float(call, what->a_name, what->a) : 0;
    float b = what->b_name ? bw_plain_float(call, what->b_name, what->b) : 0;
    union {
        float f32[BLOCK];
        double f64[BLOCK];
        int64_t i64[BLOCK];
    } block;
    size_t count = bw_plain_count(in);
    for (size_t first = 0; first < count; first += BLOCK) {
        size_t some = count - first < BLOCK ? count - first : BLOCK;
        switch (bw_element_domain(in->type)) {
        case BW_DOMAIN_F32:
            bw_plain_load_f32(in, (int64_t)first, 1, some, block.f32);
            what->f32(block.f32, some, a, b);
            bw_plain_store_f32(out, first, some, block.f32);
            break;
        case BW_DOMAIN_F64:
            bw_plain_load_f64(in, (int64_t)first, 1, some, block.f64);
            what->f64(block.f64, some, (double)a, (double)b);
            bw_plain_store_f64(out, first, some, block.f64);
            break;
        case BW_DOMAIN_I64:
            bw_plain_load_i64(in, (int64_t)first, 1, some, block.i64);
            assert(what->i64); /* as its types hold integers */
            what->i64(block.i64, some, 0, 0);
            bw_plain_store_i64(out, first, some, block.i64);
            break;
        }
    }
    return BW_OK;
}
