/**
 * The pictures that the merged run's report shows: those that one run over all would have chosen.
 *
 * Their thumbnails are taken over from the runs, or made from the pictures where these are there
 * and unchanged. Where neither can be, as for frames of videos, the nearest picture that some run
 * has a thumbnail of stands on the contact sheet.
 */
#ifndef BW_CLI_MERGE_CONTACT_H
#define BW_CLI_MERGE_CONTACT_H

#include "merge/join.h"

/** Fills the thumbnails of a database whose pictures have been joined. */
bw_status bw_merge_contact(const bw_join *join, bw_store *store, bw_error *error);

#endif
