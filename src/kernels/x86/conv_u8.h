/**
 * The convolution of bytes, dense and grouped, of any window and stride: what its kernels share,
 * whatever their micro-kernels.
 *
 * They go by the lists of conv_list.h. Where 16-bit sums of AVX2 are used, vpmaddubsw multiplies
 * four bytes by four weights into two 16-bit numbers, which several steps may add up before they
 * are widened. What 255 times the positive weights, or the negative ones, of a lane cannot exceed
 * is known when weights are packed: there steps are sorted into bundles of four, two and one that
 * never overflow, so that results are exact for any input. A step that could overflow alone is
 * `wide`: its products are formed one by one.
 *
 * Lists are cut into segments, each with its own bundles: that bounds the sorting, and keeps the
 * bytes that are read together close together.
 */
#ifndef BW_KERNELS_X86_CONV_U8_H
#define BW_KERNELS_X86_CONV_U8_H

#include "kernels/x86/conv_list.h"
#include "kernels/x86/epilogue.h"

enum {
    BW_SEGMENT_STEPS = 256,
    BW_U8_PIXELS = 14,                     /* the most that a micro-kernel takes */
    BW_U8_BLOCKS = 2,                      /* panels, likewise */
    BW_U8_STRETCH = 56,                    /* pixels whose sums are finished together */
    BW_U8_SUMS = BW_U8_STRETCH * BW_LANES, /* of one panel */
};

/** How many bundles of each size a segment has, in this order; without sorting all are `ones`. */
typedef struct bw_bundles {
    int32_t fours, twos, ones, wides;
} bw_bundles;

/**
 * One call of a micro-kernel: some pixels of a row by the panels of a group; of CONV_POOL, the
 * maxima of four sums each.
 */
typedef struct bw_conv_steps {
    const uint8_t *in; /* the window of the first sum */
    size_t in_pixel;   /* from the window of one sum to the next of its row, */
    size_t in_row;     /* and to that of the row below: where two rows are pooled */
    int segments;
    const bw_bundles *bundles; /* of each segment */
    const int32_t *places;     /* of each step: bytes from the start of a window */
    const int8_t *weights;     /* [step][block][BW_STEP_BYTES] */
    const int32_t *starts;     /* what sums start with: [block][BW_LANES] */
    int32_t *sums;             /* of the first pixel: [block][BW_U8_STRETCH][BW_LANES] */
    const uint8_t *later;      /* weights of the next group, to be asked for meanwhile, */
    size_t later_step;         /* so many bytes further at each step */
} bw_conv_steps;

typedef void bw_conv_steps_function(const bw_conv_steps *steps);

/** A panel's row of the output, whose sums are never in memory. */
typedef struct bw_conv_row {
    const uint8_t *in;     /* the window of the first sum */
    size_t in_pixel;       /* from the window of one sum to the next of its row, */
    size_t in_row;         /* and to that of the row below: where two rows are pooled */
    int steps, pixels;     /* pixels are those written */
    const int32_t *places; /* of each step */
    const int8_t *weights; /* of the first step */
    size_t weights_step;   /* bytes from those of one step to the next */
    const int32_t *starts;
    const bw_epilogue *epilogue;
    const uint8_t *second; /* NULL where there is no residual */
    uint8_t *out;
    bool narrow; /* the second half of the panel has no channel */
} bw_conv_row;

typedef void bw_conv_row_function(const bw_conv_row *row);

/** The micro-kernels of an instruction set. */
typedef struct bw_conv_u8_method {
    int blocks;               /* the most panels that one takes, */
    int pixels[BW_U8_BLOCKS]; /* and pixels of so many panels less one */
    bool bundled;             /* whether steps are sorted into bundles */
    double step_cycles;       /* estimated, of one step of one pixel and panel, */
    double finish_cycles;     /* and of their epilogue */
    bw_conv_steps_function *run[BW_U8_BLOCKS][BW_U8_PIXELS]; /* [blocks - 1][pixels - 1] */
    /* The same of one panel whose second half has no channel; 0 pixels where there are none. */
    int narrow_pixels;
    bw_conv_steps_function *narrow[BW_U8_PIXELS];
    bw_epilogue_function *finish;
    /* A kernel of whole rows, and the operations that it computes; NULL where there is none. */
    bw_conv_row_function *row;
    bool (*row_pays)(const bw_operation *operation);
} bw_conv_u8_method;

