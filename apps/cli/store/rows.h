/**
 * The items of a run's database with all that belongs to them, one after the other in rising
 * number: each table is read once, side by side, so memory is bounded by one item's boxes.
 */
#ifndef BW_CLI_ROWS_H
#define BW_CLI_ROWS_H

#include "store/store.h"

typedef struct bw_rows bw_rows;

/** An item; all that it points at is valid until the next one is read. */
typedef struct bw_row {
    bw_record record;
    const char *label;
} bw_row;

/** Reads the items from number `first` on, of a database of this version of the schema. */
bw_status bw_rows_open(bw_rows **out, sqlite3 *database, int64_t first, bw_error *error);

/** Reads the next item; `*row` is NULL at the end. */
bw_status bw_rows_next(bw_rows *rows, const bw_row **row, bw_error *error);

void bw_rows_close(bw_rows **rows);

#endif
