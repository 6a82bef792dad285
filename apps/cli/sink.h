/**
 * Where results go: the database, the annotation files, the drawn pictures, the thumbnails.
 */
#ifndef BW_CLI_SINK_H
#define BW_CLI_SINK_H

#include "pipeline/item.h"
#include "store/store.h"

#define BW_SINK_FORMATS 16 /* as many annotation formats may be written at once */

typedef struct bw_sink_options {
    const char *directory;
    const char *formats[BW_SINK_FORMATS + 1]; /* null-ended */
    bool with_confidence;
    bool draw;
    bool thumbnails;
    const bw_model_info *model;
} bw_sink_options;

/** What the sink has taken so far. */
typedef struct bw_sink_counts {
    int64_t pictures; /* usable ones */
    int64_t failed;
    int64_t boxes;
} bw_sink_counts;

typedef struct bw_sink bw_sink;

/**
 * Opens the writers; `store` is borrowed, and so are the strings of `options`. Where the database
 * holds pictures already, the sink goes on from there.
 *
 * The database is the truth: what is committed has its label files under final names, durably.
 */
bw_status bw_sink_open(bw_sink **out, bw_store *store, const bw_sink_options *options,
                       bw_error *error);

/** Takes the next item, in order. */
bw_status bw_sink_take(bw_sink *sink, bw_item *item, bw_error *error);

/** A picture with its boxes drawn, as JPEG. */
typedef struct bw_sink_drawn {
    const uint8_t *jpeg;
    size_t size;
} bw_sink_drawn;

/** Takes the next item of another run: it has no pixels, but `drawn` unless that is NULL. */
bw_status bw_sink_take_record(bw_sink *sink, const bw_record *record, const bw_sink_drawn *drawn,
                              bw_error *error);

/** Commits what is not yet, where nothing comes for a while. */
bw_status bw_sink_rest(bw_sink *sink, bw_error *error);

bw_sink_counts bw_sink_count(const bw_sink *sink);

/** Writes what is left and closes; without `commit`, what is not final yet is removed. */
bw_status bw_sink_close(bw_sink **sink, bool commit, bw_error *error);

#endif
