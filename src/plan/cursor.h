/**
 * A cursor over little-endian bytes that either writes or reads: one description of a record serves
 * both ways, so that the two cannot differ.
 *
 * A cursor that failed (no memory, too few bytes left, a text with a NUL in it) stays so, and what
 * it reads from then on is zero; its user asks once, at the end.
 */
#ifndef BW_PLAN_CURSOR_H
#define BW_PLAN_CURSOR_H

#include "base/memory.h"

typedef struct bw_cursor {
    bool writing, failed;
    uint8_t *bytes; /* writing: what was written, grown by malloc; the user's to free */
    size_t size, capacity;
    const uint8_t *from; /* reading: the next byte, and how many are left */
    size_t left;
    bw_arena *arena; /* reading: owns the texts */
} bw_cursor;

/** Each writes `*value`, or reads it. */
void bw_move_u32(bw_cursor *cursor, uint32_t *value);
void bw_move_u64(bw_cursor *cursor, uint64_t *value);
void bw_move_int(bw_cursor *cursor, int *value);
void bw_move_size(bw_cursor *cursor, size_t *value);
void bw_move_float(bw_cursor *cursor, float *value);
void bw_move_bytes(bw_cursor *cursor, void *bytes, size_t size);

/** A length (u32) and as many bytes, none of them NUL; "" after a failure. */
void bw_move_text(bw_cursor *cursor, const char **text);

/** A count of records of at least `least` bytes: a claim that the bytes left cannot hold fails. */
void bw_move_count(bw_cursor *cursor, int *count, size_t least);

#endif
