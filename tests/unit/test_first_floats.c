/**
 * Mixed precision of BF16: the first layers stay floats, as far as that takes no time, and equally
 * far on all processors.
 */
#include "test_import.h"

#include "api/first_floats.h"
#include "passes/passes.h"

/* A few channels at first, where bfloat16 gains nothing, then many, where it halves the time. */
static const char text[] =
    NET "[convolutional]\nfilters=8\nsize=3\npad=1\nactivation=leaky\n"
        "[convolutional]\nfilters=8\nsize=1\nactivation=leaky\n"
        "[convolutional]\nfilters=8\ngroups=8\nsize=3\npad=1\nactivation=leaky\n"
        "[convolutional]\nfilters=512\nsize=1\nactivation=leaky\n"
        "[convolutional]\nfilters=512\nsize=1\nactivation=leaky\n"
        "[convolutional]\nfilters=512\nsize=1\nactivation=leaky\n" TAIL;

static void check_floats(const bw_graph *graph, const bool *floats)
{
    for (size_t tensor = 1; tensor < graph->tensor_count; tensor++)
        assert_true(floats[tensor] <= floats[tensor - 1]);
    assert_true(floats[1]);
    assert_false(floats[graph->tensor_count - 2]);
}

static void first_layers_stay_floats(void **state)
{
    (void)state;
    static const uint32_t masks[] = {0, BW_CPU_AVX2, BW_CPU_AVX2 | BW_CPU_AVX512};
    bw_import import;
    bw_error error;
    bool *floats, *expected;
    import_text(&import, text);
    bw_graph *graph = &import.graph;
    assert_int_equal(bw_passes_run(graph, &error), BW_OK);
    assert_int_equal(bw_choose_first_floats(&expected, graph, BW_CPU_AVX512_BF16, &error), BW_OK);
    check_floats(graph, expected);
    for (size_t mask = 0; mask < sizeof masks / sizeof *masks; mask++) {
        assert_int_equal(bw_choose_first_floats(&floats, graph, masks[mask], &error), BW_OK);
        assert_memory_equal(floats, expected, graph->tensor_count * sizeof *floats);
    }
    bw_import_free(&import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_layers_stay_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
