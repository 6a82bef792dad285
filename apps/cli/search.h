/**
 * Plans that pass the accuracy gate, and the search for one in mixed precision.
 */
#ifndef BW_CLI_SEARCH_H
#define BW_CLI_SEARCH_H

#include "model.h"

/**
 * Prunes where that is asked for, calibrates where the precision needs it, builds, and lets the
 * plan pass the gate, if there is one. An INT8 plan that loses too much is built again and again,
 * each time with so many layers in floats that its error should be half of what it was, those first
 * that save the most error for the time they take; the tuner works on the one that passes. Says on
 * standard error what it does.
 */
bw_status bw_build_checked(bw_plan **out, const bw_model *model, const bw_plan_choice *choice,
                           const bw_build_options *options, bw_error *error);

/**
 * The same without calibrating: `options` hold the calibration. What the search came to stays in
 * them: `halvings`, `share_noise`.
 */
bw_status bw_build_calibrated(bw_plan **out, const bw_model *model, const bw_plan_choice *choice,
                              bw_build_options *options, bw_error *error);

#endif
