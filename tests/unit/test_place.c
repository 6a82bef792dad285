/** Memory placement: nothing that lives at the same time overlaps, and space is shared. */
#include "check.h"

#include "plan/place.h"

enum { BLOCKS = 200, ALIGNMENT = 16 };

static void places_nothing(void **state)
{
    (void)state;
    size_t total = 1;
    check_ok(bw_place_blocks(NULL, 0, ALIGNMENT, &total, &error));
    assert_int_equal(total, 0);
}

static void shares_space_over_time(void **state)
{
    (void)state;
    bw_block blocks[] = {{0, 1, 100, 0}, {1, 2, 50, 0}, {2, 3, 100, 0}, {3, 4, 50, 0}};
    size_t total;
    check_ok(bw_place_blocks(blocks, 4, ALIGNMENT, &total, &error));
    assert_int_equal(total, 112 + 50);
    assert_int_equal(blocks[0].offset, blocks[2].offset);
}

static int meet(const bw_block *a, const bw_block *b)
{
    return a->first_use <= b->last_use && b->first_use <= a->last_use;
}

static void check_placement(const bw_block *blocks, size_t total)
{
    for (int i = 0; i < BLOCKS; i++) {
        assert_int_equal(blocks[i].offset % ALIGNMENT, 0);
        assert_true(blocks[i].offset + blocks[i].size <= total);
        for (int j = 0; j < i; j++) {
            int apart = blocks[i].offset + blocks[i].size <= blocks[j].offset ||
                        blocks[j].offset + blocks[j].size <= blocks[i].offset;
            assert_true(apart || !meet(&blocks[i], &blocks[j]));
        }
    }
}

static void never_overlaps(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int round = 0; round < 50; round++) {
        bw_block blocks[BLOCKS];
        size_t sum = 0, total;
        for (int i = 0; i < BLOCKS; i++) {
            random = random * 1664525u + 1013904223u;
            int first = (int)(random >> 8) % 100, length = (int)(random >> 16) % 10;
            blocks[i] = (bw_block){first, first + length, (random >> 20) + 1, 0};
            sum += blocks[i].size + ALIGNMENT;
        }
        check_ok(bw_place_blocks(blocks, BLOCKS, ALIGNMENT, &total, &error));
        check_placement(blocks, total);
        assert_true(total < sum / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_nothing),
        cmocka_unit_test(shares_space_over_time),
        cmocka_unit_test(never_overlaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
