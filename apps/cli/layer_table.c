#include "layer_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

enum { WORST_LAYERS = 10, MOST_OPERATORS = 64 };

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

/* ---- General operators ---------------------------------------------------------------------- */

typedef struct operator_sum {
    const char *name;
    int steps;
    double time;
} operator_sum;

typedef struct general_sums {
    operator_sum operators[MOST_OPERATORS];
    int count, steps;
    double time, all;
} general_sums;

static void add_step(general_sums *sums, const char *name, double time)
{
    int place = 0;
    while (place < sums->count && strcmp(sums->operators[place].name, name) != 0)
        place++;
    if (place == MOST_OPERATORS)
        return;
    if (place == sums->count)
        sums->operators[sums->count++] = (operator_sum){.name = name};
    sums->operators[place].steps++;
    sums->operators[place].time += time;
    sums->steps++;
    sums->time += time;
}

static int compare_times(const void *a, const void *b)
{
    double left = ((const operator_sum *)a)->time, right = ((const operator_sum *)b)->time;
    return (left < right) - (left > right);
}

static void add_general(general_sums *sums, const bw_plan *plan, int steps, const double *times)
{
    for (int index = 0; index < steps; index++) {
        bw_step_info step;
        bw_plan_step(plan, index, &step);
        double time = times ? times[index] : step.cost;
        sums->all += time;
        if (step.general)
            add_step(sums, step.general, time);
    }
    qsort(sums->operators, (size_t)sums->count, sizeof *sums->operators, compare_times);
}

/* The first lines of the text, and how many more there are. */
static void print_reasons(FILE *file, const char *text, int most)
{
    int line = 0;
    for (; *text; line++) {
        size_t length = strcspn(text, "\n");
        char copy[400];
        snprintf(copy, sizeof copy, "%.*s", (int)length, text);
        if (line < most) {
            fprintf(file, "%-13s", line ? "" : "Why");
            bw_print_clean(file, copy);
            fputc('\n', file);
        }
        text += length + (text[length] == '\n');
    }
    if (line > most)
        fprintf(file, "%13s... and %d more, which inspect shows\n", "", line - most);
}

void bw_print_general(FILE *file, const bw_plan *plan, const double *times, int most)
{
    bw_plan_info info;
    general_sums sums = {0};
    bw_plan_describe(plan, &info);
    add_general(&sums, plan, info.steps, times);
    if (sums.steps == 0)
        return;
    fprintf(file,
            "General      %d of %d steps, %.1f %% of the %stime: plain C in fp32, not the engine's "
            "kernels\n",
            sums.steps, info.steps, percent(sums.time, sums.all), times ? "" : "estimated ");
    for (int index = 0; index < sums.count; index++) {
        const operator_sum *sum = &sums.operators[index];
        fprintf(file, "%13s%-20s %4d step%s %6.1f %%\n", "", sum->name, sum->steps,
                sum->steps == 1 ? " " : "s", percent(sum->time, sums.all));
    }
    print_reasons(file, info.model.general, most);
}
