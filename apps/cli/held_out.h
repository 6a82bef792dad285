/**
 * Pictures held out: those of a folder that nothing is fitted to, so that they can judge.
 */
#ifndef BW_CLI_HELD_OUT_H
#define BW_CLI_HELD_OUT_H

#include "boxwright/boxwright.h"

/** Names of pictures, without their folders, in rising order. */
typedef struct bw_held_out {
    char **names;
    size_t count;
} bw_held_out;

/** Takes every third of the pictures, from the second one on; of a single one none. */
bw_status bw_hold_out(bw_held_out *held_out, char *const *paths, size_t count, bw_error *error);

bool bw_is_held_out(const bw_held_out *held_out, const char *path);

void bw_held_out_free(bw_held_out *held_out);

#endif
