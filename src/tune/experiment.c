#include "tune/experiment.h"

#include <math.h>
#include <stdlib.h>

#include "tune/random.h"

enum {
    LEAST_RUNS = 2,
    MOST_RUNS = 8, /* of a round */
    MOST_CYCLES = 6,
    MOST_SAMPLES = MOST_RUNS * MOST_CYCLES * 2,
};

static const uint64_t round_nanoseconds = 300000000; /* what the runs of a round may take */

/* The times of a candidate in a step. */
typedef struct samples {
    int count;
    uint64_t times[MOST_SAMPLES];
} samples;

typedef struct series {
    bw_groups *groups;
    const bw_experiment *experiment;
    int *shifts;      /* for each group, the candidate that its first step begins with */
    samples *samples; /* [step][candidate] */
    uint64_t *times;  /* of a round: [run][step] */
    int round;
} series;

static int candidate_of(const series *state, int step)
{
    const bw_groups *groups = state->groups;
    int index = groups->of_step[step];
    const bw_group_of_steps *group = &groups->items[index];
    if (!group->timed)
        return bw_group_best(group, state->experiment->sharing);
    return (state->shifts[index] + groups->ordinal[step] + state->round) % group->count;
}

static const bw_kernel *choose(void *context, const bw_operation *operation, int step)
{
    const series *state = context;
    (void)operation;
    const bw_group_of_steps *group = &state->groups->items[state->groups->of_step[step]];
    return group->candidates[candidate_of(state, step)];
}

static void keep_samples(series *state, int runs)
{
    int steps = state->groups->steps;
    for (int step = 0; step < steps; step++) {
        samples *of = &state->samples[step * BW_MOST_CANDIDATES + candidate_of(state, step)];
        for (int run = 0; run < runs && of->count < MOST_SAMPLES; run++)
            of->times[of->count++] = state->times[run * steps + step];
    }
}

/* How many runs fill a round, judged by one. */
static bw_status count_runs(const series *state, const bw_plan *plan, int *runs, bw_error *error)
{
    const bw_meter *meter = state->experiment->meter;
    bw_status status = meter->measure(meter->context, plan, 1, state->times, error);
    uint64_t total = 1;
    for (int step = 0; status == BW_OK && step < plan->step_count; step++)
        total += state->times[step];
    uint64_t wanted = round_nanoseconds / total;
    *runs = wanted < LEAST_RUNS ? LEAST_RUNS : wanted > MOST_RUNS ? MOST_RUNS : (int)wanted;
    return status;
}

static bw_status run_round(series *state, int *runs, bw_error *error)
{
    const bw_experiment *experiment = state->experiment;
    bw_plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return bw_fail_memory(error, sizeof *plan, "tuning");
    bw_status status = bw_plan_lower_with(plan, experiment->graph, experiment->batch,
                                          experiment->cpu, choose, state, error);
    bw_plan_share(plan, experiment->sharing);
    if (status == BW_OK && *runs == 0)
        status = count_runs(state, plan, runs, error);
    const bw_meter *meter = experiment->meter;
    if (status == BW_OK)
        status = meter->measure(meter->context, plan, *runs, state->times, error);
    if (status == BW_OK)
        keep_samples(state, *runs);
    bw_plan_close(&plan);
    return status;
}

static int longest_list(const bw_groups *groups)
{
    int longest = 1;
    for (int index = 0; index < groups->count; index++) {
        const bw_group_of_steps *group = &groups->items[index];
        if (group->timed && group->count > longest)
            longest = group->count;
    }
    return longest;
}

/* The share that is done: of the time or of all rounds, whichever is more, but of the first cycle,
 * which takes what it takes, no more than its own. */
static void tell_progress(const series *state, uint64_t spent, int rounds)
{
    const bw_experiment *experiment = state->experiment;
    double by_rounds = (double)state->round / (rounds * MOST_CYCLES);
    double by_time = (double)spent / ((double)experiment->nanoseconds + 1);
    experiment->progress(experiment->progress_context,
                         fmin(fmax(by_rounds, by_time), fmin(1.0, (double)state->round / rounds)));
}

static bw_status run_cycles(series *state, bw_error *error)
{
    const bw_meter *meter = state->experiment->meter;
    int rounds = longest_list(state->groups), runs = 0;
    uint64_t start = meter->clock(meter->context), spent = 0;
    bw_status status = BW_OK;
    for (int cycle = 0; status == BW_OK && cycle < MOST_CYCLES; cycle++) {
        if (cycle > 0 && spent + spent / (uint64_t)cycle > state->experiment->nanoseconds)
            break;
        for (int round = 0; status == BW_OK && round < rounds; round++) {
            status = run_round(state, &runs, error);
            spent = meter->clock(meter->context) - start;
            state->round++;
            tell_progress(state, spent, rounds);
        }
    }
    return status;
}

static int compare(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

static uint64_t median(samples *of)
{
    qsort(of->times, (size_t)of->count, sizeof *of->times, compare);
    return of->count ? of->times[of->count / 2] : 0;
}

static void set_times(series *state)
{
    bw_groups *groups = state->groups;
    bw_sharing sharing = state->experiment->sharing;
    for (int index = 0; index < groups->count; index++) {
        bw_group_of_steps *group = &groups->items[index];
        for (int candidate = 0; group->timed && candidate < group->count; candidate++)
            group->times[sharing][candidate] = 0;
    }
    for (int step = 0; step < groups->steps; step++) {
        bw_group_of_steps *group = &groups->items[groups->of_step[step]];
        for (int candidate = 0; group->timed && candidate < group->count; candidate++)
            group->times[sharing][candidate] +=
                median(&state->samples[step * BW_MOST_CANDIDATES + candidate]);
    }
    for (int index = 0; index < groups->count; index++) {
        bw_group_of_steps *group = &groups->items[index];
        for (int candidate = 0; group->timed && candidate < group->count; candidate++)
            group->times[sharing][candidate] =
                group->times[sharing][candidate] / (uint64_t)group->steps + 1;
    }
}

static bw_status start(series *state, bw_arena *arena, bw_error *error)
{
    size_t steps = (size_t)state->groups->steps, groups = (size_t)state->groups->count;
    uint64_t random = state->experiment->seed;
    state->shifts = bw_arena_array(arena, groups, sizeof *state->shifts);
    state->samples = bw_arena_array(arena, steps * BW_MOST_CANDIDATES, sizeof *state->samples);
    state->times = bw_arena_array(arena, steps * MOST_RUNS, sizeof *state->times);
    if (!state->shifts || !state->samples || !state->times)
        return bw_fail_memory(error, steps * BW_MOST_CANDIDATES * sizeof *state->samples, "tuning");
    for (size_t index = 0; index < groups; index++)
        state->shifts[index] = (int)(bw_random(&random) % BW_MOST_CANDIDATES);
    return BW_OK;
}

bw_status bw_experiment_run(bw_groups *groups, const bw_experiment *experiment, bw_error *error)
{
    bw_arena arena = {0};
    series state = {.groups = groups, .experiment = experiment};
    bw_status status = start(&state, &arena, error);
    if (status == BW_OK)
        status = run_cycles(&state, error);
    if (status == BW_OK)
        set_times(&state);
    bw_arena_free(&arena);
    return status;
}
