#include "gate.h"

#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "terminal.h"

const bw_option bw_gate_options[] = {
    {"max-drop", "F",
     "most that BF16, INT8 or pruning may lose on the pictures of --calib: of AP where they have "
     "labels "
     "(default 0.005), else of F1 against the boxes of FP32 (default 0.1)",
     bw_read_float, offsetof(bw_gate_choice, max_drop), 0, 1, NULL},
    {"no-gate", NULL, "neither measure that loss nor refuse a plan for it", bw_read_flag,
     offsetof(bw_gate_choice, off), 0, 0, NULL},
    {0},
};

const bw_gate_choice bw_gate_defaults = {.max_drop = -1};

/* What can be told without running anything; BW_GATE_AP stands for a measurement of either kind. */
static bw_gate_measure foresee(const bw_gate_job *job)
{
    if (job->build->precision == BW_PRECISION_FP32 && !job->pruned)
        return BW_GATE_UNUSED;
    if (bw_is_noise(job->precision))
        return BW_GATE_NOISE;
    if (job->choice->off)
        return BW_GATE_OFF;
    return job->precision->calib ? BW_GATE_AP : BW_GATE_NO_PICTURES;
}

/* What the plan is called beside the reference. */
static const char *name_of(const bw_gate_outcome *outcome)
{
    static const char *const pruned[BW_PRECISION_COUNT] = {"pruned fp32", "pruned bf16",
                                                           "pruned int8"};
    return outcome->pruned ? pruned[outcome->precision] : bw_precision_name(outcome->precision);
}

/* ---- The decision --------------------------------------------------------------------------- */

static bw_status refuse_blind(bw_gate_outcome *outcome, const char *folder, bw_error *error)
{
    const char *name = name_of(outcome);
    outcome->refused = true;
    if (outcome->measure == BW_GATE_AP)
        return bw_fail(
            error, BW_ERROR_UNSUPPORTED,
            "on the pictures of '%.150s' (%zu in all) AP is %.4f in fp32 already, so what %s loses "
            "cannot be told: see that the labels are of these pictures and of this "
            "network's classes, or go on without a check: --no-gate",
            folder, outcome->pictures, outcome->reference, name);
    return bw_fail(
        error, BW_ERROR_UNSUPPORTED,
        "the pictures of '%.150s' (%zu in all) show nothing that the network recognises, even in "
        "fp32, so what %s loses cannot be told: give --calib pictures like those that "
        "will be annotated, or go on without a check: --no-gate",
        folder, outcome->pictures, name);
}

static bw_status refuse_drop(bw_gate_outcome *outcome, const char *folder, bw_error *error)
{
    char what[80];
    outcome->refused = true;
    if (outcome->measure == BW_GATE_AP)
        snprintf(what, sizeof what, "AP falls from %.4f to %.4f", outcome->reference,
                 outcome->value);
    else
        snprintf(what, sizeof what, "F1 against the boxes of fp32 is %.3f", outcome->value);
    return bw_fail(
        error, BW_ERROR_UNSUPPORTED,
        "%s loses too much: %s on the pictures of '%.100s' (%zu in all), a drop of %.4f where "
        "%.4f is allowed; calibrate on more pictures like those that will be annotated, "
        "allow more with --max-drop, or take it all the same with --no-gate",
        name_of(outcome), what, folder, outcome->pictures, outcome->drop, outcome->budget);
}

/* What FP32 itself does not show cannot get worse: any plan would pass. */
static bool is_blind(const bw_gate_outcome *outcome)
{
    return outcome->measure == BW_GATE_AP ? outcome->reference <= outcome->budget
                                          : outcome->reference < 1;
}

static bw_status judge(bw_gate_outcome *outcome, const bw_gate_job *job, bw_error *error)
{
    double own = outcome->measure == BW_GATE_AP ? BW_GATE_AP_BUDGET : BW_GATE_AGREEMENT_BUDGET;
    double asked = (double)job->choice->max_drop;
    outcome->budget = asked >= 0 ? asked : own;
    outcome->blind = is_blind(outcome);
    if (outcome->blind)
        return refuse_blind(outcome, job->precision->calib, error);
    return outcome->drop > outcome->budget ? refuse_drop(outcome, job->precision->calib, error)
                                           : BW_OK;
}

/* ---- The measurement ------------------------------------------------------------------------ */

