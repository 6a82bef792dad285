#include "select/choose.h"

#include "select/describe.h"

enum { TAKEN = -1 };

static size_t find_best(const bw_candidates *candidates, const float *nearest)
{
    size_t best = candidates->count;
    float highest = 0;
    for (size_t index = 0; index < candidates->count; index++) {
        float value = (candidates->all[index].worth + 0.05f) * nearest[index];
        if (nearest[index] >= 0 && (best == candidates->count || value > highest)) {
            best = index;
            highest = value;
        }
    }
    return best;
}

/* Notes that a picture was taken. */
static void approach(float *nearest, size_t taken, size_t count, const float *descriptions)
{
    const float *there = descriptions + taken * BW_DESCRIPTION;
    nearest[taken] = TAKEN;
    for (size_t index = 0; index < count; index++) {
        if (nearest[index] <= 0)
            continue;
        float distance = bw_select_distance(descriptions + index * BW_DESCRIPTION, there);
        if (distance < nearest[index])
            nearest[index] = distance;
    }
}

size_t bw_select_choose(bw_choice *choices, size_t budget, const bw_candidates *candidates,
                        const float *descriptions, float *nearest)
{
    size_t count = 0;
    for (size_t index = 0; index < candidates->count; index++)
        nearest[index] = 1;
    for (; count < budget && count < candidates->count; count++) {
        size_t best = find_best(candidates, nearest);
        choices[count] = (bw_choice){best, nearest[best]};
        approach(nearest, best, candidates->count, descriptions);
    }
    return count;
}
