/**
 * Sorts more records than memory should hold: runs of them are sorted in memory and kept in a
 * nameless file, and merged when they are read (Knuth, The Art of Computer Programming 3, 5.4).
 * At most 16 MiB are held while records are added; reading adds 64 KiB a run.
 */
#ifndef BW_ANNOT_SORT_FILE_H
#define BW_ANNOT_SORT_FILE_H

#include "base/error.h"

/** Compares two records as qsort's function does; no two may be equal. */
typedef int bw_record_order(const void *left, const void *right);

typedef struct bw_sort_file bw_sort_file;

/** Opens a sorter of records of `size` bytes (at most 1024), whose file lies in `directory`. */
bw_status bw_sort_file_open(bw_sort_file **out, size_t size, bw_record_order *order,
                            const char *directory, bw_error *error);

bw_status bw_sort_file_add(bw_sort_file *sorter, const void *record, bw_error *error);

/** Ends adding; records can be read from the first. */
bw_status bw_sort_file_finish(bw_sort_file *sorter, bw_error *error);

/** The next record, borrowed until the next call; NULL past the last. */
bw_status bw_sort_file_next(bw_sort_file *sorter, const void **record, bw_error *error);

void bw_sort_file_close(bw_sort_file **sorter);

#endif
