/**
 * Command-line options, declared as tables: one row gives parser, check, default and help text.
 *
 * `--name=value` and `--name value` are the same, and for options that have a letter `-o value`
 * too; `--` ends the options; everything that is no option is an operand, wherever it stands, "-"
 * too. Of an option that is given twice the last counts, but for those whose argument is LIST,
 * where that would lose the first: they are refused.
 */
#ifndef BW_CLI_OPTIONS_H
#define BW_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct bw_option bw_option;

/** Reads `text` (NULL for an option without argument) into `field`; fails with a sentence. */
typedef bw_status bw_option_reader(const bw_option *option, void *field, const char *text,
                                   bw_error *error);

struct bw_option {
    const char *name;     /* without its dashes */
    const char *argument; /* what help calls the value; NULL where there is none */
    const char *help;
    bw_option_reader *read;
    size_t offset;              /* of its field in the group's struct */
    double low, high;           /* range of a number */
    const char *const *choices; /* of a bw_read_choice, null-ended; the field becomes the index */
};

/** Readers and the fields they fill. */
bw_option_reader bw_read_flag;   /* bool */
bw_option_reader bw_read_text;   /* const char *, borrowed from the arguments */
bw_option_reader bw_read_int;    /* int, within low … high */
bw_option_reader bw_read_float;  /* float, within low … high */
bw_option_reader bw_read_choice; /* int */
bw_option_reader bw_read_size;   /* bw_size: "416" or "640x384" */
bw_option_reader bw_read_cpu;    /* bw_cpu_level */

/** A size in pixels; 0 × 0 until it is given. */
typedef struct bw_size {
    int width, height;
} bw_size;

/** The features that may be used, and the word that asked for them (NULL: all). */
typedef struct bw_cpu_level {
    uint32_t mask;
    const char *name;
} bw_cpu_level;

/** Options that fill one struct, which lies at `offset` in the verb's own. */
typedef struct bw_option_group {
    const char *title;
    const bw_option *options; /* ended by one without a name */
    size_t offset;
} bw_option_group;

/** A letter that stands for an option: `-o FILE` for `--output FILE`. */
typedef struct bw_short_option {
    char letter;
    const char *name;
} bw_short_option;

/** What the help of a verb is made from. */
typedef struct bw_usage {
    const char *name, *summary;
    const char *operands;          /* as the usage line shows them; NULL where none are taken */
    const char *details;           /* more about it, ready wrapped; may be NULL */
    const bw_option_group *groups; /* ended by one without options */
    const bw_short_option *short_options; /* ended by one without a name; may be NULL */
} bw_usage;

typedef enum bw_options_result {
    BW_OPTIONS_RUN,   /* go on */
    BW_OPTIONS_HELP,  /* help was printed */
    BW_OPTIONS_WRONG, /* a message was printed */
} bw_options_result;

/**
 * Reads the arguments into `values`, the verb's struct, which holds the defaults. The operands are
 * moved to the front of `argv`; `*operands` is their number.
 */
bw_options_result bw_options_read(const bw_usage *usage, void *values, int argc, char **argv,
                                  int *operands);

/** Prints the message of a wrong use and where help is; returns BW_EXIT_USAGE. */
int bw_usage_error(const bw_usage *usage, const char *format, ...) BW_PRINTF(2, 3);

/** The exit status of a failure: BW_EXIT_USAGE where an argument was at fault. */
int bw_exit_status(const bw_error *error);

void bw_options_print_help(const bw_usage *usage);

#endif
