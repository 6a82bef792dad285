/**
 * How writers put files into their folder: one file that grows, files of their own for each
 * picture, and what has to wait on disk until it is known where it goes.
 */
#ifndef BW_ANNOT_OUTPUT_H
#define BW_ANNOT_OUTPUT_H

#include <stdio.h>

#include "annot/text.h"
#include "base/memory.h"
#include "base/staging.h"

/** A file that grows under a temporary name until it is given its own. Zero-initialise it. */
typedef struct bw_output {
    char *path, *temporary;
    FILE *file;
} bw_output;

/** Creates <directory>/<name>.part, and the folders that `name` has. */
bw_status bw_output_open(bw_output *out, const char *directory, const char *name, bw_error *error);

/** Appends a text and makes that empty. */
bw_status bw_output_write(bw_output *out, bw_text *text, bw_error *error);

/** Appends all that was written into a file of bw_spool_open. */
bw_status bw_output_append(bw_output *out, FILE *spool, bw_error *error);

/** Puts the file on disk under its own name, or removes it. Harmless where none is open. */
bw_status bw_output_close(bw_output *out, bool commit, bw_error *error);

/** The state of a writer whose one file grows picture by picture; the first member of its own. */
typedef struct bw_stream {
    const char *directory;
    const bw_writer_options *options;
    bw_output out;
    bw_text text;  /* the picture that is being written */
    int64_t count; /* of pictures */
} bw_stream;

/** Allocates a writer's state of `size` bytes, zeroed, and opens its file. */
bw_status bw_stream_open(void **out, size_t size, const char *directory, const char *name,
                         const bw_writer_options *options, bw_error *error);

/** What stands before the next element of the file's array; counts it. */
const char *bw_stream_separator(bw_stream *stream);

/** Writes what the text holds. */
bw_status bw_stream_write(bw_stream *stream, bw_error *error);

/** Writes what the text holds, if the file is to stay; closes it, frees the state. */
bw_status bw_stream_close(bw_stream *stream, bool commit, bw_error *error);

/** A file in `directory` to write and read that has no name: it is gone when it is closed. */
bw_status bw_spool_open(FILE **out, const char *directory, bw_error *error);

/** The files of a format that has one for each picture: <directory>/<folder>/<label><suffix>. */
typedef struct bw_label_files {
    const char *directory, *folder, *suffix;
    bw_text path;
    char *known; /* the folder that is known to exist */
    size_t known_capacity;
    bw_staging staging; /* the files that wait for their names */
} bw_label_files;

/** Sets the path of a label's file, ended by NUL, and makes its folders. */
bw_status bw_label_files_place(bw_label_files *files, const char *label, bw_error *error);

/** Stages a label's file, publishing now and then, and makes `text` empty. */
bw_status bw_label_files_write(bw_label_files *files, const char *label, bw_text *text,
                               bw_error *error);

void bw_label_files_free(bw_label_files *files);

/** The state of a writer that makes a file a picture. */
typedef struct bw_label_writer {
    const bw_writer_options *options;
    bw_label_files files;
    bw_text text; /* the file that is being made */
} bw_label_writer;

/** Allocates the state; the files are <directory>/<folder>/<label><suffix>. */
bw_status bw_label_writer_open(bw_label_writer **out, const char *directory, const char *folder,
                               const char *suffix, const bw_writer_options *options,
                               bw_error *error);

/** As a plug-in's flush and close: `state` is the bw_label_writer. */
bw_status bw_label_writer_flush(void *state, bw_error *error);
bw_status bw_label_writer_close(void *state, bool commit, bw_error *error);

#endif
