/**
 * run.db: the truth of a run, an SQLite database (version 2 of this schema, in user_version).
 *
 *     settings   (key, value)                       what was run: command, model, thresholds, …
 *     classes    (id, name)
 *     items      (number, path, name, label, format, width, height, boxes, confidence, source,
 *                frame, time_ns, bytes, modified_ns)
 *     detections (item, rank, class, score, left, top, right, bottom)      pixels, best first
 *     errors     (item, kind, message)              why a picture could not be used
 *     thumbnails (item, contact, width, height, jpeg)
 *                                                   of pictures that the report shows; `contact`
 *                                                   is 1 for those of the contact sheet
 *     repeats    (base, last)                       numbers that made equal labels differ
 *
 * Names and paths are text where they are valid UTF-8 and blobs of the same bytes where not. An
 * item whose picture could not be used has a row in `errors` and NULL sizes and boxes.
 * `confidence` is the mean score of its boxes; `source` the archive or video that it came from,
 * `frame` and `time_ns` its place in a video; `bytes` and `modified_ns` (since 1970) what its file
 * had when it was read; NULL where there is none. Writes go into a transaction
 * that bw_store_commit ends, so that the database always holds an unbroken beginning of the run.
 */
#ifndef BW_CLI_STORE_H
#define BW_CLI_STORE_H

#include <sqlite3.h>

#include "base/error.h"
#include "base/memory.h"

#define BW_STORE_APPLICATION_ID 0x42575244 /* "BWRD" */
#define BW_STORE_SCHEMA_VERSION 2

typedef struct bw_store bw_store;

/** Creates the database, which must not exist. */
bw_status bw_store_create(bw_store **out, const char *path, bw_error *error);

/** Opens the database of a run that is to go on. Refuses what is none, or of another version. */
bw_status bw_store_open(bw_store **out, const char *path, bw_error *error);

/** The value of a setting, in `arena`; NULL where there is none. */
bw_status bw_store_get(bw_store *store, const char *key, bw_arena *arena, const char **value,
                       bw_error *error);

bw_status bw_store_set(bw_store *store, const char *key, const char *value, bw_error *error);

bw_status bw_store_add_classes(bw_store *store, const char *const *names, int count,
                               bw_error *error);

/** A picture's result. `problem` is NULL, or why it could not be used. */
typedef struct bw_record {
    int64_t number;
    const char *path, *name;
    const bw_error *problem;
    const char *format;
    const char *source;         /* the archive or video; NULL for none */
    int64_t frame, time_ns;     /* of a video; a negative frame for none */
    int64_t bytes, modified_ns; /* of the file; negative bytes where that is not known */
    int width, height;
    const bw_detection *detections;
    size_t count;
} bw_record;

/**
 * Adds a picture. Its label is the name without suffix; where an earlier picture has that, the
 * name with its suffix; where that is taken as well, the latter and "-2", "-3", … `*label` stays
 * valid until the next call.
 */
bw_status bw_store_add(bw_store *store, const bw_record *record, const char **label,
                       bw_error *error);

typedef struct bw_thumbnail {
    int64_t item;
    bool contact;
    int width, height;
    const uint8_t *jpeg;
    size_t bytes;
} bw_thumbnail;

bw_status bw_store_keep_thumbnail(bw_store *store, const bw_thumbnail *thumbnail, bw_error *error);

/** Takes a thumbnail off the contact sheet, but keeps it. */
bw_status bw_store_leave_contact(bw_store *store, int64_t item, bw_error *error);

/** Removes a thumbnail unless it is on the contact sheet. */
bw_status bw_store_drop_thumbnail(bw_store *store, int64_t item, bw_error *error);

/** Makes what was added durable and begins the next transaction. */
bw_status bw_store_commit(bw_store *store, bw_error *error);

/** Forgets what was added since the last commit, and begins the next transaction. */
bw_status bw_store_roll_back(bw_store *store, bw_error *error);

/**
 * Removes the pictures after the last usable one, all of which failed, and what was not committed;
 * they are tried again when the run goes on.
 */
bw_status bw_store_forget_failed(bw_store *store, bw_error *error);

/** The database itself, for what reads it as a whole; borrowed. */
sqlite3 *bw_store_database(bw_store *store);

/** Fails with what went wrong last in the database. */
bw_status bw_store_fail(bw_store *store, bw_error *error);

/** Compiles a query; the caller finalises it. */
bw_status bw_store_query(bw_store *store, sqlite3_stmt **out, const char *sql, bw_error *error);

/** Commits and closes. */
bw_status bw_store_close(bw_store **store, bw_error *error);

#endif
