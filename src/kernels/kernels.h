/**
 * Kernels: the operations that a plan is made of, each for one instruction set.
 *
 * A kernel sees addresses and a bw_operation, never the graph. Its work is cut into units that are
 * independent of each other: any split over threads gives the same bits. All kernels are listed
 * once, in kernels.def; that list gives the table, the tests and the benchmarks.
 *
 * Layout. A tensor is a list of planes of `lanes` channels, each plane with a border of zeros (of
 * zero points, where bytes stand for numbers):
 *
 *     [image][channels / lanes][border + height + border][border + width + border][lanes]
 *
 * An operand points at the first pixel inside the border of its first plane, so that a window may
 * reach `border` pixels over each edge, and a run of channels that starts on a multiple of `lanes`
 * is a tensor too: concatenation in place. Channels between the last real one and the end of its
 * plane hold finite numbers that nothing depends on. A kernel that writes rows also writes the
 * border beside them (kernels/border.h).
 *
 * The reference kernels (ref/) are the definition of truth; those of an instruction set agree with
 * them within the tolerance that the operation allows, see tests/kernels. Kernels of bytes that
 * `round` have references of their own, which they equal to the bit.
 */
#ifndef BW_KERNELS_KERNELS_H
#define BW_KERNELS_KERNELS_H

#include <stdatomic.h>
#include <string.h>

#include "base/activation.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

enum {
    BW_LANES = 16,      /* channels of a plane; more for the matrix units that BF16 and INT8 have */
    BW_IMAGE_LANES = 4, /* of the network's input: red, green, blue, zero */
};

/** Where the numbers of a tensor are and how they are stored; strides in elements. */
typedef struct bw_layout {
    bw_format format;
    int32_t height, width, channels;
    int32_t lanes, border;
    size_t row_stride, plane_stride, image_stride;
} bw_layout;

struct bw_plain_use;

typedef enum bw_family {
    BW_FAMILY_CONV,         /* dense and grouped; bias, activation and residual in the epilogue */
    BW_FAMILY_DEPTHWISE,    /* groups = channels, one filter a channel; the same epilogue */
    BW_FAMILY_MAX_POOL,     /* what lies outside the picture does not count */
    BW_FAMILY_AVERAGE_POOL, /* over the whole picture: the output is 1 × 1 */
    BW_FAMILY_ADD,          /* activation(in + second) */
    BW_FAMILY_ACTIVATION,
    BW_FAMILY_COPY,      /* channels from one tensor to a place among those of another */
    BW_FAMILY_UPSAMPLE,  /* the nearest pixel, `stride` times larger */
    BW_FAMILY_REORG,     /* darknet's space to depth, see ref/reorg_ref.c */
    BW_FAMILY_CONVERT,   /* the same numbers in another format and, perhaps, of other lanes */
    BW_FAMILY_MULTIPLY,  /* in × second, which has in's shape or one pixel for all of in's */
    BW_FAMILY_CONV_POOL, /* CONV, of bytes, and the maximum of each 2 × 2 of its results */
    BW_FAMILY_PLAIN,     /* a general operator on dense tensors, see bw_operation.plain */
    BW_FAMILY_COUNT
} bw_family;

/**
 * What a step computes: everything but the addresses. Fields that a family lacks are zero.
 *
 * COPY moves n = min(in.channels − first_channel, out.channels − out_channel) channels: in's from
 * first_channel on to out's from out_channel on; neither needs to be a multiple of the lanes. It
 * serves concatenation (all of `in` to its place in `out`) and slices (a run of `in` to all of
 * `out`). The other channels of `out` keep their values, also those in a plane that it shares.
 *
 * PLAIN computes what kernels/plain/use.h describes. Its tensors are dense: planes of one channel
 * without a border, which for a picture is the order [channel][row][column]; `in` is the first of
 * those that are no constants, the others stand at known distances from it. Numbers that are not
 * floats stand in as many floats as they need bytes for.
 */
typedef struct bw_operation {
    bw_family family;
    bw_layout in, second, out; /* second: a convolution's residual, the other term or factor */
    int32_t kernel_height, kernel_width, stride, pad_top, pad_left, groups;
    bw_activation activation;
    float slope;
    bool has_second;
    int32_t first_channel; /* COPY: the first channel read */
    int32_t out_channel;   /* COPY: the first channel written, counted in out's own channels */
    int32_t sum_bits; /* CONV of bytes: what holds the magnitude of any sum of integer × byte; 0:
                         that is not known */
    bool may_round;   /* CONV of bytes: also kernels that round may compute it */
    const struct bw_plain_use *plain; /* PLAIN, else NULL; borrowed */
} bw_operation;

/**
 * The addresses of one call, and how many images of the batch it computes. `out` may be the same
 * tensor as `second`, and as `in` in ADD and ACTIVATION; otherwise nothing overlaps.
 */
typedef struct bw_operands {
    const void *in, *second;
    void *out;
    const void *weights; /* as the kernel's pack wrote them */
    int32_t images;
    atomic_int *failure; /* gets a bw_status where numbers cannot be computed with; may be NULL */
    int32_t done; /* the end of the units that the thread did before of the same work, whatever it
                     left in its scratch memory being there still; 0: none */
} bw_operands;

/**
 * What a convolution has learned, ordered [output channel][input channel of its
 * group][row][column]. Where it reads bytes, a weight is integer × scale of its output channel.
 */
