/**
 * The general operators: ONNX's, on plain tensors, for all the operator sets from 9 on.
 *
 * operators.def lists them once; from it come the table that bw_plain_find searches, the
 * documentation's table and the tests'. A family of operators is a file. An operator has two
 * functions: `infer` gives types and shapes of the outputs, for which it may need the values of
 * some inputs (Reshape's shape); `run` computes. Neither knows a file format: attributes come as a
 * small typed list. Semantics: https://onnx.ai/onnx/operators/, and where that leaves something
 * open, what ONNX Runtime does.
 */
#ifndef BW_KERNELS_PLAIN_OPERATOR_H
#define BW_KERNELS_PLAIN_OPERATOR_H

#include "kernels/plain/tensor.h"

typedef enum bw_plain_kind {
    BW_PLAIN_INT,    /* integers[0] */
    BW_PLAIN_FLOAT,  /* floats[0] */
    BW_PLAIN_INTS,   /* integers[0 … count) */
    BW_PLAIN_FLOATS, /* floats[0 … count) */
    BW_PLAIN_TEXT,   /* text, ended by NUL */
    BW_PLAIN_TENSOR, /* tensor, with data */
} bw_plain_kind;

/** An attribute of a node. All pointers are borrowed. */
typedef struct bw_plain_attribute {
    const char *name;
    bw_plain_kind kind;
    size_t count;
    const int64_t *integers;
    const float *floats;
    const char *text;
    const bw_plain_tensor *tensor;
} bw_plain_attribute;

/**
 * One use of an operator. An optional input or output that is left out is NULL, or past the
 * count. No output is the same tensor as an input.
 */
typedef struct bw_plain_call {
    int opset;
    const bw_plain_attribute *attributes;
    size_t attribute_count;
    const bw_plain_tensor *const *inputs;
    size_t input_count;
    bw_plain_tensor *const *outputs;
    size_t output_count;
    uint64_t limit; /* bytes that one tensor may take; scratch memory counts likewise */
} bw_plain_call;

typedef struct bw_plain_operator bw_plain_operator;

/** What `run` reads of its inputs. */
typedef enum bw_plain_reading {
    BW_PLAIN_READS_NUMBERS,
    BW_PLAIN_READS_FLOATS, /* floats stand in for half precision and bytes, in and out */
    BW_PLAIN_READS_SHAPES, /* their shapes alone */
} bw_plain_reading;

/** The shape or the numbers of a call whose number of inputs and outputs is right. */
typedef bw_status bw_plain_function(const bw_plain_operator *self, const bw_plain_call *call,
                                    bw_error *error);

struct bw_plain_operator {
    const char *name;
    int first_opset, last_opset;   /* last: 0 where there is no newer meaning */
    int least_inputs, most_inputs; /* most: −1 for any number */
    int most_outputs;
    bw_plain_reading reading;
    bw_plain_function *infer, *run;
};

/** The `index`-th row of operators.def, or NULL past the last. */
const bw_plain_operator *bw_plain_operator_at(size_t index);

/** The operator of that name in that operator set, or NULL. */
const bw_plain_operator *bw_plain_find(const char *name, int opset);

/**
 * Sets types and shapes of the outputs, all checked against the limit. Outputs whose first
 * dimension depends on the inputs' numbers (NonMaxSuppression) get the largest it can be.
 * BW_ERROR_UNSUPPORTED where a value is needed that is not known, or for what is not implemented;
 * BW_ERROR_FORMAT where ONNX forbids the call.
 */
bw_status bw_plain_infer(const bw_plain_operator *self, const bw_plain_call *call, bw_error *error);

/**
 * Computes; the outputs have the shapes that were inferred, and memory. May make the first
 * dimension of an output smaller, see above.
 */
bw_status bw_plain_run(const bw_plain_operator *self, const bw_plain_call *call, bw_error *error);

/** Infers, allocates the outputs, and runs; on failure outputs own nothing. */
bw_status bw_plain_compute(const bw_plain_operator *self, const bw_plain_call *call,
                           bw_error *error);

/** A bound of the steps that running an inferred call takes, in numbers read or multiplied. */
double bw_plain_work(const bw_plain_operator *self, const bw_plain_call *call);

