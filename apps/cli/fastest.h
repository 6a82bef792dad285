/**
 * `--precision best`: the precision in which this machine runs a network fastest.
 */
#ifndef BW_CLI_FASTEST_H
#define BW_CLI_FASTEST_H

#include "boxwright/boxwright.h"

/**
 * Builds the plan in each precision that can take part, runs each, and keeps the fastest: FP32,
 * BF16 where the processor has instructions for it, INT8 where the options hold a calibration or
 * the model's file has bytes. The options' own precision does not count. The plan's settings tell
 * which took part.
 */
bw_status bw_build_fastest(bw_plan **out, const bw_model *model, const bw_build_options *options,
                           bw_error *error);

#endif
