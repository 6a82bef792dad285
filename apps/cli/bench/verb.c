/**
 * boxwright bench: times the network alone and reports as trtexec does.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "bench/sweep.h"
#include "eval.h"
#include "terminal.h"
#include "verb.h"

/* ---- Options -------------------------------------------------------------------------------- */

static bw_status read_percentiles(const bw_option *option, void *field, const char *text,
                                  bw_error *error)
{
    bw_percentiles read = {0};
    const char *at = text;
    for (;;) {
        char *end;
        double percent = strtod(at, &end);
        if (end == at || (*end != ',' && *end) || !(percent > 0 && percent < 100))
            return bw_fail(error, BW_ERROR_ARGUMENT,
                           "--%s takes numbers between 0 and 100 parted by commas, not '%s'",
                           option->name, text);
        if (read.count == BW_MOST_PERCENTILES)
            return bw_fail(error, BW_ERROR_ARGUMENT, "--%s takes at most %d numbers", option->name,
                           BW_MOST_PERCENTILES);
        read.percents[read.count++] = percent;
        if (!*end)
            break;
        at = end + 1;
    }
    *(bw_percentiles *)field = read;
    return BW_OK;
}

static bw_status read_axes(const bw_option *option, void *field, const char *text, bw_error *error)
{
    (void)option;
    return bw_axes_read(field, text, error);
}

static const bw_option measurement_table[] = {
    {"duration", "SECONDS", "measure for so long (default 3)", bw_read_float,
     offsetof(bw_bench_options, duration), 0, 86400, NULL},
    {"warmup", "MS", "run for so long before measuring (default 200)", bw_read_float,
     offsetof(bw_bench_options, warmup), 0, 3600000, NULL},
    {"percentile", "LIST", "percentiles of latency to tell (default 90,95,99)", read_percentiles,
     offsetof(bw_bench_options, percentiles), 0, 0, NULL},
    {"price-per-hour", "X", "what the machine costs an hour, for the cost of a million images",
     bw_read_float, offsetof(bw_bench_options, price_per_hour), 0, 1e6, NULL},
    {"watts", "X", "estimate energy at this power where the machine does not measure it",
     bw_read_float, offsetof(bw_bench_options, watts), 0, 1e6, NULL},
    {0},
};

static const bw_option output_table[] = {
    {"json", "FILE", "write the result as JSON too", bw_read_text, offsetof(bw_bench_options, json),
     0, 0, NULL},
    {"profile", NULL, "show the time of each step", bw_read_flag,
     offsetof(bw_bench_options, profile), 0, 0, NULL},
    {"export-profile", "FILE", "write the time of each step as JSON, as trtexec does", bw_read_text,
     offsetof(bw_bench_options, export_profile), 0, 0, NULL},
    {"sweep", "AXES",
     "measure each of these settings, such as batch=1,2,4,8 threads=1,2; write CSV and plots",
     read_axes, offsetof(bw_bench_options, axes), 0, 0, NULL},
    {"out", "DIR", "folder for what the sweep writes (default " BW_SWEEP_FOLDER ")", bw_read_text,
     offsetof(bw_bench_options, out), 0, 0, NULL},
    {0},
};

static const bw_option quality_table[] = {
    {"truth", "PATH", "labelled pictures, as eval takes them, to measure accuracy on", bw_read_text,
     offsetof(bw_bench_options, truth), 0, 0, NULL},
    {"images", "DIR", "folder of the pictures (default: beside the labels)", bw_read_text,
     offsetof(bw_bench_options, images), 0, 0, NULL},
    {0},
};

static const bw_option_group groups[] = {
    {"Measurement", measurement_table, 0},
    {"Quality", quality_table, 0},
    {"Output", output_table, 0},
    {"Network", bw_model_options, offsetof(bw_bench_options, model)},
    {"Precision", bw_precision_options, offsetof(bw_bench_options, precision)},
    {"Machine", bw_machine_options, offsetof(bw_bench_options, machine)},
    {0},
};

static int run_bench(int argc, char **argv);

static const bw_short_option short_options[] = {{'o', "out"}, {0}};

const bw_verb bw_verb_bench = {
    {
        .name = "bench",
        .summary = "Time a network on this machine",
        .operands = "[MODEL]",
        .details =
            "Runs the network alone, without reading pictures, one batch after the other, and\n"
            "tells its throughput, what it costs, its memory and its energy; with --truth its\n"
            "accuracy, too. MODEL is what --model takes.",
        .groups = groups,
        .short_options = short_options,
    },
    run_bench,
};

