#include "merge/shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 12 };

/* Names the shares that are not there. */
static bw_status tell_missing(const bool *there, int of, int missing, bw_error *error)
{
    char text[300] = "";
    int told = 0;
    for (int index = 1; index <= of && told < SHOWN; index++) {
        size_t used = strlen(text);
        if (!there[index])
            snprintf(text + used, sizeof text - used, "%s%d/%d", told++ > 0 ? ", " : "", index, of);
    }
    if (missing > told)
        snprintf(text + strlen(text), sizeof text - strlen(text), " and %d more", missing - told);
    return bw_fail(error, BW_ERROR_ARGUMENT,
                   "missing: share%s %s; boxwright annotate --shard %s makes %s",
                   missing > 1 ? "s" : "", text, missing > 1 ? "I/N" : text,
                   missing > 1 ? "each of them" : "it");
}

bw_status bw_shares_check(const bw_share *shares, size_t count, bw_error *error)
{
    int of = 0, missing = 0;
    for (size_t i = 0; i < count; i++) {
        if (of > 0 && shares[i].count > 0 && shares[i].count != of)
            return bw_fail(error, BW_ERROR_ARGUMENT,
                           "some runs are shares of %d, others of %d; only shares of the same "
                           "number make up a whole",
                           of, shares[i].count);
        if (shares[i].count > 0)
            of = shares[i].count;
    }
    bool *there = calloc((size_t)of + 1, sizeof *there);
    if (!there)
        return bw_fail_memory(error, (size_t)of + 1, "the shares");
    for (size_t i = 0; i < count; i++)
        if (shares[i].count > 0)
            there[shares[i].index] = true;
    for (int index = 1; index <= of; index++)
        missing += !there[index];
    bw_status status = missing > 0 ? tell_missing(there, of, missing, error) : BW_OK;
    free(there);
    return status;
}
