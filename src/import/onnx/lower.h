/**
 * From an ONNX graph to ours: what the files that lower it share.
 *
 * What constants alone decide is computed first (fold.c). Then the nodes are walked in the file's
 * order. What a node makes becomes an item under its name: a picture (a tensor of our graph, [1, C,
 * H, W] there), numbers (a constant), a dense tensor, or something between that a later node
 * completes.
 *
 * A node that the engine's fast operations cannot express declines. Where a convolution depends on
 * it, it becomes a general operator on dense tensors (general.c). Otherwise it and all that reads
 * it form the tail. Detectors end in such a tail: it reshapes, joins and decodes what the last
 * convolutions gave. The pictures that the tail reads are the network's results, from which heads.c
 * recognises the kind of head; the tail itself is then not needed. Where the outputs are wanted as
 * they are, or no head is recognised and they look like boxes (heads_whole.c), the graph is lowered
 * as a whole (`complete`): there is no tail then, and whatever declines is a general operator.
 */
#ifndef BW_IMPORT_ONNX_LOWER_H
#define BW_IMPORT_ONNX_LOWER_H

#include "import/import.h"
#include "import/onnx/evaluate.h"
#include "import/side.h"
#include "import/warnings.h"

typedef enum bw_onnx_role {
    BW_ONNX_ABSENT,        /* nobody has made it */
    BW_ONNX_PICTURE,       /* `tensor` */
    BW_ONNX_NUMBERS,       /* `numbers` */
    BW_ONNX_SOFTPLUS,      /* ln(1 + e^x) of `tensor` */
    BW_ONNX_TANH_SOFTPLUS, /* tanh of that: × x it is Mish */
    BW_ONNX_PATCH,         /* every `step`-th row and column of `tensor`, from `first` on */
    BW_ONNX_FOCUS,         /* four such patches, one behind the other: space to depth */
    BW_ONNX_PADDED,        /* `tensor` with zeros around it: `order` above, left, below, right */
    BW_ONNX_DENSE,         /* `tensor` is dense; type and shape are those of the evaluation */
    BW_ONNX_SPLIT,         /* `tensor` in blocks of `step`, six-sided, for [reorg] */
    BW_ONNX_SORTED,        /* the same, its sides in [reorg]'s order */
    BW_ONNX_QUANTIZED,     /* `tensor` as bytes, of which only the floats are read */
    BW_ONNX_TAIL,          /* made by a node of the tail */
} bw_onnx_role;

typedef struct bw_onnx_item {
    const char *name;
    bw_onnx_role role;
    int tensor;
    const bw_onnx_tensor *numbers;
    const bw_onnx_node *node; /* what made it, where it is something between, or numbers */
    int twin;   /* of PICTURE and DENSE: the same in the other form; 0: that is not there yet */
    int rows;   /* of DENSE: a picture whose pixels are its rows, channels their numbers; 0: none */
    bool inner; /* a convolution depends on it; by name, whatever the item is */
    int step[2], first[2]; /* of PATCH: down, across; of SPLIT and SORTED `step` */
    int order[4];          /* of FOCUS: 2 × first row + first column of each patch; of PADDED */
} bw_onnx_item;

typedef struct bw_onnx_lowering {
    const bw_onnx_file *file;
    const bw_side *side;              /* says nothing where there is no such file */
    const bw_onnx_evaluation *values; /* what is known of each of the file's values */
    bw_import *out;
    bw_graph *graph; /* out's */
    bw_onnx_item *items;
    size_t *slots; /* a hash table of numbers of items, from 1 */
    size_t item_count, item_capacity, slot_count;
    const bw_onnx_node *node;   /* at hand */
    const char *label;          /* its name, or that of its first output */
    bool complete;              /* the whole graph is lowered */
    bool whole;                 /* and its outputs are boxes: heads_whole.c */
    const bw_onnx_value *input; /* the picture's; `picture` is its shape here */
    bw_shape picture;
    const bw_onnx_value
        *second;     /* an input for the picture's own size, or NULL; `sizes` is given */
    int64_t *sizes;  /* width and height; they live as long as the graph */
    int wanted[2];   /* height and width for an input that leaves them open; 0: none */
    int depth;       /* of items between that are being completed */
    bw_error reason; /* why the first node of the tail was declined */
    bw_error why; /* why no fast operation expresses the node at hand; BW_OK where none was asked */
    bw_warnings general; /* the nodes that became general operators, and why */
    int *results;        /* pictures that the tail or nobody reads, in the order of reading */
    size_t result_count, result_capacity;
    bw_arena scratch;   /* for as long as the lowering */
    const char **names; /* of classes, from the metadata */
    size_t name_count;
    bw_error *error;
} bw_onnx_lowering;

