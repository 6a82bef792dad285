/**
 * The report as JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/file.h"
#include "bench/figures.h"
#include "bench/profile.h"
#include "bench/report.h"

static json_t *latency_json(const bw_bench_point *point, const bw_percentiles *percentiles)
{
    const bw_summary *latency = &point->latency;
    json_t *object = json_pack("{s:f, s:f, s:f}", "min", latency->min, "mean", latency->mean,
                               "median", latency->median);
    for (int i = 0; object && i < percentiles->count; i++) {
        char name[32];
        snprintf(name, sizeof name, "p%g", percentiles->percents[i]);
        json_object_set_new(object, name, json_real(point->percentiles[i]));
    }
    if (object)
        json_object_set_new(object, "max", json_real(latency->max));
    return object;
}

static json_t *real_or_null(bool known, double value)
{
    return known ? json_real(value) : json_null();
}

static json_t *energy_json(const bw_bench_figures *figures)
{
    static const char *const sources[] = {
        [BW_ENERGY_UNKNOWN] = NULL, [BW_ENERGY_RAPL] = "rapl", [BW_ENERGY_ESTIMATE] = "estimate"};
    bool known = figures->energy != BW_ENERGY_UNKNOWN;
    return json_pack("{s:s?, s:o, s:o, s:s?}", "source", sources[figures->energy],
                     "joules_per_image", real_or_null(known, figures->joules_per_image), "watts",
                     real_or_null(known, figures->watts), "not_measured", figures->no_energy);
}

static json_t *quality_json(const bw_bench_figures *figures)
{
    if (!figures->judged)
        return json_null();
    return json_pack("{s:f, s:f, s:I}", "AP", figures->ap, "AP50", figures->ap50, "pictures",
                     (json_int_t)figures->pictures);
}

static json_t *figures_json(const bw_bench_figures *figures)
{
    json_t *memory =
        json_pack("{s:f, s:f, s:f, s:f}", "peak", figures->peak_mb, "plan", figures->plan_mb,
                  "weights", figures->weights_mb, "activations", figures->arena_mb);
    return json_pack("{s:f, s:o, s:o, s:o, s:o}", "throughput", figures->throughput,
                     "cost_per_million_images", real_or_null(figures->priced, figures->cost),
                     "memory_mb", memory, "energy", energy_json(figures), "quality",
                     quality_json(figures));
}

json_t *bw_bench_json(const bw_bench_point *point, const bw_bench_options *options)
{
    char isa[80];
    bw_cpu_describe(isa, sizeof isa, point->cpu_features);
    bw_bench_figures figures = bw_bench_figures_make(point, options);
    json_t *object = json_pack(
        "{s:s, s:i, s:i, s:f, s:I, s:f, s:o, s:f, s:s, s:s, s:s, s:f, s:o}", "fingerprint",
        point->fingerprint, "width", point->width, "height", point->height, "throughput",
        point->throughput, "runs", (json_int_t)point->runs, "wall_seconds", point->wall_seconds,
        "latency_ms", latency_json(point, &options->percentiles), "latency_variation",
        bw_bench_variation(point), "precision", point->precision, "cpu", bw_cpu_name(), "isa", isa,
        "peak_memory_mb", figures.peak_mb, "figures", figures_json(&figures));
    for (int kind = 0; object && kind < BW_AXES; kind++)
        json_object_set_new(object, bw_axis_name((bw_axis_kind)kind),
                            json_integer(point->setting.value[kind]));
    return object;
}

json_t *bw_bench_profile_json(const bw_bench_profile *profile, const bw_plan *plan)
{
    double total = bw_profile_total(profile);
    json_t *list = json_pack("[{s:I}]", "count", (json_int_t)profile->runs);
    for (int i = 0; list && i < profile->steps; i++) {
        bw_profile_line line = bw_profile_sum(profile, plan, i, total);
        json_t *name = json_sprintf("%s [%s]", line.step.layer, line.step.kernel);
        json_t *object =
            json_pack("{s:o, s:f, s:f, s:f, s:f}", "name", name, "timeMs", line.total, "averageMs",
                      line.mean, "medianMs", line.median, "percentage", line.percent);
        if (json_array_append_new(list, object) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

bw_status bw_bench_write_json(const char *file, json_t *root, bw_error *error)
{
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(7)) : NULL;
    json_decref(root);
    if (!text)
        return bw_fail_memory(error, 4096, "the JSON result");
    bw_status status = bw_write_file(file, text, strlen(text), error);
    free(text);
    return status;
}