extern const bw_conv_u8_method bw_conv_u8_avx2, bw_conv_u8_avx512vnni;

/** Rows of CONV and of CONV_POOL. */
void bw_conv_row_avx512vnni(const bw_conv_row *row);
void bw_conv_pool_row_avx512vnni(const bw_conv_row *row);

/** Whether those kernels can compute an operation, and whether they do it faster than tiles. */
bool bw_conv_row_possible(const bw_operation *operation);
bool bw_conv_row_pays(const bw_operation *operation);

bool bw_conv_u8_accepts(const bw_operation *operation);

/** Whether the order of two sums is that of their results, so that a maximum of sums is finished.
 */
bool bw_conv_pool_accepts(const bw_operation *operation);
double bw_conv_u8_cost(const bw_conv_u8_method *method, const bw_operation *operation);
size_t bw_conv_u8_packed_bytes(const bw_conv_u8_method *method, const bw_operation *operation);
void bw_conv_u8_pack(const bw_conv_u8_method *method, const bw_operation *operation,
                     const bw_filters *filters, void *packed);
bool bw_conv_u8_sound(const bw_conv_u8_method *method, const bw_operation *operation,
                      const void *packed);
int bw_conv_u8_units(const bw_conv_u8_method *method, const bw_operation *operation, int images);
void bw_conv_u8_run(const bw_conv_u8_method *method, const bw_operation *operation,
                    const bw_operands *operands, int first, int last);

/** The functions of the kernels of a method, and a kernel with them. */
#define BW_CONV_U8_FUNCTIONS(method)                                                               \
    static double cost(const bw_operation *operation)                                              \
    {                                                                                              \
        return bw_conv_u8_cost(&method, operation);                                                \
    }                                                                                              \
    static size_t packed_bytes(const bw_operation *operation)                                      \
    {                                                                                              \
        return bw_conv_u8_packed_bytes(&method, operation);                                        \
    }                                                                                              \
    static void pack(const bw_operation *operation, const bw_filters *filters, void *packed)       \
    {                                                                                              \
        bw_conv_u8_pack(&method, operation, filters, packed);                                      \
    }                                                                                              \
    static bool packed_sound(const bw_operation *operation, const void *packed)                    \
    {                                                                                              \
        return bw_conv_u8_sound(&method, operation, packed);                                       \
    }                                                                                              \
    static int units(const bw_operation *operation, int images)                                    \
    {                                                                                              \
        return bw_conv_u8_units(&method, operation, images);                                       \
    }                                                                                              \
    static void run(const bw_operation *operation, const bw_operands *operands, int first,         \
                    int last, void *scratch)                                                       \
    {                                                                                              \
        (void)scratch;                                                                             \
        bw_conv_u8_run(&method, operation, operands, first, last);                                 \
    }

#define BW_CONV_U8_KERNEL(words, of, to, cpu, accept)                                              \
    const bw_kernel bw_kernel_##words = {                                                          \
        .name = #words,                                                                            \
        .family = of,                                                                              \
        .in = BW_U8,                                                                               \
        .out = to,                                                                                 \
        .needs = cpu,                                                                              \
        .accepts = accept,                                                                         \
        .cost = cost,                                                                              \
        .packed_bytes = packed_bytes,                                                              \
        .pack = pack,                                                                              \
        .packed_sound = packed_sound,                                                              \
        .units = units,                                                                            \
        .run = run,                                                                                \
    }

#endif