/** Lowers the node at hand. BW_ERROR_UNSUPPORTED: it declines, and has said why. */
typedef bw_status bw_onnx_handler(bw_onnx_lowering *lowering);

bw_onnx_handler bw_onnx_conv, bw_onnx_batch_norm, bw_onnx_max_pool, bw_onnx_global_pool,
    bw_onnx_average_pool, bw_onnx_pad, bw_onnx_reduce_mean, bw_onnx_resize;
bw_onnx_handler bw_onnx_relu, bw_onnx_leaky, bw_onnx_prelu, bw_onnx_sigmoid, bw_onnx_silu,
    bw_onnx_mish, bw_onnx_softplus, bw_onnx_tanh, bw_onnx_clip, bw_onnx_hard_sigmoid,
    bw_onnx_hard_swish, bw_onnx_identity, bw_onnx_sum, bw_onnx_difference, bw_onnx_product,
    bw_onnx_quotient;
bw_onnx_handler bw_onnx_reshape_reorg, bw_onnx_transpose_reorg;
bw_onnx_handler bw_onnx_join_channels, bw_onnx_split, bw_onnx_cut;
bw_onnx_handler bw_onnx_to_bytes, bw_onnx_from_bytes;
bw_onnx_handler bw_onnx_matrix_product, bw_onnx_gemm;

/** Whether the node at hand reads rows that the engine has computed, and what goes on with them. */
bool bw_onnx_reads_rows(const bw_onnx_lowering *lowering);
bw_onnx_handler bw_onnx_by_rows;

/** Makes a general operator of the node at hand, whatever it is. */
bw_onnx_handler bw_onnx_general;

/**
 * Whether a convolution depends on what the node at hand gives, or all that the file computes is
 * wanted. If neither, it may be a part of decoding, which the engine does itself.
 */
bool bw_onnx_is_inner(const bw_onnx_lowering *lowering);

/** Makes `node` the one at hand. */
void bw_onnx_begin_node(bw_onnx_lowering *lowering, const bw_onnx_node *node);

/** Declines: "node 'x' (Op, which reads 1 × 3 × 416 × 416): …". */
bw_status bw_onnx_decline(bw_onnx_lowering *lowering, const char *format, ...) BW_PRINTF(2, 3);

/* ---- items ---------------------------------------------------------------------------------- */

/** The item of that name; an absent one where there is none. Borrowed until the next is made. */
const bw_onnx_item *bw_onnx_item_named(const bw_onnx_lowering *lowering, const char *name);

/** The item that is input `index` of the node at hand; absent where it is left out. */
const bw_onnx_item *bw_onnx_input_item(const bw_onnx_lowering *lowering, size_t index);

/** Makes room for `count` items. */
bw_status bw_onnx_reserve_items(bw_onnx_lowering *lowering, size_t count);

/** Gives an item a name; an older one of that name is hidden. */
void bw_onnx_name_item(bw_onnx_lowering *lowering, const char *name, bw_onnx_item item);

/** Output `index` of the node at hand; nothing happens where it is not wanted. */
void bw_onnx_output_item(bw_onnx_lowering *lowering, size_t index, bw_onnx_item item);

/** The picture that is input `index`, as above; declines for anything else. */
bw_status bw_onnx_input_picture(bw_onnx_lowering *lowering, size_t index, int *tensor);

/**
 * The picture of that name, converted where it is dense; BW_NONE where it can be none.
 */
bw_status bw_onnx_picture_named(bw_onnx_lowering *lowering, const char *name, int *tensor);

/** The dense tensor of that name, with type and shape; declines for what has none. */
bw_status bw_onnx_dense_named(bw_onnx_lowering *lowering, const char *name, int *tensor,
                              bw_plain_tensor *kind);

/** Notes that a convolution depends on the value of that name, which may not be there yet. */
void bw_onnx_mark_inner(bw_onnx_lowering *lowering, const char *name);

/** The constant that is input `index`, or NULL where it is left out; declines for what is none. */
bw_status bw_onnx_input_numbers(bw_onnx_lowering *lowering, size_t index,
                                const bw_onnx_tensor **numbers);

/** Element `index` of a constant of whole or of real numbers. */
int64_t bw_onnx_whole(const bw_onnx_tensor *numbers, size_t index);
double bw_onnx_real(const bw_onnx_tensor *numbers, size_t index);

/* ---- attributes ----------------------------------------------------------------------------- */

