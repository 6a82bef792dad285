/**
 * A share of the pictures, for one of several runs that divide them: number `index` of `count`.
 *
 * A picture belongs to share 1 + XXH3-64(name) mod count, the name being what it is called in the
 * results. So it is in the same share wherever and whenever the share is taken.
 */
#ifndef BW_CLI_SHARE_H
#define BW_CLI_SHARE_H

#include "options.h"

/** All pictures while `count` is 0. */
typedef struct bw_share {
    int index, count;
} bw_share;

/** Reads "2/8". */
bw_option_reader bw_read_share;

bool bw_share_has(bw_share share, const char *name);

#endif
