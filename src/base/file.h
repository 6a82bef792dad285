/**
 * Files: whole files mapped or read, and files written so that only complete ones get their name.
 */
#ifndef BW_BASE_FILE_H
#define BW_BASE_FILE_H

#include "base/error.h"

/** A read-only view of a file; `data` is NULL for an empty one. */
typedef struct bw_mapping {
    const uint8_t *data;
    size_t size;
} bw_mapping;

/** Maps a regular file. */
bw_status bw_map_file(bw_mapping *out, const char *path, bw_error *error);
void bw_unmap_file(bw_mapping *mapping);

/**
 * Maps a regular file that a file names: `relative` is a path from the folder that holds `beside`.
 * Whoever wrote it may be hostile: an absolute path, a "..", a link anywhere on the way, and
 * whatever is no regular file are refused before they are opened.
 */
bw_status bw_map_file_beneath(bw_mapping *out, const char *beside, const char *relative,
                              bw_error *error);

/**
 * Reads a regular file of at most `limit` bytes into `*bytes` (the caller's; free with free). A
 * NUL that `*size` does not count follows the content.
 */
bw_status bw_read_file(uint8_t **bytes, size_t *size, const char *path, uint64_t limit,
                       bw_error *error);

/** Writes the file `path`.part; after a failure, which names `path`, there is no such file. */
bw_status bw_write_part(const char *path, const void *bytes, size_t size, bw_error *error);

/** Writes `size` bytes to a temporary file beside `path` and renames it: whole or not at all. */
bw_status bw_write_file(const char *path, const void *bytes, size_t size, bw_error *error);

/** Some bytes of a file to be written. */
typedef struct bw_span {
    const void *bytes;
    size_t size;
} bw_span;

/**
 * Writes spans, one after the other, as bw_write_file does; the temporary file's name is this
 * call's own, so that several processes may write the same path: the last one's stays.
 */
bw_status bw_write_spans(const char *path, const bw_span *spans, size_t count, bw_error *error);

/** Whether there is a folder of that name, or a link to one. */
bool bw_is_folder(const char *path);

/** Creates a folder and those above it; it is fine if they exist. */
bw_status bw_make_folders(const char *path, bw_error *error);

#endif
