/**
 * Fuzz target of the darknet importer: a cfg's text, and after a NUL the bytes of a weights file.
 * Without a NUL the weights are random. What is imported must keep the graph's rules.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_import(bw_import *import)
{
    bw_error error = {0};
    if (bw_graph_verify(&import->graph, &error) != BW_OK ||
        bw_graph_resize(&import->graph, 64, 64, &error) == BW_ERROR_ARGUMENT) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
    bw_import_free(import);
}

static void import_source(const bw_source *source)
{
    bw_import import;
    bw_error error = {0};
    bw_status status = bw_import_model(&import, source, &error);
    if (status == BW_OK)
        check_import(&import);
    else if (status == BW_ERROR_ARGUMENT || !error.message[0] || error.status != status)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t text_size = nul ? (size_t)(nul - data) : size;
    size_t weights_size = nul ? size - text_size - 1 : 0;
    char *text = calloc(text_size + 1, 1);
    uint8_t *weights = calloc(weights_size + 1, 1);
    if (text && weights) {
        const bw_limits limits = {.layers = 64, .tensor_bytes = 1 << 20};
        if (text_size)
            memcpy(text, data, text_size);
        if (weights_size)
            memcpy(weights, nul + 1, weights_size);
        import_source(&(bw_source){.path = "fuzz.cfg",
                                   .text = text,
                                   .size = text_size,
                                   .weights_path = nul ? "fuzz.weights" : NULL,
                                   .weights = {weights, weights_size},
                                   .seed = 1,
                                   .limits = &limits});
    }
    free(text);
    free(weights);
    return 0;
}
