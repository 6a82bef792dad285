#include "prune.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "model.h"
#include "terminal.h"

enum {
    MOST_STEPS = 7, /* of AUTO */
    STEPS_BACK = 4, /* that it takes where another precision than FP32 does not pass */
    LEAST_RUNS = 3, /* of each plan whose time is measured */
    MOST_RUNS = 200,
};

/* Shares of the time that AUTO tries, and how near it comes to the largest that passes. */
static const double first_share = 0.08, most_share = 0.64, least_share = 0.01, resolution = 0.011;

static const double step_back = 0.7;

static const uint64_t enough_nanoseconds = 2000000000; /* that measuring the times takes */

bw_status bw_read_prune(const bw_option *option, void *field, const char *text, bw_error *error)
{
    bw_prune_choice *choice = field;
    char *end;
    *choice = (bw_prune_choice){.automatic = strcmp(text, "auto") == 0};
    if (choice->automatic)
        return BW_OK;
    errno = 0;
    double share = strtod(text, &end);
    if (end != text && strcmp(end, "%") == 0)
        share /= 100;
    bool ended = end != text && (*end == '\0' || strcmp(end, "%") == 0);
    if (!ended || errno || !(share > 0 && share < 1))
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "--%s takes a share of the time to be saved, more than 0 and less than 1, "
                       "such as 0.2 or 20%%, or auto; not '%s'",
                       option->name, text);
    choice->share = (float)share;
    return BW_OK;
}

/* ---- Pruning -------------------------------------------------------------------------------- */

/* A search for a plan. */
typedef struct search {
    const bw_model *whole;
    const bw_plan_choice *choice;
    const bw_build_options *options;
    bw_plan_builder *build;
    bw_pruning *pruning;
    bw_model *model; /* at hand */
    double saved;    /* by it */
    bw_model *best;  /* the smallest that has passed, and what it saves */
    double best_share, best_saved;
} search;

static bw_status observe(void *context, const bw_image *image, const char *path, bw_error *error)
{
    (void)path;
    return bw_pruning_add(context, image, error);
}

static bw_status rank(search *s, bw_error *error)
{
    const bw_precision_choice *precision = s->choice->precision;
    bw_status status = bw_pruning_open(&s->pruning, s->whole, s->options->cpu_mask,
                                       s->choice->machine->threads, error);
    if (status == BW_OK)
        status = bw_load_pictures(precision, BW_PICTURES_FIT, observe, s->pruning, error);
    if (status != BW_OK)
        return status;
    bw_print_message("pruning: ranks the channels");
    return bw_pruning_rank(s->pruning, error);
}

/* Takes the place of the model at hand. */
static bw_status cut(search *s, double share, bw_error *error)
{
    bw_model_close(&s->model);
    return bw_pruning_cut(&s->model, &s->saved, s->pruning, share, error);
}

/* Notes and tells what the gate said of the network at hand. */
static void note_trial(search *s, const bw_gate_outcome *gate, bool passed)
{
    char line[200];
    bw_prune_outcome *outcome = s->choice->pruned;
    if (outcome->trial_count < BW_PRUNE_MOST_TRIALS)
        outcome->trials[outcome->trial_count++] =
            (bw_prune_trial){s->saved, gate->drop, gate->budget, gate->precision, passed};
    snprintf(line, sizeof line,
             "pruning: %.1f %% of the estimated time away, a drop of %.4f where %.4f is allowed%s",
             100 * s->saved, gate->drop, gate->budget, passed ? "" : ": too much");
    bw_print_message(line);
}

static void say_share(double share)
{
    char line[80];
    snprintf(line, sizeof line, "pruning: tries %.1f %% of the time", 100 * share);
    bw_print_message(line);
}

/* Whether what is left of a share passes in FP32. */
static bw_status try_share(bool *passed, search *s, double share, bw_error *error)
{
    bw_gate_outcome gate = {0};
    bw_plan_choice choice = *s->choice;
    bw_precision_choice precision = *choice.precision;
    bw_build_options options = *s->options;
    precision.precision = BW_PRECISION_FP32;
    choice.precision = &precision;
    choice.outcome = &gate;
    choice.share_bits = 0;
    options.precision = BW_PRECISION_FP32;
    options.tune_seconds = 0;
    bw_plan *plan = NULL;
    say_share(share);
    bw_status status = cut(s, share, error);
    if (status == BW_OK)
        status = s->build(&plan, s->model, &choice, &options, error);
    *passed = status == BW_OK;
    bw_plan_close(&plan);
    bool judged = *passed || (gate.refused && !gate.blind);
    if (judged)
        note_trial(s, &gate, *passed);
    return judged ? BW_OK : status;
}

/* Keeps the network at hand where it is the smallest that has passed. */
static void keep_best(search *s, double share, bool passed)
{
    if (!passed || share <= s->best_share)
        return;
    bw_model_close(&s->best);
    s->best = s->model;
    s->model = NULL;
    s->best_share = share;
    s->best_saved = s->saved;
}

/* The next share to try between the largest that passes and the least that does not: from the
 * first one twice as much or half of it until both are known, then what is in the middle. */
