#include "plan/rans.h"

#include <stdlib.h>

enum { TOTAL_BITS = 12 };

static const uint32_t least_state = 1u << 16;

/* ---- Encoding ------------------------------------------------------------------------------- */

static int most_frequent(const uint16_t frequencies[BW_RANS_SYMBOLS])
{
    int most = 0;
    for (int symbol = 1; symbol < BW_RANS_SYMBOLS; symbol++)
        most = frequencies[symbol] > frequencies[most] ? symbol : most;
    return most;
}

void bw_rans_frequencies(uint16_t frequencies[BW_RANS_SYMBOLS],
                         const size_t counts[BW_RANS_SYMBOLS])
{
    double all = 0.0;
    int sum = 0;
    for (int symbol = 0; symbol < BW_RANS_SYMBOLS; symbol++)
        all += (double)counts[symbol];
    for (int symbol = 0; symbol < BW_RANS_SYMBOLS; symbol++) {
        int share = (int)((double)counts[symbol] / all * BW_RANS_TOTAL + 0.5);
        frequencies[symbol] = (uint16_t)(counts[symbol] > 0 && share < 1 ? 1 : share);
        sum += frequencies[symbol];
    }
    for (; sum > BW_RANS_TOTAL; sum--)
        frequencies[most_frequent(frequencies)]--;
    for (; sum < BW_RANS_TOTAL; sum++)
        frequencies[most_frequent(frequencies)]++;
}

size_t bw_rans_most_words(size_t count)
{
    return count; /* a symbol takes at most 12 bits, a state less than a word more */
}

static void add_up(uint16_t starts[BW_RANS_SYMBOLS], const uint16_t frequencies[BW_RANS_SYMBOLS])
{
    unsigned sum = 0;
    for (int symbol = 0; symbol < BW_RANS_SYMBOLS; symbol++) {
        starts[symbol] = (uint16_t)sum;
        sum += frequencies[symbol];
    }
}

size_t bw_rans_encode(uint16_t *words, size_t room, uint32_t states[BW_RANS_STATES],
                      const uint8_t *symbols, size_t count,
                      const uint16_t frequencies[BW_RANS_SYMBOLS])
{
    uint16_t starts[BW_RANS_SYMBOLS];
    size_t at = room;
    add_up(starts, frequencies);
    for (int index = 0; index < BW_RANS_STATES; index++)
        states[index] = least_state;
    for (size_t index = count; index-- > 0;) {
        uint32_t *state = &states[index % BW_RANS_STATES], frequency = frequencies[symbols[index]];
        if (*state >= (uint64_t)frequency << (32 - TOTAL_BITS)) {
            words[--at] = (uint16_t)*state;
            *state >>= 16;
        }
        *state = ((*state / frequency) << TOTAL_BITS) + *state % frequency + starts[symbols[index]];
    }
    return room - at;
}

/* ---- Decoding ------------------------------------------------------------------------------- */

/* Of each remainder: value in bits 0 to 7, frequency − 1 in 8 to 19, remainder − start above. */
typedef uint32_t decoding_table[BW_RANS_TOTAL];

static uint32_t read_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static bool fill_table(decoding_table table, const bw_rans_code *code)
{
    uint32_t start = 0;
    for (int symbol = 0; symbol < code->symbols; symbol++) {
        uint32_t frequency = read_word(code->frequencies + 2 * symbol);
        if (frequency > BW_RANS_TOTAL - start)
            return false;
        for (uint32_t offset = 0; offset < frequency; offset++)
            table[start + offset] = code->values[symbol] | (frequency - 1) << 8 | offset << 20;
        start += frequency;
    }
    return start == BW_RANS_TOTAL;
}

/* One symbol; a state that needs a word takes it. */
static inline uint8_t decode_one(uint32_t *state, const uint32_t *table, const uint8_t **words)
{
    uint32_t entry = table[*state % BW_RANS_TOTAL];
    uint32_t next =
        ((entry >> 8 & (BW_RANS_TOTAL - 1)) + 1) * (*state >> TOTAL_BITS) + (entry >> 20);
    uint32_t low = next << 16 | read_word(*words);
    bool small = next < least_state;
    *state = small ? low : next;
    *words += small ? 2 : 0;
    return (uint8_t)entry;
}

/* Decodes whole rounds of all states, as long as the words suffice for one; returns the symbols. */
static size_t decode_rounds(uint8_t *values, size_t count, uint32_t states[BW_RANS_STATES],
                            const uint32_t *table, const uint8_t **words, const uint8_t *end)
{
    uint32_t a = states[0], b = states[1], c = states[2], d = states[3];
    const uint8_t *at = *words;
    size_t index = 0;
    for (; index + BW_RANS_STATES <= count && end - at >= 2 * BW_RANS_STATES;
         index += BW_RANS_STATES) {
        values[index] = decode_one(&a, table, &at);
        values[index + 1] = decode_one(&b, table, &at);
        values[index + 2] = decode_one(&c, table, &at);
        values[index + 3] = decode_one(&d, table, &at);
    }
    states[0] = a, states[1] = b, states[2] = c, states[3] = d;
    *words = at;
    return index;
}

/* The rest, where no word may be read that is not there. */
static bool decode_rest(uint8_t *values, size_t from, size_t count, uint32_t states[BW_RANS_STATES],
                        const uint32_t *table, const uint8_t *words, const uint8_t *end)
{
    static const uint8_t none[2];
    for (size_t index = from; index < count; index++) {
        const uint8_t *at = end - words >= 2 ? words : none;
        bool there = at == words;
        values[index] = decode_one(&states[index % BW_RANS_STATES], table, &at);
        if (there)
            words = at;
        else if (at != none)
            return false;
    }
    return true;
}

bool bw_rans_decode(uint8_t *values, size_t count, const bw_rans_code *code)
{
    decoding_table table;
    uint32_t states[BW_RANS_STATES];
    for (int index = 0; index < BW_RANS_STATES; index++) {
        states[index] = code->states[index];
        if (states[index] < least_state)
            return false;
    }
    const uint8_t *words = code->words, *end = words + 2 * code->word_count;
    if (!fill_table(table, code))
        return false;
    size_t done = decode_rounds(values, count, states, table, &words, end);
    bool good = decode_rest(values, done, count, states, table, words, end);
    for (int index = 0; index < BW_RANS_STATES; index++)
        good = good && states[index] == least_state;
    return good;
}
