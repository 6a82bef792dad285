/**
 * Plans kept from run to run, in $XDG_CACHE_HOME/boxwright/plans (or ~/.cache/boxwright/plans).
 *
 * A plan's file is named by a digest of all that it depends on: the model's fingerprint, size and
 * names, the options of the build, the processor, and this very program. Nothing here fails: what
 * is absent, damaged or of another kind is built again and replaced, and a folder that cannot be
 * written only costs the time. Files appear under their names when they are complete, so several
 * processes may use one cache at once.
 */
#ifndef BW_CLI_PLAN_CACHE_H
#define BW_CLI_PLAN_CACHE_H

#include "boxwright/boxwright.h"

/** Bytes that the cache may hold; the plans not used for longest go. */
#define BW_PLAN_CACHE_LIMIT (UINT64_C(4) << 30)

/**
 * Where the plan would be, for the caller to free; NULL where there is no place for a cache.
 * `calibration` is a digest of what INT8 is calibrated on.
 */
char *bw_plan_cache_place(const bw_model *model, const bw_build_options *options,
                          uint64_t calibration);

/** Loads the plan that is there and marks it as used; false where there is none of any use. */
bool bw_plan_cache_load(bw_plan **out, const char *place);

/** Keeps the plan, then makes room. */
void bw_plan_cache_save(const bw_plan *plan, const char *place);

#endif