static double next_share(double low, double high)
{
    if (low > 0)
        return high < 1 ? (low + high) / 2 : fmin(low * 2, most_share);
    return high < 1 ? high / 2 : first_share;
}

/* Finds the largest share that passes in FP32, as far as the steps allow: `best`, if there is any.
 */
static bw_status find_share(search *s, bw_error *error)
{
    double low = 0, high = 1;
    bw_status status = BW_OK;
    for (int step = 0; status == BW_OK && step < MOST_STEPS; step++) {
        double share = next_share(low, high);
        bool passed = false;
        if (high - low < resolution || share < least_share || low >= most_share)
            break;
        status = try_share(&passed, s, share, error);
        keep_best(s, share, passed);
        low = passed ? fmax(share, s->saved) : low;
        high = passed ? high : share;
    }
    return status;
}

static bw_status build_cut(bw_plan **out, search *s, double share, bw_error *error)
{
    bw_status status = cut(s, share, error);
    return status == BW_OK ? s->build(out, s->model, s->choice, s->options, error) : status;
}

/* Notes a trial that is judged in another precision than the ones before. */
static void note_other(search *s, bool passed)
{
    const bw_gate_outcome *gate = s->choice->outcome;
    if (gate->precision != BW_PRECISION_FP32 && (passed || (gate->refused && !gate->blind)))
        note_trial(s, gate, passed);
}

/* The best network, which becomes the one at hand, or the whole one. */
static bw_status build_best(bw_plan **out, search *s, bw_error *error)
{
    bw_status status = s->best ? BW_OK : cut(s, 0, error);
    if (s->best) {
        bw_model_close(&s->model);
        s->model = s->best;
        s->saved = s->best_saved;
        s->best = NULL;
    }
    return status == BW_OK ? s->build(out, s->model, s->choice, s->options, error) : status;
}

static bw_status build_most(bw_plan **out, search *s, bw_error *error)
{
    bw_status status = find_share(s, error);
    if (status != BW_OK)
        return status;
    double share = s->best_share;
    status = build_best(out, s, error);
    note_other(s, status == BW_OK);
    for (int step = 0; status != BW_OK && share > 0 && s->choice->outcome->refused; step++) {
        bw_print_message("pruning: less of it, as the precision asked for loses something, too");
        share = step < STEPS_BACK && share * step_back >= least_share ? share * step_back : 0;
        status = build_cut(out, s, share, error);
        note_other(s, status == BW_OK);
    }
    return status;
}

/* ---- Times ---------------------------------------------------------------------------------- */

static bw_status time_run(double *least, bw_engine *engine, bw_error *error)
{
    uint64_t start = bw_clock();
    bw_status status = bw_engine_profile(engine, 1, NULL, error);
    double time = (double)(bw_clock() - start) / 1e6;
    *least = *least > 0 && *least < time ? *least : time;
    return status;
}

/* The least time of each, in turn, so that what disturbs one disturbs the other. */
static bw_status time_both(double *before, double *after, bw_engine *whole, bw_engine *pruned,
                           bw_error *error)
{
    uint64_t start = bw_clock();
    bw_status status = BW_OK;
    for (int run = 0; status == BW_OK && run < MOST_RUNS; run++) {
        if (run >= LEAST_RUNS && bw_clock() - start > enough_nanoseconds)
            break;
        status = time_run(before, whole, error);
        if (status == BW_OK)
            status = time_run(after, pruned, error);
    }
    return status;
}

static bw_status compare_times(bw_prune_outcome *outcome, const bw_plan *whole,
                               const bw_plan *pruned, const search *s, bw_error *error)
{
    bw_engine *engines[2] = {NULL, NULL};
    bw_run_options run;
    bw_engine_info info;
    bw_run_options_init(&run);
    run.threads = s->choice->machine->threads;
    bw_status status = bw_engine_open(&engines[0], whole, &run, error);
    if (status == BW_OK)
        status = bw_engine_open(&engines[1], pruned, &run, error);
    if (status == BW_OK)
        status = time_both(&outcome->milliseconds_before, &outcome->milliseconds, engines[0],
                           engines[1], error);
    if (status == BW_OK) {
        bw_engine_describe(engines[0], &info);
        outcome->milliseconds_before /= info.streams * s->options->batch;
        outcome->milliseconds /= info.streams * s->options->batch;
    }
    bw_engine_close(&engines[0]);
    bw_engine_close(&engines[1]);
    return status;
}

/* Builds the whole model's plan in the same way, to be compared with. */
static bw_status measure(bw_prune_outcome *outcome, const bw_plan *pruned, const search *s,
                         bw_error *error)
{
    bw_plan_choice choice = *s->choice;
    bw_precision_choice precision = *choice.precision;
    bw_build_options options = *s->options;
    bw_plan_info info;
    bw_plan_describe(pruned, &info);
    precision.precision = (int)info.precision;
    options.precision = info.precision;
    choice.precision = &precision;
    choice.gate = NULL;
    choice.reference = NULL;
    choice.share_bits = 0;
    bw_print_message("pruning: builds the whole network, too, to compare the times");
    bw_plan *whole;
    bw_status status = s->build(&whole, s->whole, &choice, &options, error);
    if (status != BW_OK)
        return status;
    outcome->saved = s->saved;
    bw_model_describe(s->whole, &outcome->before);
    bw_model_describe(s->model, &outcome->after);
    status = compare_times(outcome, whole, pruned, s, error);
    bw_plan_close(&whole);
    return status;
}

