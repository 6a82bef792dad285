/**
 * boxwright convert: a network as a file for other programs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/path.h"
#include "model.h"
#include "search.h"
#include "target.h"
#include "terminal.h"
#include "verb.h"

typedef struct convert_options {
    const char *output;
    int to; /* index of formats */
    bool raw, nms, dynamic_batch, int8, symmetric;
    int opset, max_detections, threads;
    float confidence, iou;
    bw_model_choice model;
    bw_precision_choice precision;
    bw_gate_choice gate;
} convert_options;

enum { TO_ONNX, TO_DARKNET };

static const char *const formats[] = {"onnx", "darknet", NULL};

static const bw_option file_table[] = {
    {"to", "FORMAT", "onnx (default), or darknet: a .cfg, and beside it .weights and .names",
     bw_read_choice, offsetof(convert_options, to), 0, 0, formats},
    {"output", "FILE", "the file to write (required)", bw_read_text,
     offsetof(convert_options, output), 0, 0, NULL},
    {"opset", "N", "version of ONNX's operator set, 13 (default) to 21", bw_read_int,
     offsetof(convert_options, opset), 13, 21, NULL},
    {"dynamic-batch", NULL, "leave the number of pictures open, instead of 1", bw_read_flag,
     offsetof(convert_options, dynamic_batch), 0, 0, NULL},
    {0},
};

static const bw_option box_table[] = {
    {"raw", NULL, "give the heads' tensors, not boxes", bw_read_flag,
     offsetof(convert_options, raw), 0, 0, NULL},
    {"with-nms", NULL, "end in non-maximum suppression", bw_read_flag,
     offsetof(convert_options, nms), 0, 0, NULL},
    {"conf", "SCORE", "with it: keep boxes that score more (default 0.25)", bw_read_float,
     offsetof(convert_options, confidence), 0, 1, NULL},
    {"iou", "OVERLAP", "with it: drop a box that overlaps a better one more (default 0.45)",
     bw_read_float, offsetof(convert_options, iou), 0, 1, NULL},
    {"max-det", "N", "with it: most boxes of a class in a picture (default 300)", bw_read_int,
     offsetof(convert_options, max_detections), 1, 100000, NULL},
    {0},
};

static const bw_option quantized_table[] = {
    {"int8-qdq", NULL,
     "quantise, with QuantizeLinear and DequantizeLinear; needs --calib or --ranges", bw_read_flag,
     offsetof(convert_options, int8), 0, 0, NULL},
    {"symmetric", NULL, "signed bytes about zero and weights of 8 bits, as TensorRT wants",
     bw_read_flag, offsetof(convert_options, symmetric), 0, 0, NULL},
    {"calib", "DIR", "pictures that show the range of the numbers; 'noise': for speed only",
     bw_read_text, offsetof(convert_options, precision) + offsetof(bw_precision_choice, calib), 0,
     0, NULL},
    {"calib-images", "N", "take at most so many of them (default 128)", bw_read_int,
     offsetof(convert_options, precision) + offsetof(bw_precision_choice, pictures), 1, 100000,
     NULL},
    {"threads", "N", "threads of calibration and check (default: one for each processor)",
     bw_read_int, offsetof(convert_options, threads), 1, 1024, NULL},
    {0},
};

static const bw_option_group groups[] = {
    {"Output", file_table, 0},
    {"Boxes", box_table, 0},
    {"INT8", quantized_table, 0},
    {"Accuracy of INT8", bw_gate_options, offsetof(convert_options, gate)},
    {"Calibration", bw_ranges_options, offsetof(convert_options, precision)},
    {"Network", bw_model_options, offsetof(convert_options, model)},
    {0},
};

static const bw_short_option short_options[] = {{'o', "output"}, {0}};

static int run_convert(int argc, char **argv);

