/**
 * report.html: one self-contained page about a run, made from its database alone.
 */
#ifndef BW_CLI_REPORT_H
#define BW_CLI_REPORT_H

#include "store/store.h"

/** Writes <directory>/report.html: whole, or not at all. */
bw_status bw_report_write(bw_store *store, const char *directory, bw_error *error);

#endif
