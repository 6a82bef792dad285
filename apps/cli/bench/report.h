/**
 * What bench tells: on standard output in trtexec's words (text.c), and as JSON (json.c).
 */
#ifndef BW_CLI_BENCH_REPORT_H
#define BW_CLI_BENCH_REPORT_H

#include <jansson.h>

#include "bench/measure.h"

void bw_bench_print(const bw_bench_point *point, const bw_bench_options *options);
void bw_bench_print_profile(const bw_bench_profile *profile, const bw_plan *plan);

/** A point as a JSON object; NULL when there is no memory. The caller owns the reference. */
json_t *bw_bench_json(const bw_bench_point *point, const bw_bench_options *options);

/** The profile as trtexec exports it: a count, then an object for each step. As above. */
json_t *bw_bench_profile_json(const bw_bench_profile *profile, const bw_plan *plan);

/** Writes a file and lets `root` go, which may be NULL: that is a lack of memory. */
bw_status bw_bench_write_json(const char *file, json_t *root, bw_error *error);

#endif