typedef struct bw_filters {
    const float *weights;
    const int8_t *integers; /* NULL where the input is not bytes */
    const float *scales;    /* one an output channel; NULL likewise */
    const float *bias;      /* NULL for none */
} bw_filters;

static inline float bw_filters_bias(const bw_filters *filters, int channel)
{
    return filters->bias ? filters->bias[channel] : 0.0f;
}

/** Writes the weight of an index in the format in which it is multiplied by numbers of `type`. */
static inline void bw_filters_store(const bw_filters *filters, size_t index, bw_type type, void *to)
{
    if (type == BW_U8) {
        memcpy(to, &filters->integers[index], sizeof *filters->integers);
    } else if (type == BW_BF16) {
        uint16_t half = bw_to_bf16(filters->weights[index]);
        memcpy(to, &half, sizeof half);
    } else {
        memcpy(to, &filters->weights[index], sizeof *filters->weights);
    }
}

typedef struct bw_kernel {
    const char *name; /* family_precision_isa_method: unique, stored in plans */
    bw_family family;
    bw_type in, out; /* of the operands; `second` has the type of `in` */
    uint32_t needs;  /* bw_cpu_feature bits */
    bool rounds;     /* what it computes is defined by kernels/rounded.h, not by quantize.h */

    /** Whether this kernel can compute `operation`, of its family and types. */
    bool (*accepts)(const bw_operation *operation);

    /**
     * An estimate of its time in cycles of one core for one image, for the choice among the kernels
     * that accept; it may depend on the operation only. Lower wins, earlier in the list on a tie.
     */
    double (*cost)(const bw_operation *operation);

    /** Size and content of the packed weights; NULL for families without. */
    size_t (*packed_bytes)(const bw_operation *operation);
    void (*pack)(const bw_operation *operation, const bw_filters *filters, void *packed);

    /**
     * Whether packed weights that come from outside are as `pack` may write them, where they hold
     * addresses or counts; NULL where they are nothing but numbers to compute with.
     */
    bool (*packed_sound)(const bw_operation *operation, const void *packed);

    /** Scratch memory that each thread needs, 64-byte aligned; NULL for none. */
    size_t (*scratch_bytes)(const bw_operation *operation);

    /**
     * For a method that transforms its input, how many times larger its rounding errors may be
     * than those of plain sums over the largest numbers of the picture; 0 for plain sums.
     */
    float tolerance;

    /** How many independent units the work for `images` images has. */
    int (*units)(const bw_operation *operation, int images);

    /** Computes units [first, last). */
    void (*run)(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch);
} bw_kernel;

/**
 * The CONV whose results a CONV_POOL takes the maxima of; its output, which is never stored, has
 * the size alone.
 */
static inline bw_operation bw_unpooled(const bw_operation *operation)
{
    bw_operation conv = *operation;
    conv.family = BW_FAMILY_CONV;
    conv.out.height *= 2;
    conv.out.width *= 2;
    return conv;
}

/** Sums in the height, and in the width, of what a pixel of the output is the maximum of. */
static inline int bw_pool_side(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_CONV_POOL ? 2 : 1;
}

/** Whether a step of the family multiplies by dense filters. */
static inline bool bw_family_is_dense(bw_family family)
{
    return family == BW_FAMILY_CONV || family == BW_FAMILY_CONV_POOL;
}

/** Whether a MULTIPLY has one pixel of factors for all of its input's. */
static inline bool bw_multiply_spreads(const bw_operation *operation)
{
    return operation->second.height == 1 && operation->second.width == 1;
}

/** The `index`-th kernel of the list, or NULL past the last. */
const bw_kernel *bw_kernel_at(int index);

/** The kernel of that name, or NULL. */
const bw_kernel *bw_kernel_find(const char *name);

/** Whether `kernel` is for the operation's family and types, and can compute it. */
bool bw_kernel_accepts(const bw_kernel *kernel, const bw_operation *operation);

/** The cheapest kernel that accepts the operation and needs only features in `cpu`; or NULL. */
const bw_kernel *bw_kernel_choose(const bw_operation *operation, uint32_t cpu);

/**
 * An estimate of the operation's time by `kernel` as its cost, with what its tensors add that are
 * too large to stay in the caches: the same for all kernels, but not for all formats.
 */
double bw_kernel_time(const bw_kernel *kernel, const bw_operation *operation);

/** Fills in the strides of a dense layout of floats. */
bw_layout bw_layout_make(int height, int width, int channels, int lanes, int border);

/** Elements from the start of the allocation to the first pixel that an operand points at. */
size_t bw_layout_origin(const bw_layout *layout);

/** Elements that `images` images of the layout occupy, borders included. */
size_t bw_layout_elements(const bw_layout *layout, int images);

/** Bytes that so many elements take. */
static inline size_t bw_layout_bytes(const bw_layout *layout, size_t elements)
{
    return elements * bw_type_size(layout->format.type);
}

/** Bytes of a pixel of a plane. */
static inline size_t bw_layout_pixel_bytes(const bw_layout *layout)
{
    return bw_layout_bytes(layout, (size_t)layout->lanes);
}

/** Number of planes. */
int bw_layout_planes(const bw_layout *layout);

/** Bytes of an image's own planes, borders included, however far apart images lie. */
size_t bw_layout_own_bytes(const bw_layout *layout);

/** Whether every window stays within the border of the input. */
bool bw_border_suffices(const bw_operation *operation);

#endif
