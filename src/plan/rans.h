/**
 * Entropy coding of symbols that occur with unequal frequencies: range asymmetric numeral systems
 * (rANS; Duda 2013, "Asymmetric numeral systems: entropy coding combining speed of Huffman coding
 * with compression rate of arithmetic coding"), several states interleaved (Giesen 2014,
 * "Interleaved entropy coders").
 *
 * A state is a number of 32 bits, at least 2^16. Symbol i is coded by state i mod BW_RANS_STATES.
 * To decode a symbol of frequency f out of 2^12, whose frequencies' running sum is c, the state x
 * becomes f × (x >> 12) + (x mod 2^12) − c; where that is below 2^16, the next word of 16 bits goes
 * below it. The symbol is the one into whose share of 2^12 the state fell. When all symbols are
 * decoded, each state must be 2^16: where the encoder began, which goes through them backwards.
 */
#ifndef BW_PLAN_RANS_H
#define BW_PLAN_RANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_RANS_SYMBOLS = 256, /* at most */
    BW_RANS_STATES = 4,
    BW_RANS_TOTAL = 1 << 12, /* the sum of all frequencies */
};

/** Frequencies in proportion to counts, of which one at least is not 0: 1 at least where these are
 * not 0. */
void bw_rans_frequencies(uint16_t frequencies[BW_RANS_SYMBOLS],
                         const size_t counts[BW_RANS_SYMBOLS]);

/** Words that `count` symbols can take at most. */
size_t bw_rans_most_words(size_t count);

/**
 * Codes symbols whose frequencies are not 0, into the end of `words`, of which there are `room`,
 * as many as bw_rans_most_words says. Returns how many it took; `states` are those to begin
 * decoding with.
 */
size_t bw_rans_encode(uint16_t *words, size_t room, uint32_t states[BW_RANS_STATES],
                      const uint8_t *symbols, size_t count,
                      const uint16_t frequencies[BW_RANS_SYMBOLS]);

/** What is to be decoded, all of it untrusted; words and frequencies are little-endian bytes. */
typedef struct bw_rans_code {
    const uint8_t *frequencies; /* u16 each, of `symbols` symbols */
    const uint8_t *values;      /* one a symbol: what stands for it in the result */
    int symbols;
    uint32_t states[BW_RANS_STATES];
    const uint8_t *words; /* u16 each */
    size_t word_count;    /* that there are; those that are left over mean nothing */
} bw_rans_code;

/** Fills `values`; false for a code that no encoder makes. */
bool bw_rans_decode(uint8_t *values, size_t count, const bw_rans_code *code);

#endif