/* ---- for the families ----------------------------------------------------------------------- */

/** The attribute of that name, or NULL. */
const bw_plain_attribute *bw_plain_attribute_find(const bw_plain_call *call, const char *name,
                                                  bw_plain_kind kind);
int64_t bw_plain_int(const bw_plain_call *call, const char *name, int64_t otherwise);
float bw_plain_float(const bw_plain_call *call, const char *name, float otherwise);
const char *bw_plain_text(const bw_plain_call *call, const char *name, const char *otherwise);

/** The input or output of that index, NULL where it is left out. */
const bw_plain_tensor *bw_plain_input(const bw_plain_call *call, size_t index);
bw_plain_tensor *bw_plain_output(const bw_plain_call *call, size_t index);

/** A short list of integers, such as axes. */
enum { BW_PLAIN_LIST = 2 * BW_PLAIN_RANK };
typedef struct bw_plain_list {
    size_t count;
    int64_t values[BW_PLAIN_LIST];
    bool present;
} bw_plain_list;

/** Reads an attribute of integers; absent is fine and leaves count 0. */
bw_status bw_plain_list_attribute(bw_plain_list *list, const bw_plain_call *call, const char *name,
                                  bw_error *error);

/** Reads an input of integers, whose values must be known; absent is fine and leaves count 0. */
bw_status bw_plain_list_input(bw_plain_list *list, const bw_plain_call *call, size_t index,
                              const char *name, bw_error *error);

/** The attribute of operator sets below `since`, from then on the input. */
bw_status bw_plain_list_either(bw_plain_list *list, const bw_plain_call *call, const char *name,
                               int since, size_t index, bw_error *error);

/** An axis from −rank to rank − 1 as 0 to rank − 1. */
bw_status bw_plain_axis(int *axis, int64_t value, int rank, bw_error *error);

/** Turns a list of axes into a mask of bits; the empty list into all of `rank` bits. */
bw_status bw_plain_axes_mask(uint32_t *mask, const bw_plain_list *axes, int rank, bw_error *error);

/** Fails with BW_ERROR_UNSUPPORTED, naming the tensor's type, unless the bit of it is in `types`.
 */
bw_status bw_plain_need_type(const bw_plain_tensor *tensor, uint32_t types, bw_error *error);

/** Fails where the values of an input are needed and not known. */
bw_status bw_plain_need_data(const bw_plain_tensor *tensor, const char *name, bw_error *error);

#define BW_PLAIN_TYPE(name) (UINT32_C(1) << BW_ELEMENT_##name)
#define BW_PLAIN_HALVES (BW_PLAIN_TYPE(F16) | BW_PLAIN_TYPE(BF16))
#define BW_PLAIN_FLOATING (BW_PLAIN_TYPE(F32) | BW_PLAIN_TYPE(F64) | BW_PLAIN_HALVES)
#define BW_PLAIN_BYTES (BW_PLAIN_TYPE(U8) | BW_PLAIN_TYPE(I8))
#define BW_PLAIN_INTEGERS                                                                          \
    (BW_PLAIN_BYTES | BW_PLAIN_TYPE(I64) | BW_PLAIN_TYPE(I32) | BW_PLAIN_TYPE(I16) |               \
     BW_PLAIN_TYPE(U32) | BW_PLAIN_TYPE(U16))
#define BW_PLAIN_NUMBERS (BW_PLAIN_FLOATING | BW_PLAIN_INTEGERS)
#define BW_PLAIN_ALL (BW_PLAIN_NUMBERS | BW_PLAIN_TYPE(BOOL))

/** Copies type and shape. */
void bw_plain_like(bw_plain_tensor *to, const bw_plain_tensor *from);

/* The functions of operators.def. */
#define BW_INFER(name) bw_plain_function bw_plain_##name##_infer;
#define BW_RUN(name) bw_plain_function bw_plain_##name##_run;
#define BW_OPERATOR(name, first, last, least, most, outputs, reading, infer, run)
#include "kernels/plain/operators.def"
#undef BW_INFER
#undef BW_RUN
#undef BW_OPERATOR

#endif
