/**
 * Importers: bytes of a model file → graph. Plug-ins in a null-ended array, chosen by content.
 *
 * Everything in these files is untrusted. Counts and sizes are checked against what the file can
 * hold, with bw_size_multiply, before anything is allocated.
 */
#ifndef BW_IMPORT_IMPORT_H
#define BW_IMPORT_IMPORT_H

#include "base/file.h"
#include "graph/graph.h"

/** What an importer reads from. The mapping of the weights outlives the graph that borrows it. */
typedef struct bw_source {
    const char *path; /* of the model file, for messages */
    const char *text; /* its content; a text is ended by NUL, all else outlives the import */
    size_t size;
    const char *weights_path; /* of the weights file, for messages; NULL: random weights */
    bw_mapping weights;
    uint64_t seed;     /* of the random weights */
    int width, height; /* of an input that the file leaves open; 0: the importer's own choice */
    bool raw;          /* the outputs are wanted as they are, dense, without heads; for tests */
    const bw_limits *limits;
    const char *side_path; /* of the side file, whether it is there or not; NULL: there is none */
    const char *side;      /* its text; NULL where it is not there */
    size_t side_size;
} bw_source;

/** What an importer produces. */
typedef struct bw_import {
    bw_graph graph;
    int layers;               /* as the source file counts them */
    bw_resize resize;         /* never AUTO: how the source's own tools fit pictures */
    float padding;            /* the grey around a picture that does not fill the input, 0 to 1 */
    const char *head;         /* what boxes are read from, in words; NULL: YOLO */
    const char *pictures;     /* the numbers that it was trained on, in words; NULL: RGB, 0 to 1 */
    char *warnings;           /* malloc'ed, one a line; NULL when there are none */
    char *general;            /* likewise the nodes that general operators compute, and why */
    const char *const *names; /* of the classes, where the source tells them; else NULL */
    const bw_mapping *parts;  /* other files that were read, the graph's constants among them */
    size_t part_count;
    void *owner; /* of what graph, names and parts borrow; closed by bw_import_free */
    void (*close_owner)(void *owner);
} bw_import;

typedef struct bw_importer {
    const char *name;
    bool (*recognises)(const bw_source *source);
    bw_status (*run)(bw_import *out, const bw_source *source, bw_error *error);
} bw_importer;

extern const bw_importer bw_importer_darknet, bw_importer_onnx;

/** Whether a file that starts with these bytes is a text, judged by the first few hundred. */
bool bw_import_is_text(const char *bytes, size_t size);

/** Runs the importer that recognises the source. */
bw_status bw_import_model(bw_import *out, const bw_source *source, bw_error *error);

void bw_import_free(bw_import *import);

#endif
