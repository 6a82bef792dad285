/**
 * Runs an ONNX model with the general operators, for tests in Python.
 *
 * usage: run_onnx MODEL OUT [INPUT …]
 *
 * INPUTs are files of one TensorProto each, in the order of the graph's inputs. OUT gets for each
 * output a line "type dimension …" and its numbers. Also checks that the shapes which are inferred
 * from the inputs' shapes alone are those of the outputs. Exit status 3: refused as not supported.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "import/onnx/evaluate.h"

enum { MOST_INPUTS = 64, REFUSED = 3 };

typedef struct session {
    bw_onnx_file file;
    bw_mapping model, maps[MOST_INPUTS];
    bw_onnx_given given[MOST_INPUTS];
    bw_arena arena;
    bw_onnx_evaluation *evaluation;
} session;

static bw_status read_input(session *s, size_t index, const char *path, const bw_limits *limits,
                            bw_error *error)
{
    bw_onnx_tensor tensor;
    if (index >= s->file.graph.input_count)
        return bw_fail(error, BW_ERROR_ARGUMENT, "the graph has %zu inputs",
                       s->file.graph.input_count);
    bw_status status = bw_map_file(&s->maps[index], path, error);
    if (status == BW_OK)
        status = bw_onnx_parse_tensor(&tensor, &s->arena, s->maps[index].data, s->maps[index].size,
                                      limits, error);
    s->given[index].name = s->file.graph.inputs[index].name;
    if (status == BW_OK)
        status = bw_onnx_plain_tensor(&s->given[index].tensor, &s->arena, &tensor, error);
    return status;
}

static void write_output(FILE *file, const bw_plain_tensor *tensor)
{
    fprintf(file, "%s", bw_element_name(tensor->type));
    for (int axis = 0; axis < tensor->rank; axis++)
        fprintf(file, " %" PRId64, tensor->dims[axis]);
    fputc('\n', file);
    fwrite(tensor->data, bw_element_size(tensor->type), bw_plain_count(tensor), file);
}

/* Whether a shape that is inferred without numbers is what they gave; NMS may leave rows out. */
static bool agrees(const bw_plain_tensor *inferred, const bw_plain_tensor *found)
{
    bool same = inferred->type == found->type && inferred->rank == found->rank;
    for (int axis = 0; same && axis < found->rank; axis++)
        same = inferred->dims[axis] == found->dims[axis] ||
               (axis == 0 && inferred->dims[axis] > found->dims[axis]);
    return same;
}

static bw_status check_shapes(session *s, bw_onnx_evaluate_options options, bw_error *error)
{
    bw_onnx_evaluation *folded;
    char left[128], right[128];
    for (size_t index = 0; index < options.given_count; index++)
        s->given[index].tensor.data = NULL;
    options.folds = true;
    bw_status status = bw_onnx_evaluate(&folded, &s->file, &options, error);
    for (size_t index = 0; status == BW_OK && index < s->file.graph.output_count; index++) {
        const char *name = s->file.graph.outputs[index].name;
        const bw_plain_tensor *inferred = bw_onnx_evaluation_value(folded, name);
        const bw_plain_tensor *found = bw_onnx_evaluation_value(s->evaluation, name);
        if (inferred && !agrees(inferred, found))
            status = bw_fail(error, BW_ERROR_FORMAT, "output '%s' was inferred as %s but is %s",
                             name, bw_plain_describe(inferred, left, sizeof left),
                             bw_plain_describe(found, right, sizeof right));
    }
    bw_onnx_evaluation_close(&folded);
    return status;
}

static bw_status run(session *s, int count, char **arguments, bw_error *error)
{
    bw_limits limits;
    bw_limits_init(&limits);
    bw_status status = bw_map_file(&s->model, arguments[1], error);
    if (status == BW_OK)
        status =
            bw_onnx_parse(&s->file, s->model.data, s->model.size, arguments[1], &limits, error);
    for (int index = 3; index < count && status == BW_OK; index++)
        status = read_input(s, (size_t)(index - 3), arguments[index], &limits, error);
    bw_onnx_evaluate_options options = {.given = s->given,
                                        .given_count = (size_t)count - 3,
                                        .memory = limits.tensor_bytes,
                                        .work = 1e12};
    if (status == BW_OK)
        status = bw_onnx_evaluate(&s->evaluation, &s->file, &options, error);
    if (status == BW_OK)
        status = check_shapes(s, options, error);
    if (status != BW_OK)
        return status;
    FILE *file = fopen(arguments[2], "wb");
    if (!file)
        return bw_fail_errno(error, "write", arguments[2]);
    for (size_t index = 0; index < s->file.graph.output_count; index++)
        write_output(file,
                     bw_onnx_evaluation_value(s->evaluation, s->file.graph.outputs[index].name));
    return fclose(file) == 0 ? BW_OK : bw_fail_errno(error, "write", arguments[2]);
}

int main(int argc, char **argv)
{
    static session s;
    bw_error error = {0};
    if (argc < 3 || argc > 3 + MOST_INPUTS) {
        fprintf(stderr, "usage: run_onnx MODEL OUT [INPUT …]\n");
        return 2;
    }
    bw_status status = run(&s, argc, argv, &error);
    bw_onnx_evaluation_close(&s.evaluation);
    bw_onnx_close(&s.file);
    bw_arena_free(&s.arena);
    for (size_t index = 0; index < MOST_INPUTS; index++)
        bw_unmap_file(&s.maps[index]);
    bw_unmap_file(&s.model);
    if (status != BW_OK)
        fprintf(stderr, "%s\n", error.message);
    return status == BW_OK ? 0 : status == BW_ERROR_UNSUPPORTED ? REFUSED : 1;
}
