/**
 * How heads are recognised in an ONNX graph: what the files of that work share.
 *
 * The network's results are sorted by their size into scales, and each scale into parts, as the
 * convolutions gave them (maps.c). What the file computes from them, its tail, can be evaluated on
 * numbers of our own (tail.c). A guess says which parts are boxes and which are classes, and what
 * the decoder is to do with them. Where the tail decodes, a guess is tried: the decoder's boxes of
 * random numbers must all be among those that the tail gives (trial.c); which nodes decode, and in
 * what order, does not matter. Where it does not decode, the parts and the side file have to tell.
 */
#ifndef BW_IMPORT_ONNX_HEADS_H
#define BW_IMPORT_ONNX_HEADS_H

#include "detect/detect.h"
#include "import/onnx/evaluate.h"
#include "import/onnx/lower.h"

enum { BW_ONNX_SCALES = BW_SIDE_SCALES, BW_ONNX_PARTS = 8 };

/* ---- maps ----------------------------------------------------------------------------------- */

/** Channels that belong together, before a logistic function. */
typedef struct bw_onnx_part {
    int tensor, channels;
    int first;     /* its first channel among the scale's */
    bool logistic; /* the network takes the logistic function of it */
} bw_onnx_part;

typedef struct bw_onnx_scale {
    int height, width, channels;
    bw_onnx_part parts[BW_ONNX_PARTS];
    int part_count;
} bw_onnx_scale;

/** A result of the network, put together from parts of one scale. */
typedef struct bw_onnx_map {
    int tensor, scale, count;
    int parts[BW_ONNX_PARTS];
    bool logistic[BW_ONNX_PARTS];
} bw_onnx_map;

typedef struct bw_onnx_maps {
    bw_onnx_scale scales[BW_ONNX_SCALES]; /* the finest first; behind them the spare ones */
    int scale_count;                      /* that may have heads */
    int spare_count;                      /* that have not: the prototypes of masks */
    bw_onnx_map maps[BW_ONNX_SCALES * BW_ONNX_PARTS];
    int map_count;
} bw_onnx_maps;

/** Sorts the results into scales and parts; false where there are too many of either, or none. */
bool bw_onnx_sort_results(bw_onnx_maps *out, const bw_onnx_lowering *lowering);

size_t bw_onnx_cells(const bw_onnx_scale *scale);

/* ---- families ------------------------------------------------------------------------------- */

/** A family of detectors: how its heads are decoded, and the pictures that it is trained on. */
typedef struct bw_onnx_family {
    const char *word;  /* in side files */
    const char *title; /* for people */
    bw_head head;
    bw_onnx_pictures pictures;
    bw_resize resize;
    float padding; /* 0 to 255 */
} bw_onnx_family;

/** The family of that word, or NULL. */
const bw_onnx_family *bw_onnx_find_family(const char *word);

/** The family that the side file names; NULL for none. Fails for a word that is no family. */
bw_status bw_onnx_side_family(const bw_onnx_lowering *lowering, const bw_onnx_family **family);

/** The words of all families, for messages: "yolov3, yolov5, …". */
void bw_onnx_list_families(char *text, size_t size);

/* ---- guesses -------------------------------------------------------------------------------- */

/** Some channels of a part. */
typedef struct bw_onnx_range {
    int part, first, channels;
} bw_onnx_range;

enum { BW_ONNX_RANGES = 3 };

/** What the results may be: the ranges, one behind the other, are a head's channels. */
typedef struct bw_onnx_guess {
    const bw_onnx_family *family;
    bw_head heads[BW_ONNX_SCALES];
    bw_onnx_range ranges[BW_ONNX_SCALES][BW_ONNX_RANGES];
    int range_count;
} bw_onnx_guess;

/** Makes the guess's heads outputs of the graph, and its pictures the network's. */
bw_status bw_onnx_apply(bw_onnx_lowering *lowering, const bw_onnx_maps *maps,
                        const bw_onnx_guess *guess);

/** The number of classes that the side file or the metadata tells; 0: neither does. */
int bw_onnx_known_classes(const bw_onnx_lowering *lowering);

/* ---- the tail ------------------------------------------------------------------------------- */

/** Rows of floats: what a tensor of the tail is once dimensions of 1 are left out. */
typedef struct bw_onnx_table {
    const float *data;
    size_t rows, columns, row_step, column_step;
} bw_onnx_table;

typedef struct bw_onnx_tail {
    const bw_onnx_lowering *lowering;
    const bw_onnx_maps *maps;
    bw_onnx_file file; /* with the nodes of the tail alone */
    bw_onnx_node *nodes;
    bw_onnx_value *inputs;
    bw_onnx_given *given;
    int *given_maps; /* of each given value: its map, or BW_NONE for a constant */
    size_t given_count;
    bool decodes;    /* it does more than move numbers and make probabilities of them */
    bool suppresses; /* there is a non-maximum suppression in it */
    bool selects;    /* it takes the best by TopK */
    int softmaxed;   /* the result that it takes the softmax of; BW_NONE: of none, or many */
} bw_onnx_tail;

/** Finds the nodes of the tail; all memory is the lowering's scratch. */
bw_status bw_onnx_find_tail(bw_onnx_tail *out, const bw_onnx_lowering *lowering,
                            const bw_onnx_maps *maps);

/**
 * Evaluates the tail for maps made of these numbers, [channel][cell] of each scale. A node that
 * cannot be evaluated leaves its outputs unknown.
 */
bw_status bw_onnx_run_tail(bw_onnx_evaluation **out, const bw_onnx_tail *tail,
                           float *const *numbers, bw_error *error);

/** The value of that name as a table of `rows` rows; false where it is none. */
bool bw_onnx_find_table(bw_onnx_table *out, const bw_onnx_evaluation *evaluation, const char *name,
                        size_t rows);

/* ---- without decoding ----------------------------------------------------------------------- */

/**
 * A guess for results that the file does not decode. Fails with a sentence that says which lines of
 * the side file would settle it.
 */
bw_status bw_onnx_guess_raw(bw_onnx_guess *out, const bw_onnx_lowering *lowering,
                            const bw_onnx_tail *tail);

/* ---- trials --------------------------------------------------------------------------------- */

/** What guesses are tried on. */
typedef struct bw_onnx_trial {
    const bw_onnx_tail *tail;
    float *numbers[BW_ONNX_SCALES]; /* random */
    float *probe[BW_ONNX_SCALES];   /* room for others */
    bw_onnx_evaluation *evaluation; /* of the random numbers */
    bw_candidates candidates;
} bw_onnx_trial;

bw_status bw_onnx_open_trial(bw_onnx_trial *out, const bw_onnx_tail *tail);
void bw_onnx_close_trial(bw_onnx_trial *trial);

/** Whether the tail gives the boxes and scores that the guess's heads give. */
bw_status bw_onnx_try(bw_onnx_trial *trial, const bw_onnx_guess *guess, bool *right);

/**
 * The same for heads whose anchors are not known: they are read from what the tail makes of boxes
 * that are all zero.
 */
bw_status bw_onnx_try_anchors(bw_onnx_trial *trial, bw_onnx_guess *guess, bool *right);

/** Tries what a tail that decodes can be: true when something was right, or failed. */
bool bw_onnx_try_all(bw_onnx_trial *trial, bw_onnx_guess *guess, const bw_onnx_family *family,
                     bw_status *status);

#endif