const bw_verb bw_verb_convert = {
    {
        .name = "convert",
        .summary = "Write a network as a file for other programs",
        .operands = "[MODEL]",
        .details =
            "Writes ONNX, or darknet's files. In ONNX the input is 'images', [batch, 3, height,\n"
            "width], RGB from 0 to 1. The output is 'boxes', [batch, boxes, 5 + classes]: centre,\n"
            "width and height in pixels of the input, objectness, class probabilities. With\n"
            "--with-nms it is 'detections', [boxes, 7]: image, left, top, right, bottom, class,\n"
            "score.\n"
            "\n"
            "Exit status: 0 written, 4 INT8 loses too much accuracy and nothing is written, 2 "
            "wrong\n"
            "use, 1 failure.",
        .groups = groups,
        .short_options = short_options,
    },
    run_convert,
};

static void print_summary(const convert_options *options, const bw_model *model)
{
    bw_model_info info;
    bw_model_describe(model, &info);
    bw_print_clean(stdout, options->output);
    if (options->to == TO_DARKNET) {
        printf(": darknet, FP32, %d x %d pixels; weights and names are beside it\n", info.width,
               info.height);
        return;
    }
    printf(": ONNX, operator set %d, %s, %s, %d x %d pixels\n", options->opset,
           options->int8 ? "INT8 as QDQ" : "FP32",
           options->raw   ? "raw heads"
           : options->nms ? "boxes after suppression"
                          : "boxes",
           info.width, info.height);
}

/* Judges a plan of the very bytes and floats that the file will have, and finds how many layers
 * must stay floats for it to pass. */
static bw_status pass_gate(int *halvings, bw_calibration *calibration,
                           const convert_options *options, const bw_model *model,
                           bw_gate_outcome *outcome, bw_error *error)
{
    bw_machine_choice machine = bw_machine_defaults;
    machine.threads = options->threads;
    bw_plan_choice choice = {.model = &options->model,
                             .precision = &options->precision,
                             .machine = &machine,
                             .gate = &options->gate,
                             .outcome = outcome};
    bw_build_options build;
    bw_build_options_init(&build);
    build.precision = BW_PRECISION_INT8;
    build.calibration = calibration;
    build.portable = true;
    build.symmetric = options->symmetric;
    bw_plan *plan;
    bw_status status = bw_build_calibrated(&plan, model, &choice, &build, error);
    bw_plan_close(&plan);
    *halvings = build.halvings;
    return status;
}

static bw_status write_onnx(const convert_options *options, const bw_model *model,
                            bw_gate_outcome *outcome, bw_error *error)
{
    bw_calibration *calibration = NULL;
    int halvings = 0;
    bw_status status =
        bw_calibrate(&calibration, model, &options->precision, options->threads, error);
    if (status == BW_OK && options->int8)
        status = pass_gate(&halvings, calibration, options, model, outcome, error);
    bw_onnx_options onnx = {.opset = options->opset,
                            .raw = options->raw,
                            .nms = options->nms,
                            .dynamic_batch = options->dynamic_batch,
                            .confidence = options->confidence,
                            .iou = options->iou,
                            .max_detections = options->max_detections,
                            .calibration = calibration,
                            .symmetric = options->symmetric,
                            .halvings = halvings};
    if (status == BW_OK)
        status = bw_model_write_onnx(model, options->output, &onnx, error);
    bw_calibration_close(&calibration);
    return status;
}

static bw_status convert(const convert_options *options, const bw_model *model,
                         bw_gate_outcome *outcome, bw_error *error)
{
    bw_status status = options->to == TO_DARKNET
                           ? bw_model_write_darknet(model, options->output, error)
                           : write_onnx(options, model, outcome, error);
    if (status == BW_OK)
        print_summary(options, model);
    if (status == BW_OK && options->int8)
        bw_gate_print(stdout, "Accuracy: ", outcome);
    return status;
}

/* What is wrong with the name of the output, or NULL. */
static const char *find_misnomer(const convert_options *options)
{
    const char *output = options->output;
    bool beside = bw_has_suffix(output, ".weights") || bw_has_suffix(output, ".names");
    if (options->to == TO_DARKNET && beside)
        return "darknet's weights and names are written beside the .cfg: name that, -o FILE.cfg";
    if (options->to == TO_ONNX && (beside || bw_has_suffix(output, ".cfg")))
        return "ONNX is to be written: name it -o FILE.onnx, or add --to darknet";
    return NULL;
}

