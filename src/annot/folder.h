/**
 * Folders of labels and pictures, and the text files in them.
 */
#ifndef BW_ANNOT_FOLDER_H
#define BW_ANNOT_FOLDER_H

#include "base/error.h"
#include "base/memory.h"

/** Paths below a folder, sorted by their bytes; all of them are the arena's. */
typedef struct bw_file_list {
    bw_arena arena;
    const char **names; /* without the folder */
    size_t count, capacity;
} bw_file_list;

/**
 * Lists the files of a folder and of those below it whose names end with one of `suffixes` (null-
 * ended; case does not matter). Hidden names are passed over, and folders below are not entered
 * through links.
 */
bw_status bw_file_list_read(bw_file_list *out, const char *folder, const char *const *suffixes,
                            bw_error *error);
void bw_file_list_free(bw_file_list *list);

/** What the names of pictures that can be read end with; null-ended. */
extern const char *const bw_picture_suffixes[];

/** Reads a text that is a number and nothing else, whatever the locale; false for any other. */
bool bw_number_read(double *value, const char *text);

/** `path`/`name`, the arena's, where that is a folder; NULL otherwise. */
const char *bw_subfolder(bw_arena *arena, const char *path, const char *name);

/** Takes the numbers of a line, which counts from 1. */
typedef bw_status bw_line_visitor(void *context, const double *values, int count, size_t line,
                                  bw_error *error);

/** The most numbers that a line may have. */
#define BW_LINE_NUMBERS 8

/**
 * Reads a text of numbers, a few a line, whatever the locale; empty lines are passed over.
 * Messages name the line.
 */
bw_status bw_number_lines_parse(const char *text, size_t size, bw_line_visitor *visit,
                                void *context, bw_error *error);

/** The same of a file, which messages name as well. */
bw_status bw_number_lines_read(const char *path, bw_line_visitor *visit, void *context,
                               bw_error *error);

#endif
