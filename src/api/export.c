/**
 * Models written in other formats.
 */
#include "export/export.h"

#include "api/api.h"
#include "passes/passes.h"

void bw_onnx_options_init(bw_onnx_options *options)
{
    *options =
        (bw_onnx_options){.opset = 13, .confidence = 0.25f, .iou = 0.45f, .max_detections = 300};
}

static bw_status check_options(const bw_onnx_options *options, bw_error *error)
{
    int least = BW_ONNX_LEAST_OPSET;
    if (options->opset < least || options->opset > BW_ONNX_MOST_OPSET)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "operator set %d of ONNX cannot be written here; %d to %d can",
                       options->opset, least, BW_ONNX_MOST_OPSET);
    if (options->raw && options->nms)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "raw heads and suppression exclude each other: it needs boxes");
    if (options->max_detections < 1)
        return bw_fail(error, BW_ERROR_ARGUMENT, "at most %d boxes makes no sense",
                       options->max_detections);
    return BW_OK;
}

/* The exporter decodes YOLO's own heads; others come from ONNX files, which are there already. */
static bw_status check_heads(const bw_graph *graph, const bw_model *model, bw_error *error)
{
    for (size_t index = 0; index < graph->output_count; index++) {
        const bw_head *head = &graph->outputs[index].head;
        if (head->kind > BW_HEAD_YOLOX || head->form == BW_HEAD_SCALED_LOGITS)
            return bw_fail(
                error, BW_ERROR_UNSUPPORTED,
                "a network with the head of %s is not written as ONNX: use the file that "
                "it comes from",
                model->import.head ? model->import.head : "YOLO");
    }
    return BW_OK;
}

/* What is written of a graph of the model's. */
static bw_export describe(const bw_graph *graph, const bw_model *model)
{
    return (bw_export){.graph = graph,
                       .names = model->names,
                       .classes = model->classes,
                       .fingerprint = model->fingerprint,
                       .resize = model->import.resize,
                       .padding = model->import.padding};
}

static bw_status write_graph(bw_graph *graph, const bw_model *model, const char *path,
                             const bw_onnx_options *options, bw_error *error)
{
    bw_portable portable = {options->symmetric ? BW_LARGEST_INTEGER : BW_SHORT_INTEGER,
                            options->halvings, options->symmetric};
    bw_status status =
        options->calibration
            ? bw_graph_quantize_portably(graph, options->calibration, &portable, error)
            : BW_OK;
    if (status != BW_OK)
        return status;
    bw_export what = describe(graph, model);
    what.options = options;
    return bw_export_onnx(path, &what, error);
}

bw_status bw_model_write_onnx(const bw_model *model, const char *path,
                              const bw_onnx_options *options, bw_error *error)
{
    bw_onnx_options defaults;
    bw_onnx_options_init(&defaults);
    options = options ? options : &defaults;
    bw_graph graph;
    bw_status status = check_options(options, error);
    if (status == BW_OK)
        status = check_heads(&model->import.graph, model, error);
    if (status == BW_OK)
        status = bw_graph_optimise(&graph, model, error);
    if (status != BW_OK)
        return status;
    status = write_graph(&graph, model, path, options, error);
    bw_graph_free(&graph);
    return status;
}

bw_status bw_model_write_darknet(const bw_model *model, const char *path, bw_error *error)
{
    bw_graph graph;
    bw_status status = bw_graph_clone(&graph, &model->import.graph, error);
    if (status != BW_OK)
        return status;
    bw_export what = describe(&graph, model);
    status = bw_pass_remove_dead(&graph, error);
    if (status == BW_OK)
        status = bw_export_darknet(path, &what, error);
    bw_graph_free(&graph);
    return status;
}
