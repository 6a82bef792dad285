#include "tune/tune.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "tune/experiment.h"
#include "tune/timings.h"

enum { KEY_TEXT = 640 };

typedef struct tuner {
    const bw_tuning *tuning;
    const bw_graph *graph;
    bw_groups groups;
    bw_timings known;    /* of the file */
    bw_timings measured; /* to be added to it */
    bool both;           /* the two ways of sharing compete */
    int before;          /* ways of sharing that were measured before */
} tuner;

/* ---- What is known -------------------------------------------------------------------------- */

static void write_key(char key[KEY_TEXT], const tuner *state, const bw_group_of_steps *group,
                      int candidate, bw_sharing sharing)
{
    char features[80];
    const bw_tuning *tuning = state->tuning;
    bw_cpu_describe(features, sizeof features, tuning->cpu);
    snprintf(key, KEY_TEXT, "%s, %.64s, %s\t%d threads, batch %d, %s\t%s\t%s", bw_version(),
             bw_cpu_name(), features, tuning->threads, tuning->batch, bw_sharing_name(sharing),
             group->operation, group->candidates[candidate]->name);
}

/* A group of which one candidate is new is timed as a whole: rivals must have run side by side. */
static void recall(tuner *state, bw_group_of_steps *group, bw_sharing sharing)
{
    char key[KEY_TEXT];
    group->timed = false;
    for (int candidate = 0; candidate < group->count; candidate++) {
        write_key(key, state, group, candidate, sharing);
        group->times[sharing][candidate] = bw_timings_find(&state->known, key);
        if (group->times[sharing][candidate] == 0)
            group->timed = state->both || group->count > 1;
    }
}

static bw_status remember(tuner *state, const bw_group_of_steps *group, bw_sharing sharing,
                          bw_error *error)
{
    char key[KEY_TEXT];
    bw_status status = BW_OK;
    for (int candidate = 0; status == BW_OK && candidate < group->count; candidate++) {
        write_key(key, state, group, candidate, sharing);
        status = bw_timings_set(&state->measured, key, group->times[sharing][candidate], error);
    }
    return status;
}

/* ---- What is measured ----------------------------------------------------------------------- */

/* Of one way of sharing, which may be half of all. */
static void tell_progress(void *context, double done)
{
    const tuner *state = context;
    const bw_tuning *tuning = state->tuning;
    if (tuning->progress)
        tuning->progress(tuning->progress_context, state->both ? (state->before + done) / 2 : done);
}

static bw_status measure(tuner *state, bw_sharing sharing, bw_error *error)
{
    const bw_tuning *tuning = state->tuning;
    bw_groups *groups = &state->groups;
    bool any = false;
    for (int index = 0; index < groups->count; index++) {
        recall(state, &groups->items[index], sharing);
        any = any || groups->items[index].timed;
    }
    if (!any)
        return BW_OK;
    double seconds = tuning->seconds / (state->both ? 2 : 1);
    bw_experiment experiment = {state->graph,
                                tuning->batch,
                                tuning->cpu,
                                sharing,
                                tuning->meter,
                                tuning->seed,
                                (uint64_t)(seconds * 1e9),
                                tell_progress,
                                state};
    bw_status status = bw_experiment_run(groups, &experiment, error);
    for (int index = 0; status == BW_OK && index < groups->count; index++) {
        if (groups->items[index].timed)
            status = remember(state, &groups->items[index], sharing, error);
    }
    return status;
}

static bw_status measure_all(tuner *state, bw_error *error)
{
    bw_status status = measure(state, BW_SHARE_STEPS, error);
    state->before++;
    if (status == BW_OK && state->both)
        status = measure(state, BW_SHARE_IMAGES, error);
    if (status == BW_OK && state->measured.count > 0 && state->tuning->path)
        status = bw_timings_save(&state->measured, state->tuning->path, error);
    return status;
}

/* ---- What follows --------------------------------------------------------------------------- */

static const bw_kernel *choose_default(void *context, const bw_operation *operation, int step)
{
    const tuner *state = context;
    (void)step;
    return bw_kernel_choose(operation, state->tuning->cpu);
}

static const bw_kernel *choose_best(void *context, const bw_operation *operation, int step)
{
    const tuner *state = context;
    (void)operation;
    const bw_group_of_steps *group = &state->groups.items[state->groups.of_step[step]];
    return group->candidates[bw_group_best(group, group->sharing)];
}

static bw_status survey(tuner *state, bw_error *error)
{
    const bw_tuning *tuning = state->tuning;
    bw_plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return bw_fail_memory(error, sizeof *plan, "tuning");
    bw_status status = bw_plan_outline(plan, state->graph, tuning->batch, tuning->cpu,
                                       choose_default, state, error);
    state->both = !tuning->latency && tuning->batch > 1 && tuning->batch >= tuning->threads;
    if (status == BW_OK && !state->both)
        bw_plan_share(plan, BW_SHARE_STEPS);
    if (status == BW_OK)
        status = bw_groups_make(&state->groups, plan, tuning->cpu, error);
    bw_plan_close(&plan);
    return status;
}

static bw_status conclude(bw_plan *plan, tuner *state, bw_error *error)
{
    const bw_tuning *tuning = state->tuning;
    bw_groups *groups = &state->groups;
    bw_groups_share(groups);
    bw_status status = bw_plan_lower_with(plan, state->graph, tuning->batch, tuning->cpu,
                                          choose_best, state, error);
    for (int step = 0; step < plan->step_count; step++)
        plan->steps[step].sharing = groups->items[groups->of_step[step]].sharing;
    return status;
}

bw_status bw_tune(bw_plan *plan, const bw_graph *graph, const bw_tuning *tuning, size_t *damaged,
                  bw_error *error)
{
    tuner state = {.tuning = tuning, .graph = graph};
    bw_status status = survey(&state, error);
    if (status == BW_OK && tuning->path)
        status = bw_timings_read(&state.known, tuning->path, error);
    *damaged = state.known.damaged;
    if (status == BW_OK)
        status = measure_all(&state, error);
    if (status == BW_OK)
        status = conclude(plan, &state, error);
    bw_groups_free(&state.groups);
    bw_timings_free(&state.known);
    bw_timings_free(&state.measured);
    return status;
}