static bw_status measure(bw_gate_outcome *outcome, const bw_plan *plan, const bw_gate_job *job,
                         bw_error *error)
{
    bw_build_options options;
    bw_build_options_init(&options);
    options.cpu_mask = job->build->cpu_mask;
    bw_plan *fp32;
    bw_status status = bw_plan_build(&fp32, job->model, &options, error);
    if (status != BW_OK)
        return status;
    status = bw_gate_compare(outcome, plan, fp32, job, error);
    bw_plan_close(&fp32);
    return status == BW_OK ? judge(outcome, job, error)
                           : bw_fail_prefix(error, status, "accuracy, which --no-gate leaves out");
}

static const char *picture_words(const bw_gate_outcome *outcome)
{
    return outcome->held_out ? ", held out" : "";
}

static bw_status note(bw_plan *plan, const bw_gate_outcome *outcome, bw_error *error)
{
    char words[120] = "accuracy=unmeasured";
    if (outcome->measure == BW_GATE_NOISE)
        snprintf(words, sizeof words, "accuracy=unmeasured calibration=noise");
    else if (outcome->measure == BW_GATE_AP)
        snprintf(words, sizeof words, "accuracy=ap fp32=%.4f %s%s=%.4f pictures=%zu%s",
                 outcome->reference, outcome->pruned ? "pruned_" : "",
                 bw_precision_name(outcome->precision), outcome->value, outcome->pictures,
                 outcome->held_out ? " held_out=yes" : "");
    else if (outcome->measure == BW_GATE_AGREEMENT)
        snprintf(words, sizeof words, "accuracy=agreement f1=%.3f boxes=%.0f pictures=%zu%s",
                 outcome->value, outcome->reference, outcome->pictures,
                 outcome->held_out ? " held_out=yes" : "");
    return bw_plan_note(plan, words, error);
}

bw_status bw_gate_run(bw_gate_outcome *outcome, bw_plan *plan, const bw_gate_job *job,
                      bw_error *error)
{
    *outcome = (bw_gate_outcome){
        .measure = foresee(job), .precision = job->build->precision, .pruned = job->pruned};
    if (outcome->measure == BW_GATE_UNUSED)
        return BW_OK;
    bw_status status = BW_OK;
    if (outcome->measure == BW_GATE_AP)
        status = measure(outcome, plan, job, error);
    return status == BW_OK ? note(plan, outcome, error) : status;
}

/* ---- Words ---------------------------------------------------------------------------------- */

void bw_gate_warn(const bw_gate_job *job)
{
    if (foresee(job) == BW_GATE_NOISE)
        bw_print_warnings("calibrated on noise, the plan is fit for measuring speed only; what it "
                          "finds is not checked");
}

void bw_gate_print(FILE *file, const char *title, const bw_gate_outcome *outcome)
{
    const char *name = name_of(outcome);
    switch (outcome->measure) {
    case BW_GATE_UNUSED: return;
    case BW_GATE_OFF: fprintf(file, "%snot measured (--no-gate)\n", title); return;
    case BW_GATE_NOISE:
        fprintf(file, "%scalibrated on noise: fit for measuring speed only\n", title);
        return;
    case BW_GATE_NO_PICTURES:
        fprintf(file, "%snot measured: --calib DIR compares %s with fp32\n", title, name);
        return;
    case BW_GATE_AP:
        fprintf(file,
                "%sAP %.4f in fp32, %.4f in %s: drop %.4f, budget %.4f, %zu labelled pictures%s\n",
                title, outcome->reference, outcome->value, name, outcome->drop, outcome->budget,
                outcome->pictures, picture_words(outcome));
        return;
    case BW_GATE_AGREEMENT:
        fprintf(file,
                "%sF1 %.3f of %s with the %.0f boxes of fp32: drop %.3f, budget %.3f, %zu pictures "
                "without labels%s\n",
                title, outcome->value, name, outcome->reference, outcome->drop, outcome->budget,
                outcome->pictures, picture_words(outcome));
        return;
    }
}

uint64_t bw_gate_digest(const bw_gate_choice *choice, const bw_precision_choice *precision)
{
    uint64_t calibration = bw_calibration_digest(precision);
    if (!choice || precision->precision == BW_PRECISION_FP32)
        return calibration;
    float allowed = choice->off ? 2 : choice->max_drop;
    return XXH3_64bits_withSeed(&allowed, sizeof allowed, calibration);
}
