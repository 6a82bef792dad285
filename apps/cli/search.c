#include "search.h"

#include <stdio.h>
#include <string.h>

#include "fastest.h"
#include "terminal.h"

/* After so many halvings of the error, next to nothing of INT8 is left. */
enum { MOST_HALVINGS = 8 };

static bw_status build_one(bw_plan **out, const bw_model *model, const bw_plan_choice *choice,
                           const bw_build_options *options, bw_error *error)
{
    bool best = choice->precision->precision == BW_PRECISION_BEST &&
                (int)options->precision == BW_PRECISION_BEST;
    return best ? bw_build_fastest(out, model, options, error)
                : bw_plan_build(out, model, options, error);
}

/* Builds a plan and lets it pass the gate. */
static bw_status build_and_judge(bw_plan **out, const bw_model *model, const bw_plan_choice *choice,
                                 bw_build_options *options, bw_error *error)
{
    bw_status status = build_one(out, model, choice, options, error);
    if (status != BW_OK || !choice->gate)
        return status;
    bw_plan_info info;
    bw_plan_describe(*out, &info);
    options->precision = info.precision; /* which "best" has left open */
    bool warn = options->halvings == 0 && !options->exact;
    if (!strstr(info.settings, "rounded="))
        options->exact = true; /* it is: to ask for that would build the same plan again */
    bw_gate_job job = {.model = choice->reference ? choice->reference : model,
                       .build = options,
                       .precision = choice->precision,
                       .choice = choice->gate,
                       .threads = choice->machine->threads,
                       .pruned = choice->reference != NULL};
    if (warn)
        bw_gate_warn(&job);
    status = bw_gate_run(choice->outcome, *out, &job, error);
    if (status != BW_OK)
        bw_plan_close(out);
    return status;
}

/* The errors of shared weights may be half of what they were: they take more bits. */
static bool share_less(const bw_plan_choice *choice, bw_build_options *options)
{
    static const float least_noise = 1e-5f, step = 0.5f;
    if (options->share_bits != BW_SHARE_AUTO || choice->outcome->blind ||
        !choice->outcome->refused || options->share_noise < least_noise)
        return false;
    options->share_noise *= step;
    bw_print_message("shared weights lose too much: more bits for them");
    return true;
}

/* Whether the plan was refused for what bytes lose. */
static bool loses_too_much(const bw_plan_choice *choice, const bw_build_options *options)
{
    return choice->outcome->refused && !choice->outcome->blind &&
           options->precision == BW_PRECISION_INT8;
}

static void say_next(const bw_gate_outcome *outcome, const char *next)
{
    char line[160];
    snprintf(line, sizeof line, "a drop of %.4f where %.4f is allowed: %s", outcome->drop,
             outcome->budget, next);
    bw_print_message(line);
}

/* Sums are exact in what follows: no kernel rounds them for speed. */
static bool sum_exactly(const bw_plan_choice *choice, bw_build_options *options)
{
    if (!loses_too_much(choice, options) || options->exact)
        return false;
    options->exact = true;
    say_next(choice->outcome, "sums are to be exact");
    return true;
}

static bool halve_error(const bw_plan_choice *choice, bw_build_options *options)
{
    if (!loses_too_much(choice, options) || options->share_bits > 0 ||
        options->halvings >= MOST_HALVINGS)
        return false;
    char next[80];
    snprintf(next, sizeof next, "more layers in floats, for 1/%d of the error",
             1 << ++options->halvings);
    say_next(choice->outcome, next);
    return true;
}

/* Asks for less error until a plan passes, or nothing more can be asked for. */
static bw_status search_as_is(bw_plan **out, const bw_model *model, const bw_plan_choice *choice,
                              bw_build_options *options, bw_error *error)
{
    bw_status status = build_and_judge(out, model, choice, options, error);
    if (status != BW_OK && sum_exactly(choice, options))
        status = build_and_judge(out, model, choice, options, error);
    while (status != BW_OK && share_less(choice, options))
        status = build_and_judge(out, model, choice, options, error);
    while (status != BW_OK && halve_error(choice, options))
        status = build_and_judge(out, model, choice, options, error);
    return status;
}

/* The tuner waits for the INT8 plan that passes. It may leave sums exact where that plan rounded
 * them, which changes what is found, for worse by chance; exact sums it does not change. */
static bw_status search(bw_plan **out, const bw_model *model, const bw_plan_choice *choice,
                        bw_build_options *options, bw_error *error)
{
    int seconds = options->tune_seconds;
    bool later = options->precision == BW_PRECISION_INT8 && seconds > 0;
    options->tune_seconds = later ? 0 : seconds;
    bw_status status = search_as_is(out, model, choice, options, error);
    if (status != BW_OK || !later)
        return status;
    bw_plan_close(out);
    options->tune_seconds = seconds;
    status = build_and_judge(out, model, choice, options, error);
    return status != BW_OK && sum_exactly(choice, options)
               ? search(out, model, choice, options, error)
               : status;
}

bw_status bw_build_calibrated(bw_plan **out, const bw_model *model, const bw_plan_choice *choice,
                              bw_build_options *options, bw_error *error)
{
    *out = NULL;
    return choice->gate && !choice->gate->off ? search(out, model, choice, options, error)
                                              : build_and_judge(out, model, choice, options, error);
}

/* A network as it is, whole or pruned. */
static bw_status build_model(bw_plan **out, const bw_model *model, const bw_plan_choice *choice,
                             const bw_build_options *with, bw_error *error)
{
    *out = NULL;
    bw_build_options options = *with;
    bw_calibration *calibration;
    bw_status status =
        bw_calibrate(&calibration, model, choice->precision, choice->machine->threads, error);
    options.calibration = calibration;
    options.share_bits = choice->share_bits;
    if (status == BW_OK)
        status = bw_build_calibrated(out, model, choice, &options, error);
    bw_calibration_close(&calibration);
    return status;
}

bw_status bw_build_checked(bw_plan **out, const bw_model *model, const bw_plan_choice *choice,
                           const bw_build_options *options, bw_error *error)
{
    return choice->prune ? bw_build_pruned(out, model, choice, options, build_model, error)
                         : build_model(out, model, choice, options, error);
}