static bw_status note(bw_plan *plan, const bw_prune_outcome *outcome, bw_error *error)
{
    char words[120];
    snprintf(words, sizeof words, "pruned=%.3f ms=%.3f whole_ms=%.3f", outcome->saved,
             outcome->milliseconds, outcome->milliseconds_before);
    return bw_plan_note(plan, words, error);
}

static bw_status build_pruned(bw_plan **out, search *s, bw_error *error)
{
    const bw_prune_choice *prune = s->choice->prune;
    bw_status status = rank(s, error);
    if (status == BW_OK)
        status = prune->automatic ? build_most(out, s, error)
                                  : build_cut(out, s, (double)prune->share, error);
    if (status == BW_OK)
        status = measure(s->choice->pruned, *out, s, error);
    return status == BW_OK ? note(*out, s->choice->pruned, error) : status;
}

bw_status bw_build_pruned(bw_plan **out, const bw_model *model, const bw_plan_choice *choice,
                          const bw_build_options *options, bw_plan_builder *build, bw_error *error)
{
    bw_plan_choice judged = *choice;
    bw_precision_choice precision = *choice->precision;
    bw_held_out held_out = {0};
    bool gated = choice->gate && !choice->gate->off;
    *out = NULL;
    bw_status status = gated ? bw_hold_out_pictures(&held_out, &precision, error) : BW_OK;
    precision.held_out = held_out.count ? &held_out : NULL;
    judged.precision = &precision;
    judged.reference = model;
    search s = {.whole = model, .choice = &judged, .options = options, .build = build};
    if (status == BW_OK)
        status = build_pruned(out, &s, error);
    if (status != BW_OK)
        bw_plan_close(out);
    bw_held_out_free(&held_out);
    bw_model_close(&s.model);
    bw_model_close(&s.best);
    bw_pruning_close(&s.pruning);
    return status;
}

/* ---- Words ---------------------------------------------------------------------------------- */

/* The least that lost too much, of which there may be none: then it was the network that ended. */
static void print_trials(FILE *file, const bw_prune_outcome *outcome)
{
    const bw_prune_trial *least = NULL;
    for (int index = 0; index < outcome->trial_count; index++) {
        const bw_prune_trial *trial = &outcome->trials[index];
        fprintf(file, "%-13s%.1f %% less time in %s: drop %.4f, budget %.4f%s\n",
                index ? "" : "Tried", 100 * trial->saved, bw_precision_name(trial->precision),
                trial->drop, trial->budget, trial->passed ? "" : ", too much");
        if (!trial->passed && (!least || trial->saved < least->saved))
            least = trial;
    }
    if (least)
        fprintf(file, "Stopped by   accuracy: %.1f %% less time loses more than is allowed\n",
                100 * least->saved);
    else if (outcome->trial_count > 0)
        fprintf(file, "Stopped by   the search's end: all that was tried passes\n");
}

void bw_print_pruning(FILE *file, const bw_prune_outcome *outcome)
{
    if (!(outcome->milliseconds > 0))
        return;
    fprintf(file,
            "Pruning      %.3f instead of %.3f million weights, %.3f instead of %.3f GMAC an image,"
            " %.1f %% less time by estimate\n",
            (double)outcome->after.weights / 1e6, (double)outcome->before.weights / 1e6,
            (double)outcome->after.macs / 1e9, (double)outcome->before.macs / 1e9,
            100 * outcome->saved);
    fprintf(file, "Speed        %.3f instead of %.3f ms a picture, measured: %.2f times as fast\n",
            outcome->milliseconds, outcome->milliseconds_before,
            outcome->milliseconds_before / outcome->milliseconds);
    print_trials(file, outcome);
}

static void print_pruned_layer(FILE *file, const bw_step_info *step, double all)
{
    fprintf(file, "%13s%-28.28s %6d %6d %10.6f %7.2f%% %6.2f%%\n", "", step->layer,
            step->channels_before, step->channels, step->pruning_error, 100 * step->before / all,
            100 * step->after / all);
}

void bw_print_pruned_layers(FILE *file, const bw_plan *plan, int steps)
{
    double all = 0, left = 0;
    for (int index = 0; index < steps; index++) {
        bw_step_info step;
        bw_plan_step(plan, index, &step);
        all += step.before;
        left += step.after;
    }
    if (!(all > 0))
        return;
    fprintf(file,
            "\nPruned       the convolutions, %.1f %% of their estimated time left\n%13s%-28s "
            "%6s %6s %10s %8s %7s\n",
            100 * left / all, "", "layer", "before", "after", "error", "time", "now");
    for (int index = 0; index < steps; index++) {
        bw_step_info step;
        bw_plan_step(plan, index, &step);
        if (step.channels_before > 0)
            print_pruned_layer(file, &step, all);
    }
}
