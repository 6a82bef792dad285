/**
 * boxwright eval: predictions, or a model's detections, against labelled pictures.
 */
#include "eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "command.h"
#include "eval_report.h"

#include "terminal.h"
#include "verb.h"

static const char *const metrics[] = {"coco", "voc", "voc07", "darknet", NULL};
static const char *const resize_choices[] = {"auto", "letterbox", "stretch", "corner", NULL};

#define FIELD(name) offsetof(bw_eval_options, name)

static const bw_option truth_table[] = {
    {"truth", "PATH",
     "labelled pictures: COCO's JSON, a folder of YOLO text or of VOC's XML (required)",
     bw_read_text, FIELD(truth), 0, 0, NULL},
    {"images", "DIR", "folder of the pictures (default: beside the labels)", bw_read_text,
     FIELD(images), 0, 0, NULL},
    {0},
};

static const bw_option output_table[] = {
    {"metric", "WORD",
     "whose figures are printed: coco's (default), voc's as the area below the curve, voc07's at "
     "11 "
     "recalls, or darknet's",
     bw_read_choice, FIELD(metric), 0, 0, metrics},
    {"points", "N",
     "with voc or darknet: average precision over N recalls, such as 11 or 101; 0: the area "
     "(default)",
     bw_read_int, FIELD(points), 0, 1001, NULL},
    {"iou-thresh", "X", "with voc or darknet: the overlap that counts (default 0.5)", bw_read_float,
     FIELD(threshold), 0, 1, NULL},
    {"conf", "X", "tell precision and recall at this confidence, too (default 0.25)", bw_read_float,
     FIELD(confidence), 0, 1, NULL},
    {"out", "DIR", "write a report, plots, JSON and CSV into a folder", bw_read_text, FIELD(out), 0,
     0, NULL},
    {"worst", "N", "pictures that the report shows, the worst first (default 60)", bw_read_int,
     FIELD(worst), 0, 2000, NULL},
    {"json", "FILE", "write all figures as JSON", bw_read_text, FIELD(json), 0, 0, NULL},
    {"csv", "FILE", "write the table of classes as CSV", bw_read_text, FIELD(csv), 0, 0, NULL},
    {"gate", "NAME=-X:FILE",
     "exit with 4 when a figure, or one of several NAME=-X,NAME/CLASS=-X, is more than X below "
     "that "
     "of FILE, which --json wrote",
     bw_read_gate, FIELD(gate), 0, 0, NULL},
    {0},
};

static const bw_option model_table[] = {
    {"iou", "X", "overlap above which the weaker of two boxes goes (default 0.45)", bw_read_float,
     FIELD(iou), 0, 1, NULL},
    {"resize", "WORD",
     "letterbox and corner keep a picture's aspect, stretch does not (default auto: as the model "
     "asks)",
     bw_read_choice, FIELD(resize), 0, 0, resize_choices},
    {"padding", "N",
     "compute only N pixels of the padding around a picture, such as 16: faster; may change AP "
     "slightly (default all)",
     bw_read_int, FIELD(padding), 0, 65535, NULL},
    {0},
};

static const bw_option_group groups[] = {
    {"Ground truth", truth_table, 0},
    {"Output", output_table, 0},
    {"Detection, with --model", model_table, 0},
    {"Network", bw_model_options, FIELD(model)},
    {"Precision", bw_precision_options, FIELD(precision)},
    {"Machine", bw_machine_options, FIELD(machine)},
    {0},
};

static int run_eval(int argc, char **argv);

static const bw_short_option short_options[] = {{'o', "out"}, {0}};

const bw_verb bw_verb_eval = {
    {
        .name = "eval",
        .summary = "Measure accuracy against labelled pictures",
        .operands = "[PREDICTIONS]",
        .details =
            "PREDICTIONS is COCO results, darknet's JSON, a folder of YOLO text with confidence, "
            "or\n"
            "the folder of a run. Without it, --model says which network to run over the "
            "pictures,\n"
            "at confidence 0.001. The figures are COCO's, as pycocotools computes them.\n"
            "\n"
            "Exit status: 0 all good, 4 the gate is not passed, 2 wrong use, 1 failure.",
        .groups = groups,
        .short_options = short_options,
    },
    run_eval,
};

static int check_usage(const bw_eval_options *options, int predictions)
{
    const bw_usage *usage = &bw_verb_eval.usage;
    if (!options->truth)
        return bw_usage_error(usage, "say what is in the pictures: --truth PATH");
    if (predictions > 1)
        return bw_usage_error(usage, "there is one PREDICTIONS, a file or a folder");
    if (predictions == 0 && !options->model.model)
        return bw_usage_error(usage, "say what to measure: PREDICTIONS, or --model NAME|FILE");
    if (predictions == 1 && options->model.model)
        return bw_usage_error(usage, "PREDICTIONS and --model exclude each other");
    if (options->points == 1)
        return bw_usage_error(usage, "--points is 0, or at least 2");
    if (options->metric == BW_METRIC_COCO && (options->points >= 0 || options->threshold >= 0))
        return bw_usage_error(usage, "--points and --iou-thresh go with --metric voc or darknet");
    if (options->metric == BW_METRIC_VOC07 && options->points >= 0)
        return bw_usage_error(usage, "--metric voc07 has 11 points; --points goes with voc or "
                                     "darknet");
    return BW_EXIT_OK;
}

