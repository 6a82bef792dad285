/**
 * boxwright bench: times the network alone and reports as trtexec does.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/memory.h"
#include "model.h"
#include "statistics.h"
#include "terminal.h"
#include "verb.h"

enum { PROFILED_RUNS = 1000, MOST_RUNS = 10000000 };

typedef struct bench_options {
    bw_model_choice model;
    bw_precision_choice precision;
    bw_machine_choice machine;
    float duration; /* seconds */
    float warmup;   /* milliseconds */
    bool profile;
    const char *json;
} bench_options;

static const bw_option bench_table[] = {
    {"duration", "SECONDS", "measure for so long (default 3)", bw_read_float,
     offsetof(bench_options, duration), 0, 86400, NULL},
    {"warmup", "MS", "run for so long before measuring (default 200)", bw_read_float,
     offsetof(bench_options, warmup), 0, 3600000, NULL},
    {"profile", NULL, "show the time of each step", bw_read_flag, offsetof(bench_options, profile),
     0, 0, NULL},
    {"json", "FILE", "write the result as JSON too", bw_read_text, offsetof(bench_options, json), 0,
     0, NULL},
    {0},
};

static const bw_option_group groups[] = {
    {"Measurement", bench_table, 0},
    {"Network", bw_model_options, offsetof(bench_options, model)},
    {"Precision", bw_precision_options, offsetof(bench_options, precision)},
    {"Machine", bw_machine_options, offsetof(bench_options, machine)},
    {0},
};

/* What was measured; times in milliseconds. */
typedef struct bench_result {
    double *latencies; /* a run */
    size_t runs, capacity;
    double *steps; /* [step][run], PROFILED_RUNS a row, where a profile was asked for */
    double wall_seconds;
    bw_summary latency;
    bw_engine_info engine;
} bench_result;

static void bench_free(bench_result *result)
{
    free(result->latencies);
    free(result->steps);
}

static bw_status warm_up(bw_engine *engine, double milliseconds, uint64_t *step_times,
                         bw_error *error)
{
    uint64_t end = bw_clock() + (uint64_t)(milliseconds * 1e6);
    bw_status status;
    do
        status = bw_engine_profile(engine, 1, step_times, error);
    while (status == BW_OK && bw_clock() < end);
    return status;
}

static void keep_steps(bench_result *result, const uint64_t *step_times, int steps)
{
    if (!result->steps || result->runs >= PROFILED_RUNS)
        return;
    for (int step = 0; step < steps; step++)
        result->steps[(size_t)step * PROFILED_RUNS + result->runs] = (double)step_times[step] / 1e6;
}

static bw_status measure_once(bench_result *result, bw_engine *engine, int steps,
                              uint64_t *step_times, bw_error *error)
{
    if (!bw_array_reserve((void **)&result->latencies, &result->capacity, result->runs + 1,
                          sizeof *result->latencies))
        return bw_fail_memory(error, result->runs * sizeof(double), "the measurements");
    if (step_times)
        memset(step_times, 0, (size_t)steps * sizeof *step_times);
    uint64_t start = bw_clock();
    bw_status status = bw_engine_profile(engine, 1, step_times, error);
    if (status != BW_OK)
        return status;
    result->latencies[result->runs] = (double)(bw_clock() - start) / 1e6;
    keep_steps(result, step_times, steps);
    result->runs++;
    return BW_OK;
}

static bw_status measure(bench_result *result, const bench_options *options, bw_engine *engine,
                         int steps, bw_error *error)
{
    size_t rows = (size_t)steps + 1;
    uint64_t *step_times = NULL;
    if (options->profile) {
        step_times = calloc(rows, sizeof *step_times);
        result->steps = calloc(rows, PROFILED_RUNS * sizeof *result->steps);
    }
    if (options->profile && (!step_times || !result->steps)) {
        free(step_times);
        return bw_fail_memory(error, rows * PROFILED_RUNS * sizeof(double), "the profile");
    }
    bw_status status = warm_up(engine, (double)options->warmup, step_times, error);
    uint64_t start = bw_clock(), end = start + (uint64_t)((double)options->duration * 1e9);
    while (status == BW_OK && result->runs < MOST_RUNS && (!result->runs || bw_clock() < end))
        status = measure_once(result, engine, steps, step_times, error);
    result->wall_seconds = (double)(bw_clock() - start) / 1e9;
    free(step_times);
    if (status == BW_OK)
        result->latency = bw_summarize(result->latencies, result->runs);
    return status;
}

static double throughput(const bench_result *result, const bench_options *options)
{
    double images = (double)result->runs * options->machine.batch * result->engine.streams;
    return images / result->wall_seconds;
}

static void print_summary(const bench_result *result, const bench_options *options)
{
    const bw_summary *latency = &result->latency;
    printf("=== Performance summary ===\n");
    printf("Throughput: %.3f images/s\n", throughput(result, options));
    printf("Latency: min = %.3f ms, max = %.3f ms, mean = %.3f ms, median = %.3f ms, "
           "percentile(90%%) = %.3f ms, percentile(95%%) = %.3f ms, percentile(99%%) = %.3f ms\n",
           latency->min, latency->max, latency->mean, latency->median, latency->p90, latency->p95,
           latency->p99);
    printf("Total Host Walltime: %.3f s (%zu runs)\n", result->wall_seconds, result->runs);
    if (latency->deviation > 0.1 * latency->mean)
        printf("Warning: the latency varies by %.0f %% (coefficient of variation); is something "
               "else running?\n",
               100 * latency->deviation / latency->mean);
}

