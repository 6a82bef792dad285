#include "layer_table.h"

#include <math.h>

enum { WORST_LAYERS = 10 };

bw_plan_sums bw_plan_add_up(const bw_plan *plan, int steps)
{
    bw_plan_sums sums = {0};
    for (int index = 0; index < steps; index++) {
        bw_step_info step;
        bw_plan_step(plan, index, &step);
        sums.error += step.error;
        sums.cost += step.cost;
    }
    return sums;
}

static double percent(double part, double all)
{
    return all > 0 ? 100 * part / all : 0;
}

void bw_print_precision(FILE *file, const bw_step_info *step, const bw_plan_sums *sums)
{
    fprintf(file, "  %-4s %6.1f%% %6.1f%%", step->type, percent(step->cost, sums->cost),
            percent(step->error, sums->error));
}

/* The step with the most error of those behind `last` by that measure; false past the last one. */
static bool find_next(int *found, const bw_plan *plan, int steps, const bw_step_info *last,
                      int last_index)
{
    double most = 0;
    for (int index = 0; index < steps; index++) {
        bw_step_info step;
        bw_plan_step(plan, index, &step);
        bool behind =
            !last || step.error < last->error || (step.error <= last->error && index > last_index);
        if (behind && step.error > most) {
            most = step.error;
            *found = index;
        }
    }
    return most > 0;
}

void bw_print_worst_layers(FILE *file, const bw_plan *plan, int steps)
{
    bw_plan_sums sums = bw_plan_add_up(plan, steps);
    bw_step_info step;
    if (!(sums.error > 0))
        return;
    fprintf(file,
            "Bytes        disturb the heads by 1/%.0f of their power; the layers that do most of "
            "it (inspect shows all):\n%13s%-28s type    cost   error\n",
            1 / sums.error, "", "layer");
    for (int line = 0, index = 0; line < WORST_LAYERS; line++) {
        if (!find_next(&index, plan, steps, line ? &step : NULL, index))
            return;
        bw_plan_step(plan, index, &step);
        fprintf(file, "%13s%-28.28s", "", step.layer);
        bw_print_precision(file, &step, &sums);
        fputc('\n', file);
    }
}
