/**
 * The tile instructions in plain C; included by tiles.h. Each thread has tiles of its own, as each
 * has registers of its own.
 *
 * BW_TILE_DOT_HALVES sums even and odd terms apart and then adds both, as the instruction is
 * specified; it does not treat denormal numbers as zero.
 */
#ifndef BW_KERNELS_X86_TILES_EMULATED_H
#define BW_KERNELS_X86_TILES_EMULATED_H

/* Shapes are what this is for: they are checked in every build. */
#undef NDEBUG
#include <assert.h>

#include "base/number.h"

typedef struct bw_emulated_tiles {
    bw_tile_shapes shapes;
    uint8_t rows[BW_TILES][BW_TILE_ROWS][BW_TILE_ROW_BYTES];
} bw_emulated_tiles;

static _Thread_local bw_emulated_tiles bw_tiles;

#define BW_TILES_READ(from) ((void)(from))
#define BW_TILE_LOAD(tile, from, stride) bw_emulated_load(tile, from, stride)
#define BW_TILE_STORE(tile, to, stride) bw_emulated_store(tile, to, stride)
#define BW_TILE_DOT_BYTES(c, a, b) bw_emulated_dot(c, a, b, bw_emulated_bytes)
#define BW_TILE_DOT_HALVES(c, a, b) bw_emulated_dot(c, a, b, bw_emulated_halves)

static inline void bw_tiles_configure(const bw_tile_shapes *shapes)
{
    assert(shapes->palette == 1 && shapes->start_row == 0);
    for (int tile = 0; tile < BW_TILES; tile++)
        assert(shapes->rows[tile] <= BW_TILE_ROWS && shapes->row_bytes[tile] <= BW_TILE_ROW_BYTES &&
               shapes->row_bytes[tile] % 4 == 0);
    memset(&bw_tiles, 0, sizeof bw_tiles);
    bw_tiles.shapes = *shapes;
}

static inline void bw_tiles_release(void)
{
    memset(&bw_tiles, 0, sizeof bw_tiles);
}

static inline void bw_tiles_stay_awake(void)
{
    assert(bw_tiles.shapes.palette == 1);
}

static inline void bw_emulated_load(int tile, const void *from, size_t stride)
{
    assert(bw_tiles.shapes.rows[tile] > 0 && bw_tiles.shapes.row_bytes[tile] > 0);
    memset(bw_tiles.rows[tile], 0, sizeof bw_tiles.rows[tile]);
    for (size_t row = 0; row < bw_tiles.shapes.rows[tile]; row++)
        memcpy(bw_tiles.rows[tile][row], (const uint8_t *)from + row * stride,
               bw_tiles.shapes.row_bytes[tile]);
}

static inline void bw_emulated_store(int tile, void *to, size_t stride)
{
    assert(bw_tiles.shapes.rows[tile] > 0 && bw_tiles.shapes.row_bytes[tile] > 0);
    for (size_t row = 0; row < bw_tiles.shapes.rows[tile]; row++)
        memcpy((uint8_t *)to + row * stride, bw_tiles.rows[tile][row],
               bw_tiles.shapes.row_bytes[tile]);
}

/** Adds to one sum the products of a row of `a` and the column of `b` that starts at `column`. */
typedef void bw_emulated_sum(uint8_t *sum, const uint8_t *row, const uint8_t *column, int groups);

static inline void bw_emulated_bytes(uint8_t *sum, const uint8_t *row, const uint8_t *column,
                                     int groups)
{
    uint32_t total;
    memcpy(&total, sum, sizeof total);
    for (int group = 0; group < groups; group++, row += 4, column += BW_TILE_ROW_BYTES) {
        for (int part = 0; part < 4; part++)
            total += (uint32_t)((int32_t)row[part] * (int32_t)(int8_t)column[part]);
    }
    memcpy(sum, &total, sizeof total);
}

static inline void bw_emulated_halves(uint8_t *sum, const uint8_t *row, const uint8_t *column,
                                      int groups)
{
    float total, parts[2] = {0.0f, 0.0f};
    memcpy(&total, sum, sizeof total);
    for (int group = 0; group < groups; group++, row += 4, column += BW_TILE_ROW_BYTES) {
        uint16_t a[2], b[2];
        memcpy(a, row, sizeof a);
        memcpy(b, column, sizeof b);
        for (int part = 0; part < 2; part++)
            parts[part] = fmaf(bw_from_bf16(a[part]), bw_from_bf16(b[part]), parts[part]);
    }
    total += parts[0] + parts[1];
    memcpy(sum, &total, sizeof total);
}

static inline void bw_emulated_dot(int c, int a, int b, bw_emulated_sum *add)
{
    const bw_tile_shapes *shapes = &bw_tiles.shapes;
    assert(shapes->rows[c] > 0 && shapes->rows[a] == shapes->rows[c]);
    assert(shapes->row_bytes[a] > 0 && shapes->rows[b] == shapes->row_bytes[a] / 4);
    assert(shapes->row_bytes[c] > 0 && shapes->row_bytes[b] == shapes->row_bytes[c]);
    for (int row = 0; row < shapes->rows[c]; row++) {
        for (int column = 0; column < shapes->row_bytes[c]; column += 4)
            add(&bw_tiles.rows[c][row][column], bw_tiles.rows[a][row], &bw_tiles.rows[b][0][column],
                shapes->rows[b]);
    }
}

#endif
