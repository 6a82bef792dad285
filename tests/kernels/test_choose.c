/**
 * The list of kernels and the choice among them.
 */
#include <math.h>
#include <string.h>

#include "cases.h"
#include "check.h"

static const char *const levels[] = {"generic", "avx2", "avx512", "vnni", "bf16", "amx", "all"};

enum { CASES = 200, LEVELS = sizeof levels / sizeof *levels };

static void test_list(void **state)
{
    (void)state;
    assert_null(bw_kernel_at(-1));
    assert_null(bw_kernel_find("no such kernel"));
    int count = 0;
    for (const bw_kernel *kernel; (kernel = bw_kernel_at(count)); count++) {
        assert_ptr_equal(bw_kernel_find(kernel->name), kernel);
        const char *family = family_name(kernel->family);
        assert_int_equal(strncmp(kernel->name, family, strlen(family)), 0);
        assert_non_null(kernel->accepts);
        assert_non_null(kernel->cost);
        assert_non_null(kernel->units);
        assert_non_null(kernel->run);
        bool weighted = bw_family_is_dense(kernel->family) ||
                        kernel->family == BW_FAMILY_DEPTHWISE || kernel->family == BW_FAMILY_PLAIN;
        assert_int_equal(weighted, kernel->packed_bytes != NULL);
        assert_int_equal(weighted, kernel->pack != NULL);
    }
    assert_true(count >= BW_FAMILY_COUNT);
    assert_null(bw_kernel_at(count));
}

static void test_references_need_nothing(void **state)
{
    (void)state;
    int plain[BW_FAMILY_COUNT][BW_TYPE_COUNT][BW_TYPE_COUNT][2] = {0};
    for (int index = 0; bw_kernel_at(index); index++) {
        const bw_kernel *kernel = bw_kernel_at(index);
        plain[kernel->family][kernel->in][kernel->out][kernel->rounds] += kernel->needs == 0;
    }
    for (int index = 0; bw_kernel_at(index); index++) {
        const bw_kernel *kernel = bw_kernel_at(index);
        assert_int_equal(plain[kernel->family][kernel->in][kernel->out][kernel->rounds], 1);
    }
}

static void check_choice(const bw_operation *operation, uint32_t mask)
{
    const bw_kernel *chosen = bw_kernel_choose(operation, mask);
    assert_non_null(chosen);
    assert_int_equal(chosen->family, operation->family);
    assert_int_equal(chosen->needs & ~mask, 0);
    assert_true(bw_kernel_accepts(chosen, operation));
    double cost = chosen->cost(operation);
    assert_true(cost >= 0.0);
    for (int index = 0; bw_kernel_at(index); index++) {
        const bw_kernel *other = bw_kernel_at(index);
        if ((other->needs & ~mask) == 0 && bw_kernel_accepts(other, operation))
            assert_true(other->cost(operation) >= cost);
    }
}

static void test_masks(void **state)
{
    (void)state;
    random_source random = {3};
    for (int index = 0; index < CASES * BW_FAMILY_PLAIN; index++) {
        bw_family family = (bw_family)(index % BW_FAMILY_PLAIN);
        bw_type type = family == BW_FAMILY_CONV_POOL ? BW_U8 : BW_F32;
        test_case test = case_random(&random, family, type, type);
        for (int level = 0; level < LEVELS; level++) {
            uint32_t mask;
            check_ok(bw_cpu_mask_parse(&mask, levels[level], &error));
            check_choice(&test.operation, mask);
        }
    }
}

/* The first published case from `*index` on of a family that has kernels for floats. */
static bool next_of_floats(test_case *test, int *index)
{
    for (; case_published(test, *index, BW_F32, BW_F32); (*index)++)
        if (test->operation.family != BW_FAMILY_CONV_POOL)
            return true;
    return false;
}

/* Ordinary layers must not fall back to the reference. */
static void test_vectors_are_chosen(void **state)
{
    (void)state;
    uint32_t usable = bw_cpu_features();
    if ((usable & BW_CPU_AVX2) == 0)
        skip();
    test_case test;
    for (int index = 0; next_of_floats(&test, &index); index++) {
        assert_true(bw_kernel_choose(&test.operation, BW_CPU_AVX2)->needs != 0);
        assert_true(bw_kernel_choose(&test.operation, usable)->needs != 0);
    }
}

static void test_layout(void **state)
{
    (void)state;
    bw_layout layout = bw_layout_make(5, 7, 33, BW_LANES, 2);
    assert_int_equal(bw_layout_planes(&layout), 3);
    assert_int_equal(layout.row_stride, (7 + 4) * BW_LANES);
    assert_int_equal(layout.plane_stride, (5 + 4) * layout.row_stride);
    assert_int_equal(layout.image_stride, 3 * layout.plane_stride);
    assert_int_equal(bw_layout_origin(&layout), 2 * layout.row_stride + 2 * BW_LANES);
    assert_int_equal(bw_layout_elements(&layout, 4), 4 * layout.image_stride);
    bw_layout image = bw_layout_make(416, 416, 3, BW_IMAGE_LANES, 0);
    assert_int_equal(bw_layout_planes(&image), 1);
    assert_int_equal(bw_layout_origin(&image), 0);
    assert_int_equal(bw_layout_elements(&image, 1), 416 * 416 * BW_IMAGE_LANES);
}

/* In a plan, images lie as far apart as all tensors together; that makes none of them slower. */
static void test_times_are_of_the_tensors_alone(void **state)
{
    (void)state;
    test_case test;
    for (int index = 0; next_of_floats(&test, &index); index++) {
        bw_operation apart = test.operation;
        const bw_kernel *kernel = bw_kernel_choose(&test.operation, 0);
        apart.in.image_stride += 64 << 20;
        apart.out.image_stride += 64 << 20;
        double time = bw_kernel_time(kernel, &test.operation);
        assert_true(fabs(bw_kernel_time(kernel, &apart) - time) <= 1e-9 * time);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),   cmocka_unit_test(test_references_need_nothing),
        cmocka_unit_test(test_masks),  cmocka_unit_test(test_vectors_are_chosen),
        cmocka_unit_test(test_layout), cmocka_unit_test(test_times_are_of_the_tensors_alone),
    };
    return cmocka_run_group_tests_name("choice of kernels", tests, NULL, NULL);
}
