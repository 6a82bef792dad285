/**
 * How busy the stages of a run were, and which of them set its pace.
 */
#ifndef BW_CLI_STAGES_H
#define BW_CLI_STAGES_H

#include <stdio.h>

#include "pipeline/pipeline.h"

enum { BW_STAGES = 6 };

/** A stage's share of the run. */
typedef struct bw_stage_share {
    const char *key;  /* a word for machines: "decode" */
    const char *name; /* for people: "reading and decoding" */
    uint64_t time;    /* nanoseconds, summed over its threads */
    double busy;      /* of its threads' time, 0 to 1 */
} bw_stage_share;

/**
 * Decoding (in its own threads), waiting for decoded pictures, resizing, network and boxes (one
 * after the other in the engine's thread, whose time they fill), and writing.
 */
void bw_stages_share(bw_stage_share out[BW_STAGES], const bw_stage_times *times);

/** What limited the run: "the network", "decoding", … */
const char *bw_stages_limit(const bw_stage_times *times);

/** One line: "Busy: decoding 61 %, …; limited by the network". Nothing for a run without time. */
void bw_stages_print(FILE *file, const bw_stage_times *times);

#endif
