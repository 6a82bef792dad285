/**
 * A test for each kernel of the list, and of those that are emulated.
 */
#ifndef BW_TESTS_KERNELS_EVERY_KERNEL_H
#define BW_TESTS_KERNELS_EVERY_KERNEL_H

#include "check.h"
#include "emulated.h"

enum { MOST_KERNELS = 256 };

/** Kernel `index` of the list, or of the emulated ones behind it; NULL past the last. */
static inline const bw_kernel *every_kernel_at(int index)
{
    int count = 0;
    while (count <= index && bw_kernel_at(count))
        count++;
    return count > index ? bw_kernel_at(index) : emulated_kernel_at(index - count);
}

/** Runs `test` for each kernel that is wanted; its state points at the kernel. */
static inline int test_every_kernel(const char *group, bool (*wanted)(const bw_kernel *kernel),
                                    CMUnitTestFunction test)
{
    static struct CMUnitTest tests[MOST_KERNELS];
    size_t count = 0;
    const bw_kernel *kernel;
    for (int index = 0; (kernel = every_kernel_at(index)) && count < MOST_KERNELS; index++) {
        union {
            const bw_kernel *kernel;
            void *state;
        } pointer = {kernel};
        if (wanted(kernel))
            tests[count++] = (struct CMUnitTest){kernel->name, test, NULL, NULL, pointer.state};
    }
    return _cmocka_run_group_tests(group, tests, count, NULL, NULL);
}

#endif
