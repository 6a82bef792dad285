/**
 * Fuzz target of ONNX files: the parser, and what is made of a graph. What is parsed must be wholly
 * readable: every number of every constant is looked at. What is imported must keep the graph's
 * rules, also after all passes, and where the file has bytes as a network of bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "import/import.h"
#include "import/onnx/model.h"
#include "passes/passes.h"
#include "passes/quantize.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t seen;

static void read_graph(const bw_onnx_graph *graph);

static void read_tensor(const bw_onnx_tensor *tensor)
{
    for (size_t index = 0; index < tensor->size; index++)
        seen ^= tensor->data[index];
}

static void read_attribute(const bw_onnx_attribute *attribute)
{
    for (size_t index = 0; index < attribute->count; index++) {
        if (attribute->floats)
            seen ^= (uint8_t)(attribute->floats[index] > 0.0f);
        if (attribute->ints)
            seen ^= (uint8_t)attribute->ints[index];
        if (attribute->texts)
            seen ^= (uint8_t)strlen(attribute->texts[index]);
    }
    if (attribute->tensor)
        read_tensor(attribute->tensor);
    if (attribute->graph)
        read_graph(attribute->graph);
}

static void read_node(const bw_onnx_node *node)
{
    for (size_t index = 0; index < node->input_count; index++)
        seen ^= (uint8_t)strlen(node->inputs[index]);
    for (size_t index = 0; index < node->output_count; index++)
        seen ^= (uint8_t)strlen(node->outputs[index]);
    for (size_t index = 0; index < node->attribute_count; index++)
        read_attribute(&node->attributes[index]);
}

static void read_graph(const bw_onnx_graph *graph)
{
    for (size_t index = 0; index < graph->node_count; index++)
        read_node(&graph->nodes[index]);
    for (size_t index = 0; index < graph->constant_count; index++)
        read_tensor(&graph->constants[index]);
    for (size_t index = 0; index < graph->input_count; index++)
        seen ^= (uint8_t)strlen(graph->inputs[index].name);
}

/* A failure of an importer or a pass, not of the file. */
static void expect(const bw_graph *graph, bw_status status, bw_error *error)
{
    bool broken = status == BW_OK && bw_graph_verify(graph, error) != BW_OK;
    if (!broken && status != BW_ERROR_ARGUMENT)
        return;
    fprintf(stderr, "%s\n", error->message);
    abort();
}

static void optimise(bw_graph *graph)
{
    bw_error error = {0};
    bw_status status = bw_passes_run(graph, &error);
    expect(graph, status, &error);
    if (status == BW_OK && bw_is_quantized(graph))
        expect(graph,
               bw_pass_quantize_as_given(graph, BW_MIDDLE_INTEGER, BW_LARGEST_INTEGER, &error),
               &error);
}

static void import_bytes(const uint8_t *data, size_t size, const bw_limits *limits)
{
    const bw_source source = {
        .path = "fuzz.onnx", .text = (const char *)data, .size = size, .limits = limits};
    bw_import import;
    bw_error error = {0};
    if (!bw_importer_onnx.recognises(&source) || bw_import_model(&import, &source, &error) != BW_OK)
        return;
    expect(&import.graph, BW_OK, &error);
    bw_graph graph;
    if (bw_graph_clone(&graph, &import.graph, &error) == BW_OK) {
        optimise(&graph);
        bw_graph_free(&graph);
    }
    expect(&import.graph, bw_graph_resize(&import.graph, 64, 64, &error), &error);
    bw_import_free(&import);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const bw_limits limits = {.layers = 64, .tensor_bytes = 1 << 20};
    bw_onnx_file file;
    bw_error error = {0};
    bw_status status = bw_onnx_parse(&file, data, size, NULL, &limits, &error);
    if (status == BW_OK) {
        read_graph(&file.graph);
        bw_onnx_close(&file);
    } else if (status == BW_ERROR_ARGUMENT || !error.message[0] || error.status != status) {
        abort();
    }
    import_bytes(data, size, &limits);
    return 0;
}