/* Whether what only --with-nms uses was changed. */
static bool changes_suppression(const convert_options *options, const bw_onnx_options *defaults)
{
    return options->confidence != defaults->confidence || options->iou != defaults->iou ||
           options->max_detections != defaults->max_detections;
}

static int check(const convert_options *options, const bw_onnx_options *defaults, int operands)
{
    const bw_usage *usage = &bw_verb_convert.usage;
    if (operands > 1 || (operands == 1 && options->model.model))
        return bw_usage_error(usage, "one model at a time");
    if (!options->output)
        return bw_usage_error(usage, "say where to write: -o FILE.%s",
                              options->to == TO_DARKNET ? "cfg" : "onnx");
    const char *misnomer = find_misnomer(options);
    if (misnomer)
        return bw_usage_error(usage, "%s", misnomer);
    bool shaped = options->raw || options->nms || options->dynamic_batch || options->int8;
    if (options->to == TO_DARKNET && shaped)
        return bw_usage_error(usage, "--raw, --with-nms, --dynamic-batch and --int8-qdq are for "
                                     "ONNX");
    if (options->raw && options->nms)
        return bw_usage_error(usage, "--raw and --with-nms exclude each other");
    if (!options->nms && changes_suppression(options, defaults))
        return bw_usage_error(usage, "--conf, --iou and --max-det go with --with-nms");
    if ((options->precision.ranges || options->precision.save_ranges) && !options->int8)
        return bw_usage_error(usage, "--ranges and --save-ranges go with --int8-qdq");
    if (options->symmetric && !options->int8)
        return bw_usage_error(usage, "--symmetric goes with --int8-qdq");
    if ((options->gate.off || options->gate.max_drop >= 0) && !options->int8)
        return bw_usage_error(usage, "--max-drop and --no-gate go with --int8-qdq");
    return BW_EXIT_OK;
}

/* Whether all that will be written can be, and replaces nothing of the model. */
static bw_status check_output(const convert_options *options, bw_error *error)
{
    bw_status status = bw_target_check(options->output, &options->model, error);
    if (status == BW_OK && options->to == TO_DARKNET)
        status = bw_target_check_beside(options->output, ".weights", &options->model, error);
    if (status == BW_OK && options->to == TO_DARKNET)
        status = bw_target_check_beside(options->output, ".names", &options->model, error);
    return status;
}

static int run_convert(int argc, char **argv)
{
    bw_onnx_options defaults;
    bw_onnx_options_init(&defaults);
    convert_options options = {.opset = defaults.opset,
                               .confidence = defaults.confidence,
                               .iou = defaults.iou,
                               .max_detections = defaults.max_detections,
                               .precision = bw_precision_defaults,
                               .gate = bw_gate_defaults};
    int operands;
    bw_options_result result =
        bw_options_read(&bw_verb_convert.usage, &options, argc, argv, &operands);
    if (result != BW_OPTIONS_RUN)
        return result == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    int wrong = check(&options, &defaults, operands);
    if (wrong != BW_EXIT_OK)
        return wrong;
    if (operands == 1)
        options.model.model = argv[0];
    options.precision.precision = options.int8 ? BW_PRECISION_INT8 : BW_PRECISION_FP32;
    bw_error error;
    bw_model *model;
    char *path;
    bw_gate_outcome outcome = {0};
    bw_status status = check_output(&options, &error);
    if (status == BW_OK)
        status = bw_model_open(&model, &path, &options.model, &error);
    if (status == BW_OK) {
        status = convert(&options, model, &outcome, &error);
        bw_model_close(&model);
        free(path);
    }
    if (status == BW_OK)
        return BW_EXIT_OK;
    bw_print_message(error.message);
    return outcome.refused ? BW_EXIT_GATE : bw_exit_status(&error);
}