/* Fills the folder with everything there is. */
static bw_status write_folder(const bw_eval_options *options, const bw_eval_result *result,
                              bw_error *error)
{
    bw_arena arena = {0};
    bw_eval_page page = {
        .folder = options->out,
        .command = options->command ? options->command : "",
        .subject = options->predictions ? options->predictions : options->model.model,
        .truth = options->truth,
        .worst = options->worst,
    };
    const char *json = bw_arena_format(&arena, "%s/figures.json", options->out);
    const char *csv = bw_arena_format(&arena, "%s/classes.csv", options->out);
    bw_status status = json && csv ? bw_make_folders(options->out, error)
                                   : bw_fail_memory(error, strlen(options->out), "a file name");
    if (status == BW_OK)
        status = bw_eval_write_json(json, result, error);
    if (status == BW_OK)
        status = bw_eval_write_csv(csv, result, error);
    if (status == BW_OK)
        status = bw_eval_write_plots(options->out, result, error);
    if (status == BW_OK)
        status = bw_eval_write_sheet(options->out, result, error);
    if (status == BW_OK)
        status = bw_eval_write_report(result, &page, error);
    bw_arena_free(&arena);
    return status;
}

static bw_status write_files(const bw_eval_options *options, const bw_eval_result *result,
                             bw_error *error)
{
    bw_status status = BW_OK;
    if (options->json)
        status = bw_eval_write_json(options->json, result, error);
    if (status == BW_OK && options->csv)
        status = bw_eval_write_csv(options->csv, result, error);
    return status == BW_OK && options->out ? write_folder(options, result, error) : status;
}

/* What is asked of VOC's and darknet's rules. */
static bw_average_options average_options(const bw_eval_options *options)
{
    bw_average_options average;
    bw_average_options_init(&average);
    average.confidence = (double)options->confidence;
    if (options->metric == BW_METRIC_DARKNET)
        average.rules = BW_RULES_DARKNET;
    if (options->metric == BW_METRIC_VOC07)
        average.points = 11;
    if (options->points >= 0)
        average.points = options->points;
    if (options->threshold >= 0)
        average.iou = round((double)options->threshold * 1e6) / 1e6;
    return average;
}

static bw_status tell(const bw_eval_options *options, const bw_eval_result *result, bool *passed,
                      bw_error *error)
{
    bw_average_options average = average_options(options);
    bw_status status = bw_eval_print(result, (bw_metric)options->metric, &average, error);
    if (status == BW_OK)
        status = write_files(options, result, error);
    if (status == BW_OK && options->gate.file)
        status = bw_gate_check(passed, &options->gate, result, error);
    return status;
}

/* Whether more is asked for than what is printed. */
static bool is_full(const bw_eval_options *options)
{
    return options->json || options->csv || options->out || options->gate.file;
}

static bw_status measure(bw_evaluation *evaluation, const bw_eval_options *options, bool *passed,
                         bw_error *error)
{
    bw_eval_result result = {0};
    bw_status status = options->predictions
                           ? bw_evaluation_read(evaluation, options->predictions, error)
                           : bw_eval_run_model(evaluation, options, error);
    if (status == BW_OK)
        status = bw_eval_measure_all(&result, evaluation, (double)options->confidence,
                                     is_full(options), error);
    bw_print_warnings(bw_evaluation_warnings(evaluation));
    if (status == BW_OK)
        status = tell(options, &result, passed, error);
    bw_eval_result_free(&result);
    return status;
}

static int evaluate(const bw_eval_options *options)
{
    bw_evaluation *evaluation;
    bw_error error;
    bool passed = true;
    bw_status status = bw_evaluation_open(&evaluation, options->truth, options->images,
                                          options->model.names, &error);
    if (status == BW_OK)
        status = measure(evaluation, options, &passed, &error);
    bw_evaluation_close(&evaluation);
    if (status != BW_OK) {
        bw_print_message(error.message);
        return bw_exit_status(&error);
    }
    return passed ? BW_EXIT_OK : BW_EXIT_GATE;
}

static int run_eval(int argc, char **argv)
{
    bw_eval_options options = {
        .points = -1,
        .worst = 60,
        .threshold = -1,
        .confidence = 0.25f,
        .iou = 0.45f,
        .padding = -1,
        .precision = bw_precision_defaults,
        .machine = bw_machine_defaults,
    };
    int operands, exit_code;
    char *command = bw_command_text("eval", argc, argv);
    bw_options_result read = bw_options_read(&bw_verb_eval.usage, &options, argc, argv, &operands);
    options.command = command;
    options.predictions = operands ? argv[0] : NULL;
    if (read == BW_OPTIONS_RUN)
        exit_code = check_usage(&options, operands);
    else
        exit_code = read == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    if (read == BW_OPTIONS_RUN && exit_code == BW_EXIT_OK)
        exit_code = evaluate(&options);
    free(command);
    return exit_code;
}
