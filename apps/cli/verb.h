/**
 * The verbs of the program: const structs in a null-ended array (main.c), one file each.
 */
#ifndef BW_CLI_VERB_H
#define BW_CLI_VERB_H

#include "options.h"

/** What the program's exit status says. */
enum {
    BW_EXIT_OK = 0,
    BW_EXIT_FAILURE = 1,
    BW_EXIT_USAGE = 2,
    BW_EXIT_SOME_FAILED = 3, /* all was done, but some inputs could not be used */
    BW_EXIT_GATE = 4,        /* all was done, but a figure is worse than was asked for */
    BW_EXIT_INTERRUPTED = 130,
};

typedef struct bw_verb {
    bw_usage usage;

    /** Runs with the arguments that follow the verb's name; returns the exit status. */
    int (*run)(int argc, char **argv);
} bw_verb;

extern const bw_verb bw_verb_annotate, bw_verb_bench, bw_verb_build, bw_verb_convert,
    bw_verb_convert_labels, bw_verb_doctor, bw_verb_eval, bw_verb_export, bw_verb_inspect,
    bw_verb_merge, bw_verb_select;

#endif
