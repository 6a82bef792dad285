/**
 * Before the walk: which input takes the picture, how large it is, and all that constants decide
 * once that is known.
 */
#include <stdlib.h>
#include <string.h>

#include "import/onnx/lower.h"

enum { DEFAULT_SIDE = 640, LARGEST_SIDE = 1 << 16 };

static const double most_work = 1e9; /* steps of folding */

static bool has_constant(const bw_onnx_graph *graph, const char *name)
{
    for (size_t index = 0; index < graph->constant_count; index++) {
        if (strcmp(graph->constants[index].name, name) == 0)
            return true;
    }
    return false;
}

/* A side of "[640, 480]", 0 where the text is no such pair. */
static long listed_side(const char *text, int axis)
{
    char *end;
    if (*text != '[')
        return 0;
    long height = strtol(text + 1, &end, 10);
    if (*end != ',')
        return 0;
    const char *second = end + 1;
    long width = strtol(second, &end, 10);
    return end == second ? 0 : axis == 0 ? height : width;
}

/* A side that the file leaves open is that of the metadata ("[640, 480]"), or 640. */
static int open_side(const bw_onnx_lowering *lowering, int axis)
{
    const char *text = bw_onnx_find_metadata(lowering->file, "imgsz");
    long listed = text ? listed_side(text, axis) : 0;
    if (lowering->wanted[axis] > 0)
        return lowering->wanted[axis];
    return listed > 0 && listed <= LARGEST_SIDE ? (int)listed : DEFAULT_SIDE;
}

static bw_status measure(bw_onnx_lowering *lowering, const bw_onnx_value *value)
{
    int sides[2] = {0, 0};
    bool pictures = value->rank == 4 &&
                    (value->type == BW_ONNX_F32 || value->type == BW_ONNX_F16) &&
                    (value->dims[1] == 3 || value->dims[1] == -1);
    for (int axis = 0; pictures && axis < 2; axis++) {
        int64_t side = value->dims[2 + axis];
        pictures = side <= LARGEST_SIDE && side != 0;
        sides[axis] = side > 0 && pictures ? (int)side : open_side(lowering, axis);
    }
    if (!pictures)
        return bw_fail(lowering->error, BW_ERROR_UNSUPPORTED,
                       "input '%.80s' is not float[N, 3, height, width]: pictures of three "
                       "channels are what networks take here",
                       value->name);
    lowering->input = value;
    lowering->picture = (bw_shape){sides[0], sides[1], 3};
    return BW_OK;
}

/* Whether an input takes the size that boxes are to be given for, as RT-DETR's files have one. */
static bool takes_size(const bw_onnx_value *value)
{
    return value->type == BW_ONNX_I64 && value->rank == 2 && value->dims[1] == 2 &&
           value->dims[0] <= 1 && strstr(value->name, "target_size");
}

static bw_status choose_input(bw_onnx_lowering *lowering)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < graph->input_count; index++) {
        const bw_onnx_value *value = &graph->inputs[index];
        if (has_constant(graph, value->name))
            continue; /* older files list their constants among the inputs */
        if (!lowering->second && takes_size(value)) {
            lowering->second = value;
            continue;
        }
        if (lowering->input)
            return bw_fail(lowering->error, BW_ERROR_UNSUPPORTED,
                           "it has a second input, '%.80s'; only the picture is given here",
                           value->name);
        status = measure(lowering, value);
    }
    if (status == BW_OK && !lowering->input)
        status = bw_fail(lowering->error, BW_ERROR_UNSUPPORTED, "it has no input");
    return status;
}

bw_status bw_onnx_fold(bw_onnx_lowering *lowering, bw_onnx_evaluation **values)
{
    bw_status status = choose_input(lowering);
    if (status != BW_OK)
        return status;
    bw_shape shape = lowering->picture;
    bw_onnx_given given[2] = {
        {lowering->input->name,
         {.type = BW_ELEMENT_F32, .rank = 4, .dims = {1, 3, shape.height, shape.width}}}};
    lowering->sizes[0] = shape.width;
    lowering->sizes[1] = shape.height;
    if (lowering->second)
        given[1] = (bw_onnx_given){
            lowering->second->name,
            {.type = BW_ELEMENT_I64, .rank = 2, .dims = {1, 2}, .data = lowering->sizes}};
    bw_onnx_evaluate_options options = {.given = given,
                                        .given_count = lowering->second ? 2 : 1,
                                        .memory = lowering->graph->tensor_limit,
                                        .work = most_work,
                                        .batch = lowering->input->dims[0],
                                        .folds = true,
                                        .widens = true};
    status = bw_onnx_evaluate(values, lowering->file, &options, lowering->error);
    lowering->values = *values;
    return status;
}
