#include "bench/profile.h"

static double *step_times(const bw_bench_profile *profile, int step)
{
    return profile->times + (size_t)step * BW_PROFILED_RUNS;
}

double bw_profile_total(const bw_bench_profile *profile)
{
    double total = 0;
    for (int step = 0; step < profile->steps; step++)
        for (size_t run = 0; run < profile->runs; run++)
            total += step_times(profile, step)[run];
    return total;
}

bw_profile_line bw_profile_sum(const bw_bench_profile *profile, const bw_plan *plan, int index,
                               double total)
{
    bw_summary times = bw_summarize(step_times(profile, index), profile->runs);
    bw_profile_line line = {.mean = times.mean, .median = times.median};
    bw_plan_step(plan, index, &line.step);
    line.total = times.mean * (double)profile->runs;
    line.percent = total > 0 ? 100 * line.total / total : 0;
    return line;
}
