/** Entropy coding: what was coded comes back, takes few bits, and no damage goes unnoticed or far.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/rans.h"

enum { MOST = 20000 };

/* Coded symbols with all that decoding needs. */
typedef struct sample {
    uint8_t symbols[MOST], values[BW_RANS_SYMBOLS], result[MOST];
    uint16_t frequencies[BW_RANS_SYMBOLS], room[MOST];
    size_t count, counts[BW_RANS_SYMBOLS];
    bw_rans_code code;
} sample;

/* Symbols below `levels`, the smaller the more often. */
static sample *make(size_t count, unsigned levels)
{
    sample *s = calloc(1, sizeof *s);
    uint32_t state = 12345 + levels;
    s->count = count;
    for (size_t index = 0; index < count; index++) {
        state = state * 1664525u + 1013904223u;
        unsigned first = (state >> 8) % levels, second = (state >> 20) % levels;
        s->symbols[index] = (uint8_t)(first * second / levels);
        s->counts[s->symbols[index]]++;
    }
    for (int symbol = 0; symbol < BW_RANS_SYMBOLS; symbol++)
        s->values[symbol] = (uint8_t)(symbol * 7 + 3);
    bw_rans_frequencies(s->frequencies, s->counts);
    size_t words = bw_rans_encode(s->room, MOST, s->code.states, s->symbols, count, s->frequencies);
    s->code.frequencies = (const uint8_t *)s->frequencies;
    s->code.values = s->values;
    s->code.symbols = BW_RANS_SYMBOLS;
    s->code.words = (const uint8_t *)(s->room + MOST - words);
    s->code.word_count = words;
    return s;
}

static bool decode(sample *s)
{
    return bw_rans_decode(s->result, s->count, &s->code);
}

static double entropy(const sample *s)
{
    double bits = 0.0;
    for (int symbol = 0; symbol < BW_RANS_SYMBOLS; symbol++) {
        if (s->counts[symbol] > 0)
            bits -= (double)s->counts[symbol] * log2((double)s->counts[symbol] / (double)s->count);
    }
    return bits;
}

static void what_was_coded_comes_back(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 3, 4, 5, 63, 1000, MOST - 1, MOST};
    for (size_t index = 0; index < sizeof counts / sizeof *counts; index++) {
        for (unsigned levels = 1; levels <= 256; levels += levels < 4 ? 1 : 63) {
            sample *s = make(counts[index], levels);
            assert_true(decode(s));
            for (size_t at = 0; at < s->count; at++)
                assert_int_equal(s->result[at], s->values[s->symbols[at]]);
            if (s->count >= 1000)
                assert_true((double)s->code.word_count * 16.0 < entropy(s) * 1.02 + 64.0);
            free(s);
        }
    }
}

/* Equal, very unequal, of one symbol, and growing. */
static size_t made_counts(size_t shape, size_t symbol)
{
    switch (shape) {
    case 0: return 1;
    case 1: return symbol == 9 ? SIZE_MAX / 2 : 1;
    case 2: return symbol == 200 ? 1 : 0;
    default: return symbol * symbol;
    }
}

static void frequencies_add_up(void **state)
{
    (void)state;
    size_t counts[BW_RANS_SYMBOLS];
    uint16_t frequencies[BW_RANS_SYMBOLS];
    for (size_t shape = 0; shape < 4; shape++) {
        int sum = 0;
        for (size_t symbol = 0; symbol < BW_RANS_SYMBOLS; symbol++)
            counts[symbol] = made_counts(shape, symbol);
        bw_rans_frequencies(frequencies, counts);
        for (int symbol = 0; symbol < BW_RANS_SYMBOLS; symbol++) {
            assert_true((frequencies[symbol] > 0) == (counts[symbol] > 0));
            sum += frequencies[symbol];
        }
        assert_int_equal(sum, BW_RANS_TOTAL);
    }
}

static void impossible_codes_are_refused(void **state)
{
    (void)state;
    sample *s = make(5000, 40);
    s->code.word_count--;
    assert_false(decode(s));
    s->code.word_count = 0;
    assert_false(decode(s));
    free(s);
    s = make(5000, 40);
    s->frequencies[1]++;
    assert_false(decode(s));
    s->frequencies[1] -= 2;
    assert_false(decode(s));
    s->frequencies[1]++;
    assert_true(decode(s));
    for (int index = 0; index < BW_RANS_STATES; index++) {
        uint32_t kept = s->code.states[index];
        s->code.states[index] = 65535;
        assert_false(decode(s));
        s->code.states[index] = kept ^ 1;
        assert_false(decode(s));
        s->code.states[index] = kept;
    }
    s->room[MOST - 1] ^= 4;
    assert_false(decode(s));
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_coded_comes_back),
        cmocka_unit_test(frequencies_add_up),
        cmocka_unit_test(impossible_codes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
