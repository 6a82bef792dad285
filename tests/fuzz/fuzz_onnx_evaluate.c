/**
 * Fuzz target: an ONNX file evaluated, once as far as constants reach and once as a whole, with
 * zeros for its inputs. The corpus holds a small model an operator.
 */
#include <stdlib.h>
#include <string.h>

#include "import/onnx/evaluate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 1 << 20, MOST_INPUTS = 8 };

static void evaluate(const bw_onnx_file *file, bool folds)
{
    static const uint64_t zeros[MEMORY / sizeof(uint64_t)];
    bw_onnx_given given[MOST_INPUTS];
    bw_onnx_evaluate_options options = {
        .given = given, .memory = MEMORY, .work = 1e7, .folds = folds};
    const bw_onnx_graph *graph = &file->graph;
    bw_onnx_evaluation *evaluation;
    bw_error error;
    for (size_t index = 0; index < graph->input_count && index < MOST_INPUTS; index++) {
        const bw_onnx_value *input = &graph->inputs[index];
        bw_plain_tensor tensor = {.rank = input->rank, .data = folds ? NULL : zeros};
        memcpy(tensor.dims, input->dims, sizeof tensor.dims);
        if (bw_element_from_onnx(input->type, &tensor.type) &&
            bw_plain_check(&tensor, MEMORY, &error) == BW_OK)
            given[options.given_count++] = (bw_onnx_given){input->name, tensor};
    }
    if (bw_onnx_evaluate(&evaluation, file, &options, &error) == BW_OK)
        bw_onnx_evaluation_close(&evaluation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bw_limits limits;
    bw_onnx_file file;
    bw_error error;
    bw_limits_init(&limits);
    limits.layers = 64;
    limits.tensor_bytes = MEMORY;
    if (bw_onnx_parse(&file, data, size, NULL, &limits, &error) != BW_OK)
        return 0;
    evaluate(&file, true);
    evaluate(&file, false);
    bw_onnx_close(&file);
    return 0;
}
