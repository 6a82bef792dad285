/**
 * Whether shares make up the whole list.
 */
#ifndef BW_CLI_MERGE_SHARES_H
#define BW_CLI_MERGE_SHARES_H

#include "pipeline/share.h"

/**
 * Fails with BW_ERROR_ARGUMENT, and names the missing ones, where shares are there that do not make
 * up the whole list. Those with a count of 0 are none. All must be of the same number of shares.
 */
bw_status bw_shares_check(const bw_share *shares, size_t count, bw_error *error);

#endif
