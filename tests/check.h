/**
 * What every test program includes: cmocka, and the way to say that a bw_status was not expected.
 */
#ifndef BW_TESTS_CHECK_H
#define BW_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "boxwright/boxwright.h"

/** The exit status that the test runner shows as "skipped". */
enum { CHECK_SKIPPED = 77 };

/** Evaluates a call that takes &error last; fails the test with the message if it fails. */
#define check_ok(call)                                                                             \
    do {                                                                                           \
        bw_error error = {0};                                                                      \
        if ((call) != BW_OK)                                                                       \
            fail_msg("%s: %s", bw_status_name(error.status), error.message);                       \
    } while (0)

/** Checks that the call fails with `wanted` and a message that contains `text`. */
#define check_fails(call, wanted, text)                                                            \
    do {                                                                                           \
        bw_error error = {0};                                                                      \
        assert_int_equal(call, wanted);                                                            \
        if (!strstr(error.message, text))                                                          \
            fail_msg("'%s' does not say '%s'", error.message, text);                               \
    } while (0)

#endif
