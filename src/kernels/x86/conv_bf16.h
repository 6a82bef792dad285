/**
 * The convolutions that read or write bfloat16, dense and grouped, of any window and stride: what
 * their kernels share, whatever their micro-kernels.
 *
 * They go by the lists of conv_list.h. Products and sums are formed in single precision, from the
 * bias on in the order of the list. The activation and the residual follow, and one rounding where
 * the output is bfloat16.
 *
 * Packed weights, a group: the bias [block][BW_LANES], the weights
 * [step][block][BW_STEP_BYTES]. The places are worked out where the list is read, so that what a
 * plan's file holds are numbers and no addresses.
 */
#ifndef BW_KERNELS_X86_CONV_BF16_H
#define BW_KERNELS_X86_CONV_BF16_H

#include "kernels/x86/conv_list.h"

enum {
    BW_BF16_PIXELS = 14, /* the most that a micro-kernel takes */
    BW_BF16_BLOCKS = 2,  /* panels, likewise */
};

/** One call of a micro-kernel: sums of some pixels of a row by the panels of a group. */
typedef struct bw_bf16_steps {
    const uint8_t *in; /* the window of the first pixel */
    size_t in_pixel;   /* bytes from the window of one output pixel to the next */
    int count;
    const int32_t *places;  /* of each step: bytes from the start of a window */
    const uint8_t *weights; /* [step][block][BW_STEP_BYTES] */
    const float *bias;      /* [block][BW_LANES] */
    float *sums;            /* [block][BW_BF16_PIXELS][BW_LANES] */
} bw_bf16_steps;

typedef void bw_bf16_function(const bw_bf16_steps *steps);

/** Some pixels of one panel, from sums to the output; strides in elements. */
typedef struct bw_bf16_finish {
    bw_activation activation;
    float slope;
    const float *sums;  /* BW_LANES apart */
    const void *second; /* NULL for no residual */
    void *out;
    size_t second_pixel, out_pixel;
    bw_type second_type, out_type; /* BW_F32 or BW_BF16 */
    int pixels;
} bw_bf16_finish;

/** The micro-kernels of an instruction set for one type of input. */
typedef struct bw_bf16_method {
    int pixels, blocks; /* the most that one takes */
    double step_cycles; /* estimated, of one step of one pixel and panel */
    bw_bf16_function *run[BW_BF16_BLOCKS][BW_BF16_PIXELS]; /* [blocks - 1][pixels - 1] */
    void (*finish)(const bw_bf16_finish *finish);
} bw_bf16_method;

bool bw_conv_bf16_accepts(const bw_operation *operation);
double bw_conv_bf16_cost(const bw_bf16_method *method, const bw_operation *operation);
size_t bw_conv_bf16_packed_bytes(const bw_bf16_method *method, const bw_operation *operation);
void bw_conv_bf16_pack(const bw_bf16_method *method, const bw_operation *operation,
                       const bw_filters *filters, void *packed);
size_t bw_conv_bf16_scratch_bytes(const bw_bf16_method *method, const bw_operation *operation);
int bw_conv_bf16_units(const bw_bf16_method *method, const bw_operation *operation, int images);
void bw_conv_bf16_run(const bw_bf16_method *method, const bw_operation *operation,
                      const bw_operands *operands, int first, int last, void *scratch);

#endif
