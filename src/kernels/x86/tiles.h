/**
 * The tile instructions of AMX: eight matrices of up to 16 rows of 64 bytes.
 *
 * Without BW_EMULATE_TILES each name is the instruction. With it, it is plain C of the same
 * meaning, so that the logic of kernels is tested on machines that lack the instructions; what a
 * processor would refuse, shapes that do not fit each other, is then a failed assertion.
 *
 *     BW_TILE_LOAD(tile, from, stride)   rows from memory, `stride` bytes apart
 *     BW_TILE_STORE(tile, to, stride)    rows to memory
 *     BW_TILE_DOT_BYTES(c, a, b)         c += a × b: bytes × integers of 8 bits, sums of 32 bits
 *     BW_TILE_DOT_HALVES(c, a, b)        c += a × b: pairs of bfloat16, sums of floats
 *
 * Tiles are named by literal numbers. In the products, a row of `a` holds numbers along K, and a
 * row of `b` holds for each of 16 columns four bytes (two halves) that follow each other along K.
 */
#ifndef BW_KERNELS_X86_TILES_H
#define BW_KERNELS_X86_TILES_H

#include <stdint.h>
#include <string.h>

enum { BW_TILES = 8, BW_TILE_ROWS = 16, BW_TILE_ROW_BYTES = 64 };

/** The operand of ldtilecfg. */
typedef struct bw_tile_shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} bw_tile_shapes;

static inline void bw_tile_shape(bw_tile_shapes *shapes, int tile, int rows, int row_bytes)
{
    shapes->palette = 1;
    shapes->rows[tile] = (uint8_t)rows;
    shapes->row_bytes[tile] = (uint16_t)row_bytes;
}

#if !defined(BW_EMULATE_TILES)

#include <immintrin.h>

/* Compilers' tile loads and configurations do not say what memory they read. */
#define BW_TILES_READ(from) __asm__ volatile("" ::"r"(from) : "memory")

static inline void bw_tiles_configure(const bw_tile_shapes *shapes)
{
    BW_TILES_READ(shapes);
    _tile_loadconfig(shapes);
}

static inline void bw_tiles_release(void)
{
    _tile_release();
}

#define BW_TILE_LOAD(tile, from, stride) _tile_loadd(tile, from, stride)
#define BW_TILE_STORE(tile, to, stride)                                                            \
    do {                                                                                           \
        _tile_stored(tile, to, stride);                                                            \
        BW_TILES_READ(to);                                                                         \
    } while (0)
#define BW_TILE_DOT_BYTES(c, a, b) _tile_dpbusd(c, a, b)
#define BW_TILE_DOT_HALVES(c, a, b) _tile_dpbf16ps(c, a, b)

/**
 * A 512-bit instruction of no effect. On processors that have AMX, a tile store loses about 800
 * cycles when some 2000 cycles before it had none.
 */
static inline void bw_tiles_stay_awake(void)
{
    __asm__ volatile("vpmaddwd %%zmm29, %%zmm30, %%zmm31" ::: "xmm31");
}

#else

#include "kernels/x86/tiles_emulated.h"

#endif
#endif
