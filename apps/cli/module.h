/**
 * Modules: parts of the program that stand on large libraries and are loaded when they are first
 * needed, so that a process that needs none begins sooner and takes less memory.
 *
 * A module is a shared object beside the program or, once installed, in lib/boxwright. It shows one
 * symbol, `bw_module`: the table of its functions, whose type the part's functions.h tells. It
 * stays until the process ends.
 */
#ifndef BW_CLI_MODULE_H
#define BW_CLI_MODULE_H

#include <stdatomic.h>

#include "base/error.h"

typedef struct bw_module_use {
    const char *file;    /* "boxwright-video.so" */
    const char *failing; /* what does not work without it, for messages: "videos are not read" */
    const char *remedy;  /* what would mend that */
    _Atomic(const void *) table; /* of its functions; NULL until it is loaded */
} bw_module_use;

/**
 * Loads a module, unless it is already: from then on there is its table. From any thread. Where the
 * module or a library of its is missing, the message says which.
 */
bw_status bw_module_load(bw_module_use *module, bw_error *error);

#endif
