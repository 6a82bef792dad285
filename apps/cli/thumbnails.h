/**
 * Which pictures the report can show: those of the contact sheet, spread evenly over a run whose
 * length is not known beforehand, and those whose boxes are least certain.
 *
 * The contact sheet takes every picture at first, then every second, fourth, … whenever it holds
 * more than it can. The choice depends on the order of the pictures alone.
 */
#ifndef BW_CLI_THUMBNAILS_H
#define BW_CLI_THUMBNAILS_H

#include "store/store.h"

enum { BW_CONTACT_PICTURES = 60, BW_UNCERTAIN_PICTURES = 12 };

/** Zero-initialise it. */
typedef struct bw_thumbnails {
    int64_t seen;
    int64_t skip; /* pictures passed over between two of the contact sheet */
    int64_t contact[BW_CONTACT_PICTURES + 1], contact_index[BW_CONTACT_PICTURES + 1];
    int contact_count;
    int64_t uncertain[BW_UNCERTAIN_PICTURES]; /* items, the least certain first */
    double confidence[BW_UNCERTAIN_PICTURES];
    int uncertain_count;
} bw_thumbnails;

/** Zero-initialised `thumbnails` as they were when the run of the database stopped. */
bw_status bw_thumbnails_restore(bw_thumbnails *thumbnails, bw_store *store, bw_error *error);

/** Considers the next usable picture; `confidence` is its boxes' mean score, negative for none. */
bw_status bw_thumbnails_consider(bw_thumbnails *thumbnails, bw_store *store, int64_t item,
                                 const bw_image *image, double confidence, bw_error *error);

/** Makes a thumbnail of a picture and keeps it. */
bw_status bw_thumbnails_keep(bw_store *store, int64_t item, bool contact, const bw_image *image,
                             bw_error *error);

#endif
