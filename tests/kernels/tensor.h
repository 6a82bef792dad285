/**
 * Tensors for the kernel tests: numbers to fill them with, and memory around them that no kernel
 * may touch.
 *
 *     redzone | image: planes before, the tensor's planes, planes after | image … | redzone
 *
 * All that is not the tensor holds a pattern, in floats not a number: a kernel that reads it spoils
 * its result, and one that writes it is found by comparing bits.
 */
#ifndef BW_TESTS_KERNELS_TENSOR_H
#define BW_TESTS_KERNELS_TENSOR_H

#include "kernels/kernels.h"

typedef struct random_source {
    uint64_t state;
} random_source;

/** A number in [low, high]. */
int random_between(random_source *random, int low, int high);

/** True once in `times`. */
bool random_once_in(random_source *random, int times);

typedef enum fill {
    FILL_ORDINARY, /* between -1 and 1 */
    FILL_ZERO,
    FILL_DENORMAL,
    FILL_LARGE,    /* about 1e12 */
    FILL_NEGATIVE, /* between -2 and 0 */
    FILL_MIXED,    /* magnitudes from 1e-6 to 1e6 */
    FILL_MOST,     /* all 1e6, the largest byte, or the largest integer */
    FILL_LEAST,    /* the same with a minus; the least byte */
    FILL_COUNT
} fill;

const char *fill_name(fill kind);
void fill_numbers(random_source *random, fill kind, float *to, size_t count);

/** Weights as integers: ordinary ones up to 63, mixed ones any, large ones ±127. */
void fill_integers(random_source *random, fill kind, int8_t *to, size_t count);

/** The largest magnitude that fill_integers gives. */
int largest_integer(fill kind);

/** What an element of a tensor's memory is. */
typedef enum element {
    ELEMENT_OUTSIDE,
    ELEMENT_REAL,
    ELEMENT_SPARE, /* a lane past the last channel */
    ELEMENT_BORDER,
    ELEMENT_GAP, /* beside a row that is longer than its pixels */
} element;

/** A layout and how many planes of somebody else lie before it in each image. */
typedef struct placement {
    bw_layout layout;
    int before;
} placement;

/** A dense layout in memory of its own. */
placement placement_dense(int height, int width, int channels, int lanes, int border);

/** One with, at random, other planes around it and longer rows. */
placement placement_random(random_source *random, int height, int width, int channels, int lanes,
                           int border);

typedef struct test_tensor {
    placement place;
    int images;
    size_t elements;
    void *block;
    void *first;    /* what an operand points at */
    uint8_t *kinds; /* of the elements */
} test_tensor;

/** Allocates a tensor, all of it the pattern. */
test_tensor tensor_make(const placement *place, int images);

/** One like `other`, with the same content. */
test_tensor tensor_copy(const test_tensor *other);

void tensor_free(test_tensor *tensor);

/** Fills the channels with numbers of one kind, spare lanes with any, and zeroes the border. In
 * bytes ordinary and mixed ones are any, denormal ones next to the zero point, large ones 0 and
 * 255. */
void tensor_fill(test_tensor *tensor, random_source *random, fill kind);

/** Writes other numbers than zero to the whole border. */
void tensor_spoil_border(test_tensor *tensor);

/** Replaces every channel's number by its magnitude, at least `least`. */
void tensor_magnitudes(test_tensor *tensor, float least);

/** Stores the same numbers as floats; all that is not the tensor becomes the pattern. */
void tensor_to_floats(test_tensor *tensor);

/** Bytes of the whole block. */
size_t tensor_bytes(const test_tensor *tensor);

/** The number that an element of the block stands for. */
float tensor_number(const test_tensor *tensor, size_t index);

/** Writes the nearest to a number. */
void tensor_set(test_tensor *tensor, size_t index, float number);

/** Whether two tensors of one placement hold the same bits in an element. */
bool tensor_same_bits(const test_tensor *a, const test_tensor *b, size_t index);

/** The index in `block` of an element of a channel. */
size_t tensor_at(const test_tensor *tensor, int image, int channel, int y, int x);

/** Memory with a redzone on both sides, 64-byte aligned, full of the pattern. */
typedef struct guarded {
    uint8_t *block, *bytes;
    size_t size;
} guarded;

guarded guarded_make(size_t size);
bool guarded_intact(const guarded *memory);
void guarded_free(guarded *memory);

#endif