static void print_profile(bench_result *result, const bw_plan *plan, int steps)
{
    size_t runs = result->runs < PROFILED_RUNS ? result->runs : PROFILED_RUNS;
    double total = 0;
    for (int step = 0; step < steps; step++)
        for (size_t run = 0; run < runs; run++)
            total += result->steps[(size_t)step * PROFILED_RUNS + run];
    printf("\n=== Profile (%zu iterations) ===\n", runs);
    printf("%11s %11s %11s %9s  %s\n", "Time(ms)", "Avg.(ms)", "Median(ms)", "Time(%)", "Layer");
    for (int step = 0; step < steps; step++) {
        bw_step_info info;
        bw_plan_step(plan, step, &info);
        bw_summary times = bw_summarize(result->steps + (size_t)step * PROFILED_RUNS, runs);
        double sum = times.mean * (double)runs;
        printf("%11.2f %11.4f %11.4f %9.1f  %s [%s]\n", sum, times.mean, times.median,
               total > 0 ? 100 * sum / total : 0, info.layer, info.kernel);
    }
    printf("%11.2f %11.4f %11s %9.1f  Total\n", total, total / (double)runs, "", 100.0);
}

static json_t *latency_json(const bw_summary *latency)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "min", latency->min, "mean",
                     latency->mean, "median", latency->median, "p90", latency->p90, "p95",
                     latency->p95, "p99", latency->p99, "max", latency->max);
}

static double peak_memory_mb(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss / 1024 : 0;
}

static bw_status write_json(const char *file, const bench_result *result,
                            const bench_options *options, const bw_plan_info *info, int threads,
                            bw_error *error)
{
    char isa[80];
    bw_cpu_describe(isa, sizeof isa, info->cpu_features);
    json_t *root = json_pack("{s:s, s:i, s:i, s:f, s:i, s:f, s:o, s:s, s:i, s:i, s:s, s:s, s:f}",
                             "fingerprint", info->model.fingerprint, "width", info->model.width,
                             "height", info->model.height, "throughput",
                             throughput(result, options), "runs", (int)result->runs, "wall_seconds",
                             result->wall_seconds, "latency_ms", latency_json(&result->latency),
                             "precision", "fp32", "batch", info->batch, "threads", threads, "cpu",
                             bw_cpu_name(), "isa", isa, "peak_memory_mb", peak_memory_mb());
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    if (!text)
        return bw_fail_memory(error, 4096, "the JSON result");
    bw_status status = bw_write_file(file, text, strlen(text), error);
    free(text);
    return status;
}

static bw_status bench_engine(const bench_options *options, const bw_plan *plan, bw_error *error)
{
    bw_plan_info info;
    bw_plan_describe(plan, &info);
    bw_run_options run;
    bw_run_options_init(&run);
    run.streams = options->machine.streams;
    run.threads = options->machine.threads ? options->machine.threads : bw_cpu_count();
    bw_engine *engine;
    bw_status status = bw_engine_open(&engine, plan, &run, error);
    if (status != BW_OK)
        return status;
    bench_result result = {0};
    bw_engine_describe(engine, &result.engine);
    status = measure(&result, options, engine, info.steps, error);
    bw_engine_close(&engine);
    if (status == BW_OK) {
        printf("%d x %d, batch %d, FP32, %d threads, %s\n\n", info.model.width, info.model.height,
               info.batch, run.threads, bw_cpu_name());
        print_summary(&result, options);
        if (options->profile)
            print_profile(&result, plan, info.steps);
        if (options->json)
            status = write_json(options->json, &result, options, &info, run.threads, error);
    }
    bench_free(&result);
    return status;
}

static int run_bench(int argc, char **argv);

const bw_verb bw_verb_bench = {
    {
        .name = "bench",
        .summary = "Time a network on this machine",
        .details = "Runs the network alone, without reading pictures, one batch after the other.",
        .groups = groups,
    },
    run_bench,
};

static int run_bench(int argc, char **argv)
{
    bench_options options = {.precision = bw_precision_defaults,
                             .machine = bw_machine_defaults,
                             .duration = 3,
                             .warmup = 200};
    int operands;
    bw_options_result result =
        bw_options_read(&bw_verb_bench.usage, &options, argc, argv, &operands);
    if (result != BW_OPTIONS_RUN)
        return result == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    bw_plan *plan;
    char *path;
    bw_error error;
    bw_status status =
        bw_plan_open(&plan, &path, &options.model, &options.precision, &options.machine, &error);
    if (status == BW_OK) {
        status = bench_engine(&options, plan, &error);
        bw_plan_close(&plan);
        free(path);
    }
    if (status != BW_OK)
        bw_print_message(error.message);
    return status == BW_OK ? BW_EXIT_OK : bw_exit_status(&error);
}
