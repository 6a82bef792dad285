#include "bench/measure.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cpu.h"
#include "base/memory.h"

enum { MOST_RUNS = 10000000 };

#define ENERGY_INTERVAL 10000000000u

/* A measurement under way; times in milliseconds. */
typedef struct recording {
    bw_engine *engine;
    double *latencies; /* a run */
    size_t runs, capacity;
    uint64_t *step_times; /* nanoseconds of the current run; NULL without a profile */
    bw_bench_profile *profile;
    bw_energy_meter meter;
    uint64_t energy_read; /* when the meter was read last */
} recording;

void bw_bench_profile_free(bw_bench_profile *profile)
{
    free(profile->times);
    *profile = (bw_bench_profile){0};
}

static bw_status open_profile(recording *take, bw_bench_profile *profile, int steps,
                              bw_error *error)
{
    size_t rows = (size_t)steps + 1;
    *profile = (bw_bench_profile){.steps = steps};
    profile->times = calloc(rows, BW_PROFILED_RUNS * sizeof *profile->times);
    take->step_times = calloc(rows, sizeof *take->step_times);
    take->profile = profile;
    if (!profile->times || !take->step_times)
        return bw_fail_memory(error, rows * BW_PROFILED_RUNS * sizeof(double), "the profile");
    return BW_OK;
}

static bw_status warm_up(recording *take, double milliseconds, bw_error *error)
{
    uint64_t end = bw_clock() + (uint64_t)(milliseconds * 1e6);
    bw_status status;
    do
        status = bw_engine_profile(take->engine, 1, take->step_times, error);
    while (status == BW_OK && bw_clock() < end);
    return status;
}

static void keep_steps(recording *take)
{
    bw_bench_profile *profile = take->profile;
    if (!profile || profile->runs >= BW_PROFILED_RUNS)
        return;
    assert(take->step_times);
    for (int step = 0; step < profile->steps; step++)
        profile->times[(size_t)step * BW_PROFILED_RUNS + profile->runs] =
            (double)take->step_times[step] / 1e6;
    profile->runs++;
}

static bw_status record_run(recording *take, bw_error *error)
{
    if (!bw_array_reserve((void **)&take->latencies, &take->capacity, take->runs + 1,
                          sizeof *take->latencies))
        return bw_fail_memory(error, take->runs * sizeof(double), "the measurements");
    if (take->step_times)
        memset(take->step_times, 0, (size_t)take->profile->steps * sizeof *take->step_times);
    uint64_t start = bw_clock();
    bw_status status = bw_engine_profile(take->engine, 1, take->step_times, error);
    if (status != BW_OK)
        return status;
    uint64_t end = bw_clock();
    take->latencies[take->runs++] = (double)(end - start) / 1e6;
    keep_steps(take);
    if (end - take->energy_read > ENERGY_INTERVAL) {
        bw_energy_read(&take->meter);
        take->energy_read = end;
    }
    return BW_OK;
}

static double peak_megabytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss * 1024 / 1e6 : 0;
}

static void summarize(bw_bench_point *point, recording *take, const bw_bench_options *options)
{
    point->runs = take->runs;
    const int *setting = point->setting.value;
    double images = (double)take->runs * setting[BW_AXIS_BATCH] * setting[BW_AXIS_STREAMS];
    point->throughput = images / point->wall_seconds;
    point->latency = bw_summarize(take->latencies, take->runs);
    for (int i = 0; i < options->percentiles.count; i++)
        point->percentiles[i] =
            bw_percentile(take->latencies, take->runs, options->percentiles.percents[i]);
    point->energy = take->meter.state;
    point->joules = take->meter.joules;
    point->peak_mb = peak_megabytes();
}

static bw_status record(bw_bench_point *point, recording *take, const bw_bench_options *options,
                        bw_error *error)
{
    bw_status status = warm_up(take, (double)options->warmup, error);
    bw_energy_start(&take->meter, BW_POWERCAP);
    uint64_t start = bw_clock(), end = start + (uint64_t)((double)options->duration * 1e9);
    take->energy_read = start;
    while (status == BW_OK && take->runs < MOST_RUNS && (!take->runs || bw_clock() < end))
        status = record_run(take, error);
    point->wall_seconds = (double)(bw_clock() - start) / 1e9;
    bw_energy_read(&take->meter);
    if (status == BW_OK)
        summarize(point, take, options);
    return status;
}

static bw_bench_point describe(const bw_plan_info *info, const bw_engine *engine)
{
    bw_engine_info running;
    bw_engine_describe(engine, &running);
    bw_bench_point point = {
        .width = info->model.width,
        .height = info->model.height,
        .setting.value = {[BW_AXIS_BATCH] = info->batch,
                          [BW_AXIS_THREADS] = running.threads,
                          [BW_AXIS_STREAMS] = running.streams},
        .precision = bw_precision_name(info->precision),
        .cpu_features = info->cpu_features,
        .weight_bytes = info->weight_bytes,
        .arena_bytes = info->arena_bytes * (uint64_t)running.streams,
    };
    memcpy(point.fingerprint, info->model.fingerprint, sizeof point.fingerprint);
    return point;
}

static bw_status open_engine(bw_engine **out, const bw_bench_options *options, const bw_plan *plan,
                             bw_error *error)
{
    bw_run_options run;
    bw_run_options_init(&run);
    run.threads = options->machine.threads;
    run.streams = options->machine.streams;
    return bw_engine_open(out, plan, &run, error);
}

bw_status bw_bench_measure(bw_bench_point *point, bw_bench_profile *profile,
                           const bw_bench_options *options, const bw_plan *plan, bw_error *error)
{
    bw_plan_info info;
    bw_plan_describe(plan, &info);
    recording take = {0};
    bw_status status = open_engine(&take.engine, options, plan, error);
    if (status != BW_OK)
        return status;
    *point = describe(&info, take.engine);
    if (profile)
        status = open_profile(&take, profile, info.steps, error);
    if (status == BW_OK)
        status = record(point, &take, options, error);
    bw_engine_close(&take.engine);
    free(take.latencies);
    free(take.step_times);
    return status;
}

double bw_bench_variation(const bw_bench_point *point)
{
    return point->latency.mean > 0 ? point->latency.deviation / point->latency.mean : 0;
}

double bw_bench_plan_mb(const bw_bench_point *point)
{
    return (double)(point->weight_bytes + point->arena_bytes) / 1e6;
}
