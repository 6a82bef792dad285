#include "tune/groups.h"

#include <string.h>

static const double noise = 0.02;

static int find_group(const bw_groups *groups, const char *operation)
{
    int index = 0;
    while (index < groups->count && strcmp(groups->items[index].operation, operation) != 0)
        index++;
    return index;
}

static void sort_step(bw_groups *groups, int number, const bw_step *step, uint32_t cpu)
{
    char text[BW_OPERATION_TEXT];
    bw_candidates_describe(text, &step->operation);
    int index = find_group(groups, text);
    bw_group_of_steps *group = &groups->items[index];
    if (index == groups->count) {
        memcpy(group->operation, text, sizeof text);
        group->count = bw_candidates_list(group->candidates, &step->operation, cpu);
        group->sharing = step->sharing;
        groups->count++;
    }
    groups->of_step[number] = index;
    groups->ordinal[number] = group->steps++;
}

bw_status bw_groups_make(bw_groups *groups, const bw_plan *plan, uint32_t cpu, bw_error *error)
{
    size_t steps = (size_t)plan->step_count;
    groups->steps = plan->step_count;
    groups->items = bw_arena_array(&groups->arena, steps, sizeof *groups->items);
    groups->of_step = bw_arena_array(&groups->arena, steps, sizeof *groups->of_step);
    groups->ordinal = bw_arena_array(&groups->arena, steps, sizeof *groups->ordinal);
    if (!groups->items || !groups->of_step || !groups->ordinal)
        return bw_fail_memory(error, steps * sizeof *groups->items, "tuning");
    for (int step = 0; step < plan->step_count; step++)
        sort_step(groups, step, &plan->steps[step], cpu);
    return BW_OK;
}

/* By more than noise; 0 is no time. */
static bool beats(uint64_t challenger, uint64_t time)
{
    return challenger > 0 && time > 0 && (double)challenger < (1.0 - noise) * (double)time;
}

int bw_group_best(const bw_group_of_steps *group, bw_sharing sharing)
{
    const uint64_t *times = group->times[sharing];
    int best = 0;
    for (int index = 1; index < group->count; index++) {
        if (beats(times[index], times[0]) && (best == 0 || times[index] < times[best]))
            best = index;
    }
    return best;
}

static uint64_t best_time(const bw_group_of_steps *group, bw_sharing sharing)
{
    return group->times[sharing][bw_group_best(group, sharing)];
}

void bw_groups_share(bw_groups *groups)
{
    for (int index = 0; index < groups->count; index++) {
        bw_group_of_steps *group = &groups->items[index];
        bw_sharing other = group->sharing == BW_SHARE_STEPS ? BW_SHARE_IMAGES : BW_SHARE_STEPS;
        if (beats(best_time(group, other), best_time(group, group->sharing)))
            group->sharing = other;
    }
}

void bw_groups_free(bw_groups *groups)
{
    bw_arena_free(&groups->arena);
    *groups = (bw_groups){0};
}
