/**
 * How a plan is fitted to this machine, as the options of a verb that builds plans to keep say it.
 */
#ifndef BW_CLI_TUNING_H
#define BW_CLI_TUNING_H

#include "boxwright/boxwright.h"
#include "options.h"

typedef struct bw_tuning_choice {
    bool no_tune;
    int mode; /* 0: throughput, 1: latency */
    int seed;
    int seconds;
    const char *timings; /* a file; NULL for none */
} bw_tuning_choice;

/** Options that fill a bw_tuning_choice. */
extern const bw_option bw_tuning_options[];

/** What a bw_tuning_choice is before any option was read: it tunes. */
extern const bw_tuning_choice bw_tuning_defaults;

/** Sets what the choice says about the build; NULL: estimates instead of measurements. */
void bw_tuning_apply(bw_build_options *options, const bw_tuning_choice *choice);

#endif
