/**
 * The accuracy gate: what a plan of less than FP32's precision loses, measured when it is built.
 *
 * The pictures are those of --calib. Where labels lie with them, as `eval` finds them (labels/ in
 * the folder or beside it, or text files beside the pictures), the measure is COCO's AP, and the
 * drop is AP of FP32 minus AP of the plan. Without labels the boxes that FP32 finds at confidence
 * 0.25 are taken for the truth, and the drop is 1 minus the F1 of the plan's. These are two
 * quantities with two budgets. Pictures in which FP32 itself finds nothing show no drop whatever
 * the plan is like, so a plan does not pass with them.
 */
#ifndef BW_CLI_GATE_H
#define BW_CLI_GATE_H

#include <stdio.h>

#include "calibrate.h"

/** The most that a plan may lose where the options say nothing. */
#define BW_GATE_AP_BUDGET 0.005
#define BW_GATE_AGREEMENT_BUDGET 0.1

typedef struct bw_gate_choice {
    float max_drop; /* of whichever measure applies; negative: the measure's own budget */
    bool off;       /* neither measure nor refuse */
} bw_gate_choice;

/** Options that fill a bw_gate_choice, and what it is before any was read. */
extern const bw_option bw_gate_options[];
extern const bw_gate_choice bw_gate_defaults;

typedef enum bw_gate_measure {
    BW_GATE_UNUSED,      /* there was nothing to measure: FP32, or a plan built before */
    BW_GATE_OFF,         /* --no-gate */
    BW_GATE_NOISE,       /* calibrated on noise */
    BW_GATE_NO_PICTURES, /* a precision that needs no calibration, and no --calib */
    BW_GATE_AP,
    BW_GATE_AGREEMENT,
} bw_gate_measure;

typedef struct bw_gate_outcome {
    bw_gate_measure measure;
    bw_precision precision;
    bool pruned, held_out; /* held_out: nothing was fitted to the pictures */
    size_t pictures;
    double reference, value; /* AP in FP32 and in the plan; of agreement, FP32's boxes and F1 */
    double drop, budget;
    bool refused, blind; /* blind: nothing was found in FP32 either, so that no drop can show */
} bw_gate_outcome;

/** Everything that a plan is judged by. */
typedef struct bw_gate_job {
    const bw_model *model;         /* that in FP32 is the reference */
    const bw_build_options *build; /* of the plan */
    const bw_precision_choice *precision;
    const bw_gate_choice *choice;
    int threads;
    bool pruned; /* the plan is of a smaller network, made of the model */
} bw_gate_job;

/**
 * Measures, and notes the outcome in the plan's settings. A plan beyond its budget is a failure
 * with `refused` set. Noise allows no measurement: the plan passes.
 */
bw_status bw_gate_run(bw_gate_outcome *outcome, bw_plan *plan, const bw_gate_job *job,
                      bw_error *error);

/** Says on standard error what a plan calibrated on noise is not fit for. */
void bw_gate_warn(const bw_gate_job *job);

/** Prints the outcome in one line that `title` begins; nothing where nothing was to measure. */
void bw_gate_print(FILE *file, const char *title, const bw_gate_outcome *outcome);

/** Mixes what was allowed into a digest of the calibration: another gate, another plan. */
uint64_t bw_gate_digest(const bw_gate_choice *choice, const bw_precision_choice *precision);

/** Measures into pictures, reference, value and drop (gate_measure.c). */
bw_status bw_gate_compare(bw_gate_outcome *outcome, const bw_plan *plan, const bw_plan *fp32,
                          const bw_gate_job *job, bw_error *error);

#endif
