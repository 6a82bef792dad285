/**
 * A use of a general operator all of whose types and shapes are known: what a node of a graph and a
 * step of a plan hold, and how it is run without anything being looked up or inferred again.
 *
 * Inputs are left out, variable (an activation, dense and row-major in memory that the user of this
 * file places) or constant. Constants stand one after the other in a block, each on a multiple of
 * 64 bytes. Of several outputs one is kept; the others go to scratch memory. An output whose size
 * depends on numbers (NonMaxSuppression) cannot be had here.
 */
#ifndef BW_KERNELS_PLAIN_USE_H
#define BW_KERNELS_PLAIN_USE_H

#include "base/memory.h"
#include "kernels/plain/operator.h"

enum { BW_PLAIN_OPERANDS = 256 }; /* inputs or outputs, at most */

typedef enum bw_plain_source {
    BW_PLAIN_OMITTED,
    BW_PLAIN_VARIABLE,
    BW_PLAIN_CONSTANT,
    BW_PLAIN_SOURCE_COUNT
} bw_plain_source;

typedef struct bw_plain_operand {
    bw_plain_source source;
    bw_plain_tensor tensor; /* type and shape; of a constant before it is packed: the numbers */
    size_t place; /* variable: in a graph the number of the node's input, in a plan bytes from the
                     start of an image's memory; constant: bytes from the start of the block */
} bw_plain_operand;

typedef struct bw_plain_use {
    const bw_plain_operator *operation;
    int opset;
    const bw_plain_attribute *attributes; /* none is a tensor */
    size_t attribute_count;
    bw_plain_operand *inputs;
    size_t input_count;
    bw_plain_tensor *outputs;  /* types and shapes */
    size_t output_count, kept; /* kept: the number of the output that is wanted */
} bw_plain_use;

/** Whether the operator can be used so at all, its counts aside. */
bool bw_plain_usable(const bw_plain_operator *operation);

/**
 * Infers types and shapes of all outputs into `outputs`, of output_count. `constants` is the block;
 * NULL where the constants still have their numbers with them. Limits as in bw_plain_call.
 */
bw_status bw_plain_use_infer(const bw_plain_use *use, bw_plain_tensor *outputs,
                             const uint8_t *constants, uint64_t limit, bw_error *error);

/** Gives the constants their places; returns the bytes of their block. */
size_t bw_plain_use_place(bw_plain_use *use);

/** The bytes of the block. */
size_t bw_plain_use_constants(const bw_plain_use *use);

/** Copies the constants, which have their numbers with them, into the block. */
void bw_plain_use_pack(const bw_plain_use *use, uint8_t *block);

/** A deep copy in the arena, but for the constants' numbers; NULL without memory. */
bw_plain_use *bw_plain_use_copy(bw_arena *arena, const bw_plain_use *use);

/** The first variable input, or NULL. */
const bw_plain_operand *bw_plain_use_first(const bw_plain_use *use);

/** Scratch memory that a run takes. */
size_t bw_plain_use_scratch(const bw_plain_use *use);

/** A bound of the steps that a run takes, see bw_plain_work. */
double bw_plain_use_work(const bw_plain_use *use);

/**
 * Computes the kept output into `out`. `first` is where the first variable input stands, the others
 * stand as far from it as their places tell. Some operators take memory of their own for a while.
 */
bw_status bw_plain_use_run(const bw_plain_use *use, const uint8_t *first, const uint8_t *constants,
                           void *out, void *scratch, bw_error *error);

#endif
