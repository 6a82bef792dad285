/**
 * Paths as texts: their folders, names and suffixes. No file is looked at.
 */
#ifndef BW_BASE_PATH_H
#define BW_BASE_PATH_H

#include "base/memory.h"

/** A file's name without its folders, in the path itself; "" where that ends with a slash. */
const char *bw_base_name(const char *path);

/** Bytes of the folder's path, without the slash that ends it; 0 for a name alone. */
size_t bw_folder_length(const char *path);

/** Whether a path ends with the suffix, such as ".cfg", and is more than that. */
bool bw_has_suffix(const char *path, const char *suffix);

/** Whether a path ends with one of `suffixes`, null-ended, in whatever case. */
bool bw_has_any_suffix(const char *path, const char *const *suffixes);

/** `path` with `suffix` in place of its own, or after it where it has none; NULL: no memory. */
char *bw_replace_suffix(bw_arena *arena, const char *path, const char *suffix);

#endif
