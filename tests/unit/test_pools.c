/**
 * Pools that the convolution before them computes: only where that changes nothing, and with the
 * same results as pools by themselves.
 */
#include "quantized_plan.h"

#include "kernels/kernels.h"

/* Joined: 0 and 2, with VNNI. Not: a result that two read, an activation that turns order round, a
 * pool of overlapping windows. */
static const char text[] = NET "[convolutional]\nfilters=16\nsize=3\npad=1\nactivation=leaky\n"
                               "[maxpool]\nsize=2\nstride=2\n"
                               "[convolutional]\nfilters=24\nsize=1\nactivation=relu\n"
                               "[maxpool]\nsize=2\nstride=2\n"
                               "[convolutional]\nfilters=16\nsize=1\nactivation=leaky\n"
                               "[maxpool]\nsize=2\nstride=2\n"
                               "[upsample]\nstride=2\n"
                               "[route]\nlayers=-1,4\n"
                               "[convolutional]\nfilters=16\nsize=1\nactivation=mish\n"
                               "[maxpool]\nsize=2\nstride=2\n"
                               "[convolutional]\nfilters=16\nsize=1\nactivation=leaky\n"
                               "[maxpool]\nsize=2\nstride=1\n" TAIL;

static int count(const bw_plan *plan, bw_family family)
{
    int count = 0;
    for (int index = 0; index < plan->step_count; index++)
        count += plan->steps[index].operation.family == family;
    return count;
}

static void test_same_results(void **state)
{
    (void)state;
    const uint32_t needed = BW_CPU_AVX512 | BW_CPU_AVX512_VNNI;
    if ((bw_cpu_features() & needed) != needed)
        skip();
    bw_import import;
    bw_plan joined, apart;
    import_text(&import, text);
    quantize(&import.graph);
    lower(&joined, &import.graph, BW_CPU_AVX2 | needed);
    lower(&apart, &import.graph, BW_CPU_AVX2);
    assert_int_equal(count(&joined, BW_FAMILY_CONV_POOL), 2);
    assert_int_equal(count(&joined, BW_FAMILY_MAX_POOL), 3);
    assert_int_equal(count(&apart, BW_FAMILY_CONV_POOL), 0);
    assert_int_equal(count(&apart, BW_FAMILY_MAX_POOL), 5);
    assert_true(joined.arena_bytes < apart.arena_bytes);
    assert_int_equal(run_plan(&joined), run_plan(&apart));
    release(&joined);
    release(&apart);
    bw_import_free(&import);
}

static void test_floats_stay(void **state)
{
    (void)state;
    bw_import import;
    bw_plan plan;
    import_text(&import, text);
    lower(&plan, &import.graph, BW_CPU_AVX2 | BW_CPU_AVX512 | BW_CPU_AVX512_VNNI);
    assert_int_equal(count(&plan, BW_FAMILY_CONV_POOL), 0);
    release(&plan);
    bw_import_free(&import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_results),
        cmocka_unit_test(test_floats_stay),
    };
    return cmocka_run_group_tests_name("pools", tests, NULL, NULL);
}
