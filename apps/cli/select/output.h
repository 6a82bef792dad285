/**
 * What a selection is written as: a list of paths, a table with the reasons, a page.
 */
#ifndef BW_CLI_SELECT_OUTPUT_H
#define BW_CLI_SELECT_OUTPUT_H

#include <stdio.h>

#include "select/choose.h"

/** A selection that is made; all borrowed. */
typedef struct bw_selection {
    sqlite3 *database;
    const char *run;                 /* its folder */
    const bw_candidates *candidates; /* those that were compared with each other */
    const bw_choice *choices;
    size_t count;
    int64_t pictures; /* usable ones of the run */
    bool null_separated;
} bw_selection;

/** Writes the paths, each ended by a newline or by NUL. Fails where a newline is in a path. */
bw_status bw_selection_list(const bw_selection *selection, FILE *file, bw_error *error);

/** Writes selected.txt, selected.csv and selected.html into the folder: each whole or not at all.
 */
bw_status bw_selection_write(const bw_selection *selection, const char *directory, bw_error *error);

/** Writes the page; page.c. */
bw_status bw_selection_page(const bw_selection *selection, FILE *file, bw_error *error);

/** Why a picture was taken, in words; `text` has BW_REASON_SIZE bytes. */
#define BW_REASON_SIZE 200
bw_status bw_selection_reason(char *text, const bw_selection *selection, size_t index,
                              bw_error *error);

#endif
