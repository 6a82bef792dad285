/**
 * Pruning on the command line: how much is asked for, the search for the most that passes the gate,
 * and what came of it.
 */
#ifndef BW_CLI_PRUNE_H
#define BW_CLI_PRUNE_H

#include <stdio.h>

#include "boxwright/boxwright.h"
#include "options.h"

struct bw_plan_choice;

/** How much of the estimated time channels are to be removed for. */
typedef struct bw_prune_choice {
    bool automatic; /* as much as passes the gate */
    float share;    /* 0 to 1; 0 where nothing is pruned, or AUTO */
} bw_prune_choice;

/** Reads "0.2", "20%" or "auto" into a bw_prune_choice. */
bw_option_reader bw_read_prune;

enum { BW_PRUNE_MOST_TRIALS = 16 };

/** A network that AUTO has tried, and what the gate said of it. */
typedef struct bw_prune_trial {
    double saved; /* share of the estimated time */
    double drop, budget;
    bw_precision precision;
    bool passed;
} bw_prune_trial;

/** What pruning did to a plan; times are measured in the plan's precision. */
typedef struct bw_prune_outcome {
    bw_prune_trial
        trials[BW_PRUNE_MOST_TRIALS]; /* in their order; none for a share that was given */
    int trial_count;
    double saved;                             /* share of the estimated time */
    bw_model_info before, after;              /* their names are not to be used */
    double milliseconds_before, milliseconds; /* of a picture */
} bw_prune_outcome;

/** Builds one plan of a model that takes the place of `choice`'s, and lets it pass the gate. */
typedef bw_status bw_plan_builder(bw_plan **out, const bw_model *model,
                                  const struct bw_plan_choice *choice,
                                  const bw_build_options *options, bw_error *error);

/**
 * Prunes as choice->prune says, and builds the plan of what is left by `build`, which judges it
 * against the whole model. AUTO looks for the most that passes in FP32, by halving the range, and
 * then goes back as long as the precision asked for does not pass. Says on standard error what it
 * does; choice->pruned receives the outcome.
 */
bw_status bw_build_pruned(bw_plan **out, const bw_model *model, const struct bw_plan_choice *choice,
                          const bw_build_options *options, bw_plan_builder *build, bw_error *error);

/**
 * Prints what was won, what was tried and what stopped it, in lines that begin as those of `build`;
 * nothing where nothing was pruned.
 */
void bw_print_pruning(FILE *file, const bw_prune_outcome *outcome);

/** Prints a table of the convolutions; nothing for a plan that was not pruned. */
void bw_print_pruned_layers(FILE *file, const bw_plan *plan, int steps);

#endif
