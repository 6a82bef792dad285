#include "fastest.h"

#include <stdio.h>
#include <string.h>

#include "base/cpu.h"

enum { LEAST_RUNS = 3, MOST_RUNS = 50 };

static const uint64_t enough_nanoseconds = 1000000000;

static bool takes_part(bw_precision precision, const bw_model *model,
                       const bw_build_options *options)
{
    uint32_t cpu = options->cpu_mask & bw_cpu_features();
    bw_model_info info;
    bw_model_describe(model, &info);
    switch (precision) {
    case BW_PRECISION_FP32: return true;
    case BW_PRECISION_BF16: return (cpu & (BW_CPU_AVX512_BF16 | BW_CPU_AMX)) != 0;
    case BW_PRECISION_INT8: return options->calibration != NULL || info.quantized;
    case BW_PRECISION_COUNT: break;
    }
    return false;
}

/* The least nanoseconds of some runs, after one that does not count. */
static bw_status time_engine(uint64_t *least, bw_engine *engine, bw_error *error)
{
    bw_status status = bw_engine_profile(engine, 1, NULL, error);
    uint64_t start = bw_clock(), before = start;
    *least = UINT64_MAX;
    for (int run = 0; status == BW_OK && run < MOST_RUNS; run++) {
        status = bw_engine_profile(engine, 1, NULL, error);
        uint64_t now = bw_clock();
        *least = now - before < *least ? now - before : *least;
        before = now;
        if (run + 1 >= LEAST_RUNS && now - start > enough_nanoseconds)
            break;
    }
    return status;
}

static bw_status build_and_time(bw_plan **plan, uint64_t *time, const bw_model *model,
                                const bw_build_options *options, bw_error *error)
{
    bw_run_options run;
    bw_run_options_init(&run);
    run.threads = options->threads;
    bw_engine *engine;
    bw_status status = bw_plan_build(plan, model, options, error);
    if (status == BW_OK)
        status = bw_engine_open(&engine, *plan, &run, error);
    if (status != BW_OK)
        return status;
    status = time_engine(time, engine, error);
    bw_engine_close(&engine);
    return status;
}

/* The plan tells which precisions it was the fastest of. */
static bw_status note(bw_plan *plan, const bool tried[BW_PRECISION_COUNT], bw_error *error)
{
    char words[80] = "best_of";
    for (int index = 0; index < BW_PRECISION_COUNT; index++) {
        size_t used = strlen(words);
        if (tried[index])
            snprintf(words + used, sizeof words - used, "%c%s", strchr(words, '=') ? '+' : '=',
                     bw_precision_name((bw_precision)index));
    }
    return bw_plan_note(plan, words, error);
}

bw_status bw_build_fastest(bw_plan **out, const bw_model *model, const bw_build_options *options,
                           bw_error *error)
{
    *out = NULL;
    bw_build_options one = *options;
    uint64_t best = UINT64_MAX, time = 0;
    bool tried[BW_PRECISION_COUNT] = {false};
    bw_status status = BW_OK;
    for (int index = 0; status == BW_OK && index < BW_PRECISION_COUNT; index++) {
        one.precision = (bw_precision)index;
        tried[index] = takes_part(one.precision, model, options);
        if (!tried[index])
            continue;
        bw_plan *plan = NULL;
        status = build_and_time(&plan, &time, model, &one, error);
        if (status == BW_OK && time < best) {
            bw_plan *slower = *out;
            *out = plan;
            plan = slower;
            best = time;
        }
        bw_plan_close(&plan);
    }
    if (status == BW_OK)
        status = note(*out, tried, error);
    if (status != BW_OK)
        bw_plan_close(out);
    return status;
}
