/**
 * Learned numbers of a darknet network: from a weights file, or random ones.
 *
 * The file, all little-endian:
 *
 *     int32 major, minor, revision      version of the format
 *     uint64 seen                       pictures trained on; uint32 where version < 0.2
 *     float32 …                         layer by layer, nothing between and nothing after
 *
 * Its numbers are borrowed from the mapping, never copied. Random numbers depend on the seed and
 * on their place in the sequence alone, not on the machine, and are allocated in the given arena.
 */
#ifndef BW_IMPORT_WEIGHTS_H
#define BW_IMPORT_WEIGHTS_H

#include "graph/graph.h"
#include "import/import.h"

typedef struct bw_weights {
    const char *path;    /* NULL: random */
    const uint8_t *data; /* after the header */
    size_t count;        /* numbers that the file holds, or that may be made at random */
    size_t taken;        /* numbers taken so far */
    int revision;        /* of the file's format */
    uint64_t seed;
    bw_arena *arena;
} bw_weights;

/** Reads the header. Random weights in all are bounded by the limit of one tensor's bytes. */
bw_status bw_weights_open(bw_weights *out, const bw_source *source, bw_arena *arena,
                          bw_error *error);

/**
 * Announces that a layer will take `count` numbers: checks, before anything is allocated, that
 * they are there and that all are finite. `layer` describes it in messages.
 */
bw_status bw_weights_begin(bw_weights *weights, const char *layer, size_t count, bw_error *error);

/**
 * Takes the next `count` numbers of those announced. Random ones are normally distributed around
 * `centre` with the given standard deviation.
 */
bw_status bw_weights_take(bw_weights *weights, bw_constant *out, size_t count, float centre,
                          float deviation, bw_error *error);

/** Checks that nothing is left over in the file. */
bw_status bw_weights_finish(const bw_weights *weights, bw_error *error);

#endif
