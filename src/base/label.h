/**
 * Label names: the path below labels/ and drawn/, without suffix, that a picture's files get.
 */
#ifndef BW_BASE_LABEL_H
#define BW_BASE_LABEL_H

#include <stdbool.h>

/**
 * The label of a picture called `name`, without the suffix unless `keep_suffix`; the caller frees
 * it, NULL means no memory. Whatever the name's bytes, the label is a safe relative path:
 * - empty, "." and ".." parts are left out, and "_" stands for a name of nothing else;
 * - a folder whose name ends like a file that Boxwright writes (.txt, .jpg, .part) gets "_" after
 *   it, so that no label needs a folder where another has its file;
 * - a part of over 200 bytes is cut and ends with "~" and a hash of the whole part, and a path of
 *   over 1500 bytes becomes "~" and a hash of its folders, with the last part below it.
 */
char *bw_label_make(const char *name, bool keep_suffix);

#endif
