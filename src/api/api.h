/**
 * What the files that implement the public header share.
 */
#ifndef BW_API_API_H
#define BW_API_API_H

#include "api/mixed.h"
#include "base/file.h"
#include "graph/graph.h"
#include "import/import.h"

struct bw_model {
    bw_arena arena; /* owns the names */
    bw_import import;
    bw_mapping weights;
    bw_mapping file; /* of a model that is no text: it holds its weights */
    const char *path;
    bw_limits limits;
    const char *const *names; /* `classes` of them */
    int classes;
    char fingerprint[33];
};

/**
 * Sets the model's class names: those of the file if `path` is given, otherwise COCO's for 80
 * classes and "class 0" and so on for any other number.
 */
bw_status bw_model_set_names(bw_model *model, const char *path, bw_error *error);

/** Copies the texts that an info borrows from its model, so that it outlives that. */
bw_status bw_model_info_own(bw_model_info *info, bw_arena *arena, bw_error *error);

/** The model's graph with all passes run; to be freed. */
bw_status bw_graph_optimise(bw_graph *out, const bw_model *model, bw_error *error);

/**
 * Turns an optimised graph into one of bytes; dense weights become −largest to largest, see
 * passes/quantize.h. `mix` decides what stays floats; NULL: nothing.
 */
bw_status bw_graph_quantize(bw_graph *graph, bw_calibration *calibration, int largest,
                            const bw_mix *mix, bw_error *error);

/** What INT8 is for other programs: it must not depend on the processor that it is made on. */
typedef struct bw_portable {
    int largest;  /* of dense integer weights */
    int halvings; /* 0: bytes wherever there can be; n: until the error is 2^−n of what it was */
    bool symmetric; /* ranges are widened so that 128 stands for zero, the picture's excepted */
} bw_portable;

/** As bw_graph_quantize, with floats chosen by the costs of one given kind of processor. */
bw_status bw_graph_quantize_portably(bw_graph *graph, bw_calibration *calibration,
                                     const bw_portable *portable, bw_error *error);

/** Magnitudes of integer weights. */
enum {
    BW_LARGEST_INTEGER = 127, /* where products of bytes are added in 32 bits */
    BW_MIDDLE_INTEGER = 96,   /* where AVX2 adds two in 16 bits first: few pairs do not fit, and
                                 those are added otherwise */
    BW_SHORT_INTEGER = 63,    /* where other programs may add two in 16 bits without looking */
};

#endif
