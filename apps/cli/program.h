/**
 * Where the running program is: what was installed with it is found from there.
 */
#ifndef BW_CLI_PROGRAM_H
#define BW_CLI_PROGRAM_H

#include "base/memory.h"

/** The folder that holds the program, without a slash at its end; in `arena`. NULL if unknown. */
const char *bw_program_folder(bw_arena *arena);

/** The folder that holds `path`, without a slash at its end; in `arena`. NULL where there is none.
 */
const char *bw_folder_of(bw_arena *arena, const char *path);

#endif
