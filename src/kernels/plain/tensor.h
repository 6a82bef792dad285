/**
 * Plain tensors: dense, row-major arrays of up to eight dimensions, as ONNX defines its tensors.
 *
 * They are what the general operators (plain/operator.h) work on: shape arithmetic while a model
 * is imported, and those parts of a network that the planes of kernels.h cannot hold. A dimension
 * of 0 is an empty tensor, rank 0 a single number.
 */
#ifndef BW_KERNELS_PLAIN_TENSOR_H
#define BW_KERNELS_PLAIN_TENSOR_H

#include "base/error.h"
#include "base/number.h"

enum { BW_PLAIN_RANK = 8 };

/** Types of elements; a boolean is one byte, 0 or 1. */
typedef enum bw_element {
    BW_ELEMENT_F32,
    BW_ELEMENT_F64,
    BW_ELEMENT_F16,
    BW_ELEMENT_BF16,
    BW_ELEMENT_I64,
    BW_ELEMENT_I32,
    BW_ELEMENT_I16,
    BW_ELEMENT_I8,
    BW_ELEMENT_U32,
    BW_ELEMENT_U16,
    BW_ELEMENT_U8,
    BW_ELEMENT_BOOL,
    BW_ELEMENT_COUNT
} bw_element;

/** What a type is computed in: both half precisions in floats, all integers in 64 bits. */
typedef enum bw_domain {
    BW_DOMAIN_F32,
    BW_DOMAIN_F64,
    BW_DOMAIN_I64,
} bw_domain;

/**
 * A tensor. `data` is what operators read, NULL where the shape alone is known; `block` is what
 * they write. A tensor that owns its memory has both the same; one that borrows (weights in a
 * mapped file) has no block.
 */
typedef struct bw_plain_tensor {
    bw_element type;
    int rank;
    int64_t dims[BW_PLAIN_RANK];
    const void *data;
    void *block;
} bw_plain_tensor;

/** Bytes of one element; "float32", "int64" …, as NumPy and ONNX Runtime call them. */
size_t bw_element_size(bw_element type);
const char *bw_element_name(bw_element type);
bw_domain bw_element_domain(bw_element type);

/** The type that ONNX's TensorProto.DataType numbers so; false for those that are not supported. */
bool bw_element_from_onnx(int64_t code, bw_element *type);

/**
 * Checks the rank, that no dimension is negative, and that the elements take at most `limit`
 * bytes; to be called before the functions below see a shape that comes from outside.
 */
bw_status bw_plain_check(const bw_plain_tensor *tensor, uint64_t limit, bw_error *error);

/** Elements and bytes of a checked shape. */
size_t bw_plain_count(const bw_plain_tensor *tensor);
size_t bw_plain_bytes(const bw_plain_tensor *tensor);

/** The product of dimensions [first, last). */
size_t bw_plain_span(const bw_plain_tensor *tensor, int first, int last);

bool bw_plain_same_shape(const bw_plain_tensor *a, const bw_plain_tensor *b);

/** Gives a checked tensor memory of its own, undefined. */
bw_status bw_plain_allocate(bw_plain_tensor *tensor, bw_error *error);

/** Frees the memory it owns; type and shape stay. */
void bw_plain_release(bw_plain_tensor *tensor);

/** Writes "float32[1,3,416,416]" into `text`, cut at `size`; returns text. */
char *bw_plain_describe(const bw_plain_tensor *tensor, char *text, size_t size);

/** Reads `count` elements from element `first` on, `step` elements apart, in a domain. */
void bw_plain_load_f32(const bw_plain_tensor *from, int64_t first, int64_t step, size_t count,
                       float *to);
void bw_plain_load_f64(const bw_plain_tensor *from, int64_t first, int64_t step, size_t count,
                       double *to);
void bw_plain_load_i64(const bw_plain_tensor *from, int64_t first, int64_t step, size_t count,
                       int64_t *to);

/**
 * Writes `count` elements from element `first` on: floats rounded to nearest even in half
 * precision; to integers cut towards zero and saturated; between integers the low bits; to
 * booleans whether it is not 0.
 */
void bw_plain_store_f32(const bw_plain_tensor *to, size_t first, size_t count, const float *from);
void bw_plain_store_f64(const bw_plain_tensor *to, size_t first, size_t count, const double *from);
void bw_plain_store_i64(const bw_plain_tensor *to, size_t first, size_t count, const int64_t *from);

/** IEEE 754 half precision; rounded to nearest, ties to even. */
float bw_from_f16(uint16_t x);
uint16_t bw_to_f16(float x);

#endif