/* The words of a sweep's axes may follow --sweep one by one; one other word is the model. */
static bw_status read_operand(bw_bench_options *options, const char *operand, bw_error *error)
{
    if (options->axes.swept && bw_axes_match(operand))
        return bw_axes_read(&options->axes, operand, error);
    if (options->model.model)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "'%s' is one word too many: the model is '%s' already", operand,
                       options->model.model);
    options->model.model = operand;
    return BW_OK;
}

static bw_status check_options(const bw_bench_options *options, bw_error *error)
{
    if (options->axes.swept && (options->profile || options->export_profile))
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "a profile is of one setting: leave out --sweep or --%s",
                       options->profile ? "profile" : "export-profile");
    if (options->out && !options->axes.swept)
        return bw_fail(error, BW_ERROR_ARGUMENT, "--out is for what --sweep writes; give both");
    if (options->images && !options->truth)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "--images is for the labels of --truth; give both");
    if (options->truth && options->axes.swept)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "accuracy is the same in all settings of a sweep: leave out --truth");
    return BW_OK;
}

static bw_status read_operands(bw_bench_options *options, int count, char **operands,
                               bw_error *error)
{
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && i < count; i++)
        status = read_operand(options, operands[i], error);
    return status == BW_OK ? check_options(options, error) : status;
}

/* ---- One setting ---------------------------------------------------------------------------- */

static bw_status write_files(const bw_bench_options *options, const bw_bench_point *point,
                             const bw_bench_profile *profile, const bw_plan *plan, bw_error *error)
{
    bw_status status = BW_OK;
    if (options->json)
        status = bw_bench_write_json(options->json, bw_bench_json(point, options), error);
    if (status == BW_OK && options->export_profile)
        status = bw_bench_write_json(options->export_profile, bw_bench_profile_json(profile, plan),
                                     error);
    return status;
}

/* Measures accuracy as eval does, where there are labels. */
static bw_status judge(bw_bench_point *point, const bw_bench_options *options, const bw_plan *plan,
                       bw_error *error)
{
    double summary[BW_SUMMARY_FIGURES];
    bw_eval_labels labels = {
        .truth = options->truth, .images = options->images, .names = options->model.names};
    bw_eval_run how = bw_eval_run_defaults;
    how.threads = options->machine.threads;
    how.streams = options->machine.streams;
    if (!options->truth)
        return BW_OK;
    bw_status status = bw_eval_measure_plan(summary, &point->pictures, plan, &labels, &how, error);
    if (status != BW_OK)
        return status;
    point->judged = true;
    point->ap = summary[0];
    point->ap50 = summary[1];
    return BW_OK;
}

static bw_status bench_plan(const bw_bench_options *options, const bw_plan *plan, bw_error *error)
{
    bw_bench_point point;
    bw_bench_profile profile = {0};
    bool profiled = options->profile || options->export_profile;
    bw_status status = bw_bench_measure(&point, profiled ? &profile : NULL, options, plan, error);
    if (status == BW_OK)
        status = judge(&point, options, plan, error);
    if (status == BW_OK) {
        bw_bench_print(&point, options);
        if (options->profile)
            bw_bench_print_profile(&profile, plan);
        status = write_files(options, &point, &profile, plan, error);
    }
    bw_bench_profile_free(&profile);
    return status;
}

static bw_status bench_once(const bw_bench_options *options, bw_error *error)
{
    bw_plan *plan;
    char *path;
    bw_plan_choice choice = {
        .model = &options->model, .precision = &options->precision, .machine = &options->machine};
    bw_status status = bw_plan_open(&plan, &path, &choice, error);
    if (status != BW_OK)
        return status;
    status = bench_plan(options, plan, error);
    bw_plan_close(&plan);
    free(path);
    return status;
}

static int run_bench(int argc, char **argv)
{
    bw_bench_options options = {
        .precision = bw_precision_defaults,
        .machine = bw_machine_defaults,
        .duration = 3,
        .warmup = 200,
        .percentiles = {{90, 95, 99}, 3},
        .price_per_hour = -1,
        .watts = -1,
    };
    int operands;
    bw_options_result result =
        bw_options_read(&bw_verb_bench.usage, &options, argc, argv, &operands);
    if (result != BW_OPTIONS_RUN)
        return result == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    bw_error error;
    if (read_operands(&options, operands, argv, &error) != BW_OK)
        return bw_usage_error(&bw_verb_bench.usage, "%s", error.message);
    bw_status status =
        options.axes.swept ? bw_sweep_run(&options, &error) : bench_once(&options, &error);
    if (status != BW_OK)
        bw_print_message(error.message);
    return status == BW_OK ? BW_EXIT_OK : bw_exit_status(&error);
}
