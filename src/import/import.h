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
    const char *text; /* its content, ended by NUL */
    size_t size;
    const char *weights_path; /* of the weights file, for messages; NULL: random weights */
    bw_mapping weights;
    uint64_t seed; /* of the random weights */
    const bw_limits *limits;
} bw_source;

/** What an importer produces. */
typedef struct bw_import {
    bw_graph graph;
    int layers;       /* as the source file counts them */
    bw_resize resize; /* LETTERBOX or STRETCH: how the source's own tools fit pictures */
    char *warnings;   /* malloc'ed, one a line; NULL when there are none */
} bw_import;

typedef struct bw_importer {
    const char *name;
    bool (*recognises)(const bw_source *source);
    bw_status (*run)(bw_import *out, const bw_source *source, bw_error *error);
} bw_importer;

extern const bw_importer bw_importer_darknet;

/** Runs the importer that recognises the source. */
bw_status bw_import_model(bw_import *out, const bw_source *source, bw_error *error);

void bw_import_free(bw_import *import);

#endif
