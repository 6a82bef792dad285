/**
 * Folders walked in a fixed order: names sorted by their bytes, files and folders mixed.
 *
 * Only files that look like pictures or videos by their suffix are visited, whatever kind of file
 * they are; hidden names are not. Symbolic links are followed; a folder is entered through links
 * once, and never from within itself, so loops end. The `drawn` folder beside a run.db is another
 * run's output and is skipped.
 */
#ifndef BW_CLI_WALK_H
#define BW_CLI_WALK_H

#include "base/error.h"

/**
 * Takes a picture's path; `name` is the part of it below the folder given. `problem` is NULL, or
 * says why a folder of that path could not be read. Returns false to end the walk.
 */
typedef bool bw_walk_visitor(void *context, const char *path, const char *name,
                             const bw_error *problem);

/** Walks the folder `root`; false when the visitor ended it or memory ran out. */
bool bw_walk(const char *root, bw_walk_visitor *visit, void *context);

/**
 * Whether a file's name ends as a picture's does: .jpg, .png, … and also .gif, .tif and others that
 * cannot be decoded, so that they are reported and not passed over.
 */
bool bw_walk_is_picture(const char *name);

/**
 * Whether a file's name ends as a video's does: .mp4, .mkv, … Of a file that is not `named` by
 * itself, .ts does not count, which is mostly source code.
 */
bool bw_walk_is_video(const char *name, bool named);

#endif
