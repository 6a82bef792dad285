/** Pictures held out: every third, found by name in whatever folder they are looked for. */
#include "check.h"

#include "held_out.h"

static void every_third_judges(void **state)
{
    (void)state;
    char names[][8] = {"a/7.png", "a/3.png", "a/9.png", "a/5.png", "a/1.png"};
    char *paths[] = {names[0], names[1], names[2], names[3], names[4]};
    bw_held_out held_out;
    check_ok(bw_hold_out(&held_out, paths, 5, &error));
    assert_int_equal(held_out.count, 2);
    for (size_t index = 0; index < 5; index++)
        assert_int_equal(bw_is_held_out(&held_out, paths[index]), index == 1 || index == 4);
    assert_true(bw_is_held_out(&held_out, "elsewhere/3.png"));
    assert_false(bw_is_held_out(&held_out, "3.jpg"));
    bw_held_out_free(&held_out);
}

static void a_single_picture_is_not_held_out(void **state)
{
    (void)state;
    char name[] = "1.png";
    char *paths[] = {name};
    bw_held_out held_out;
    check_ok(bw_hold_out(&held_out, paths, 1, &error));
    assert_int_equal(held_out.count, 0);
    assert_false(bw_is_held_out(&held_out, name));
    bw_held_out_free(&held_out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_third_judges),
        cmocka_unit_test(a_single_picture_is_not_held_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
