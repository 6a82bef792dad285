/**
 * Bilinear interpolation: every implementation that this processor can run gives the reference's
 * bits, reads no more than it may and writes no more than it should.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/bilinear.h"

enum { MOST_PIXELS = 70, MOST_BYTES = 3 * MOST_PIXELS, SPARE = 64, UNTOUCHED = 0xA5 };

typedef struct trial {
    const bw_bilinear *implementation;
    uint32_t random;
} trial;

static uint32_t draw(trial *state, uint32_t limit)
{
    state->random = state->random * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)state->random * limit >> 32);
}

/* Blocks of exactly as many bytes as are meant to be read, so that a sanitizer sees one more. */
static uint8_t *draw_bytes(trial *state, int count)
{
    uint8_t *bytes = malloc((size_t)count + 1);
    assert_non_null(bytes);
    for (int i = 0; i < count; i++)
        bytes[i] = (uint8_t)draw(state, 256);
    return realloc(bytes, count > 0 ? (size_t)count : 1);
}

static float draw_weight(trial *state)
{
    return draw(state, 5) == 0 ? 0.0f : (float)draw(state, 1u << 24) / (float)(1u << 24);
}

static void assert_same(const void *expected, const void *actual, size_t size, const trial *state)
{
    if (memcmp(expected, actual, size) != 0)
        fail_msg("%s differs from the reference", state->implementation->name);
}

static void check_rows(trial *state, int count)
{
    float expected[MOST_BYTES + SPARE], actual[MOST_BYTES + SPARE];
    memset(expected, UNTOUCHED, sizeof expected);
    memset(actual, UNTOUCHED, sizeof actual);
    uint8_t *above = draw_bytes(state, count), *below = draw_bytes(state, count);
    float weight = draw_weight(state);
    bw_bilinear_ref.blend_rows(expected, above, below, weight, count);
    state->implementation->blend_rows(actual, above, below, weight, count);
    assert_same(expected, actual, sizeof expected, state);
    free(above);
    free(below);
}

static float *draw_row(trial *state, int pixels)
{
    size_t count = (size_t)pixels * 3 + 4;
    float *row = malloc(count * sizeof *row);
    assert_non_null(row);
    for (size_t i = 0; i < count; i++)
        row[i] = 255.0f * draw_weight(state);
    return row;
}

static void check_columns(trial *state, int count)
{
    int32_t offsets[MOST_PIXELS] = {0};
    float weights[MOST_PIXELS] = {0};
    float floats[2][MOST_PIXELS * BW_IMAGE_LANES + SPARE];
    uint8_t bytes[2][MOST_PIXELS * BW_IMAGE_LANES + SPARE];
    memset(floats, UNTOUCHED, sizeof floats);
    memset(bytes, UNTOUCHED, sizeof bytes);
    int pixels = 2 + (int)draw(state, MOST_PIXELS);
    float *row = draw_row(state, pixels);
    for (int i = 0; i < count; i++) {
        offsets[i] = 3 * (int32_t)draw(state, (uint32_t)pixels - 1);
        weights[i] = draw_weight(state);
    }
    bw_bilinear_columns columns = {count, offsets, weights};
    bw_bilinear_ref.blend_floats(floats[0], row, &columns);
    state->implementation->blend_floats(floats[1], row, &columns);
    bw_bilinear_ref.blend_bytes(bytes[0], row, &columns);
    state->implementation->blend_bytes(bytes[1], row, &columns);
    assert_same(floats[0], floats[1], sizeof floats[0], state);
    assert_same(bytes[0], bytes[1], sizeof bytes[0], state);
    free(row);
}

static void agree_with_the_reference(void **unused)
{
    (void)unused;
    trial state = {.random = 1};
    for (int index = 0; (state.implementation = bw_bilinear_at(index)); index++) {
        if (state.implementation->needs & ~bw_cpu_features()) {
            print_message("%s is left out: the processor lacks it\n", state.implementation->name);
            continue;
        }
        for (int round = 0; round < 20; round++) {
            for (int count = 0; count <= MOST_PIXELS; count++) {
                check_rows(&state, 3 * count);
                check_columns(&state, count);
            }
        }
    }
}

static void are_chosen_by_the_processor(void **unused)
{
    (void)unused;
    assert_ptr_equal(bw_bilinear_choose(0), &bw_bilinear_ref);
    assert_ptr_equal(bw_bilinear_choose(BW_CPU_ALL), bw_bilinear_at(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agree_with_the_reference),
        cmocka_unit_test(are_chosen_by_the_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
