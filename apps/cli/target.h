/**
 * Files that a verb is asked to write, looked at before it works for minutes.
 */
#ifndef BW_CLI_TARGET_H
#define BW_CLI_TARGET_H

#include "model.h"

/**
 * Fails where the file `path` cannot be written: its folder is missing or closed to us, or it is a
 * folder itself. Fails also, with BW_ERROR_ARGUMENT, where it is one of the files that the model of
 * `choice` is read from: the model itself, its weights, its names, what tells how to use it.
 */
bw_status bw_target_check(const char *path, const bw_model_choice *choice, bw_error *error);

/** As bw_target_check, of the file beside `path` that has `suffix` in place of its own. */
bw_status bw_target_check_beside(const char *path, const char *suffix,
                                 const bw_model_choice *choice, bw_error *error);

#endif