int64_t bw_onnx_int(const bw_onnx_lowering *lowering, const char *name, int64_t otherwise);
float bw_onnx_float(const bw_onnx_lowering *lowering, const char *name, float otherwise);
const char *bw_onnx_word_of(const bw_onnx_lowering *lowering, const char *name,
                            const char *otherwise);

/** A short list of whole numbers. */
enum { BW_ONNX_LIST = 64 };
typedef struct bw_onnx_ints {
    size_t count;
    int64_t values[BW_ONNX_LIST];
    bool present;
} bw_onnx_ints;

/** From an attribute, or where there is none from input `input` (0: not from an input). */
bw_status bw_onnx_read_ints(bw_onnx_lowering *lowering, bw_onnx_ints *out, const char *name,
                            size_t input);

/* ---- the graph ------------------------------------------------------------------------------ */

/** Appends a node that reads `inputs`, named after the node at hand; the tensor is output 0. */
bw_status bw_onnx_append(bw_onnx_lowering *lowering, const bw_node *node, const int *inputs,
                         int count);

/** As above, without making it an output. */
bw_status bw_onnx_append_tensor(bw_onnx_lowering *lowering, int *tensor, const bw_node *node,
                                const int *inputs, int count);

/**
 * Appends y = x × number, or x + number where not `scales`, by channel; each number goes through
 * `function` first unless that is NULL. `tensor` is x and becomes y.
 */
bw_status bw_onnx_append_map(bw_onnx_lowering *lowering, int *tensor, const bw_onnx_tensor *numbers,
                             bool scales, double function(double));

bw_shape bw_onnx_shape(const bw_onnx_lowering *lowering, int tensor);

/** The scales of a convolution's filters where the file has its weights as bytes; else NULL. */
bw_status bw_onnx_filter_steps(bw_onnx_lowering *lowering, const float **steps, int filters);

/** Whether the node makes bytes of floats, or floats of bytes. */
bool bw_onnx_is_rounding(const bw_onnx_node *node);

/** Floats of a constant, borrowed where they are aligned; declines for other types. */
bw_status bw_onnx_floats(bw_onnx_lowering *lowering, bw_constant *out,
                         const bw_onnx_tensor *numbers);

/* ---- what frames the walk ------------------------------------------------------------------- */

/**
 * Chooses the input and its size, and computes what constants decide; `*values` is the caller's to
 * close, after the graph, which borrows constants.
 */
bw_status bw_onnx_fold(bw_onnx_lowering *lowering, bw_onnx_evaluation **values);

/** Recognises the heads from the results and adds them as outputs. */
bw_status bw_onnx_recognise_heads(bw_onnx_lowering *lowering);

/**
 * Whether the side file says that the file's outputs are boxes as the network gives them, or, where
 * it says nothing, whether their shapes are those of such. The network is then lowered as a whole,
 * and the third makes heads of its outputs.
 */
bool bw_onnx_is_told_whole(const bw_onnx_lowering *lowering);
bool bw_onnx_may_be_whole(const bw_onnx_lowering *lowering);
bw_status bw_onnx_add_whole_heads(bw_onnx_lowering *lowering);

/** Kinds of heads, tried in order: true when the results were theirs and `*status` tells. */
typedef bool bw_onnx_recogniser(bw_onnx_lowering *lowering, bw_status *status);
bw_onnx_recogniser bw_onnx_recognise_own, bw_onnx_recognise_yolox, bw_onnx_recognise_maps;

/**
 * Pictures as the file wants them: our input is RGB from 0 to 1; it gets (x × scale − mean) ÷
 * deviation, in BGR where `swapped`. The numbers go into the first convolutions where they can.
 */
typedef struct bw_onnx_pictures {
    bool swapped;
    float scale, mean[3], deviation[3];
} bw_onnx_pictures;

bw_status bw_onnx_prepare_input(bw_onnx_lowering *lowering, const bw_onnx_pictures *pictures);

/**
 * Prepares the input for pictures as a family of detectors wants them, fitted by `resize` and
 * padded with a grey from 0 to 1, except where the side file says otherwise.
 */
bw_status bw_onnx_set_pictures(bw_onnx_lowering *lowering, const bw_onnx_pictures *pictures,
                               bw_resize resize, float padding);

/** Reads the class names of the metadata, where there are any. */
bw_status bw_onnx_read_names(bw_onnx_lowering *lowering);

/** Hands over the class names of the side file, or those of the metadata if their number fits. */
bw_status bw_onnx_choose_names(bw_onnx_lowering *lowering);

#endif
