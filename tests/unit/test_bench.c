/** The parts of `bench` that do not need a network: axes of a sweep, energy counters, statistics.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/axes.h"
#include "bench/energy.h"
#include "statistics.h"

/* ---- Axes ----------------------------------------------------------------------------------- */

static void check_axis(const bw_axis *axis, const int *values, int count)
{
    assert_int_equal(axis->count, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(axis->values[i], values[i]);
}

static void axes_are_sorted_and_single(void **state)
{
    (void)state;
    bw_axes axes = {0};
    check_ok(bw_axes_read(&axes, " batch=8,1,4,1  threads=2 ", &error));
    check_ok(bw_axes_read(&axes, "threads=1", &error));
    assert_true(axes.swept);
    check_axis(&axes.axis[BW_AXIS_BATCH], (int[]){1, 4, 8}, 3);
    check_axis(&axes.axis[BW_AXIS_THREADS], (int[]){1, 2}, 2);
}

static void axes_refuse_nonsense(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "empty"},
        {"batch", "not 'batch'"},
        {"size=320", "not 'size=320'"},
        {"batch=", "whole numbers"},
        {"batch=1,,2", "whole numbers"},
        {"batch=1,", "whole numbers"},
        {"batch=1.5", "whole numbers"},
        {"batch= 1", "whole numbers"},
        {"batch=0", "outside the range"},
        {"batch=1025", "outside the range"},
        {"batch=99999999999999999999", "outside the range"},
        {"threads=1 batch=x", "--sweep batch"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_axes axes = {0};
        check_fails(bw_axes_read(&axes, cases[i].text, &error), BW_ERROR_ARGUMENT,
                    cases[i].message);
    }
}

static void axes_have_room_for_so_many(void **state)
{
    (void)state;
    char text[400] = "batch=1";
    for (int i = 2; i <= BW_MOST_AXIS_VALUES; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), ",%d", i);
    bw_axes axes = {0};
    check_ok(bw_axes_read(&axes, text, &error));
    check_fails(bw_axes_read(&axes, "batch=1000", &error), BW_ERROR_ARGUMENT, "at most");
}

static void axes_are_told_from_models(void **state)
{
    (void)state;
    assert_true(bw_axes_match("threads=x"));
    assert_false(bw_axes_match("threads"));
    assert_false(bw_axes_match("yolov3-tiny"));
}

static void settings_have_words(void **state)
{
    (void)state;
    char text[96];
    assert_string_equal(bw_setting_words(text, sizeof text, &(bw_setting){{4, 1, 0}}),
                        "batch 4, 1 thread");
    assert_string_equal(bw_setting_words(text, sizeof text, &(bw_setting){{0, 2, 2}}),
                        "2 threads, 2 streams");
}

/* ---- Energy --------------------------------------------------------------------------------- */

static void write_line(const char *root, const char *zone, const char *name, const char *line)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", root, zone);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", root, zone, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s\n", line);
    fclose(file);
}

static void write_zone(const char *root, const char *zone, const char *name, const char *energy)
{
    write_line(root, zone, "name", name);
    write_line(root, zone, "energy_uj", energy);
    write_line(root, zone, "max_energy_range_uj", "10000000");
}

static int make_tree(void **state)
{
    static char root[] = "/tmp/boxwright-powercap-XXXXXX";
    strcpy(root + strlen(root) - 6, "XXXXXX");
    *state = mkdtemp(root);
    return *state ? 0 : -1;
}

static int remove_tree(void **state)
{
    static const char *const zones[] = {"intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1",
                                        "intel-rapl:2", "intel-rapl-mmio:0"};
    static const char *const names[] = {"name", "energy_uj", "max_energy_range_uj", ""};
    char path[400];
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
            snprintf(path, sizeof path, "%s/%s/%s", (char *)*state, zones[i], names[j]);
            remove(path);
        }
    }
    return remove(*state);
}

static void energy_is_summed_over_packages(void **state)
{
    const char *root = *state;
    write_zone(root, "intel-rapl:0", "package-0", "1000000");
    write_zone(root, "intel-rapl:0:0", "core", "0");
    write_zone(root, "intel-rapl:1", "package-1", "9500000");
    write_zone(root, "intel-rapl:2", "psys", "0");
    write_zone(root, "intel-rapl-mmio:0", "package-0", "0");
    bw_energy_meter meter;
    bw_energy_start(&meter, root);
    assert_int_equal(meter.state, BW_ENERGY_MEASURED);
    assert_int_equal(meter.packages, 2);
    write_zone(root, "intel-rapl:0", "package-0", "3000000");
    write_zone(root, "intel-rapl:0:0", "core", "1000000");
    write_zone(root, "intel-rapl:1", "package-1", "500000"); /* it went round */
    write_zone(root, "intel-rapl:2", "psys", "1000000");
    write_zone(root, "intel-rapl-mmio:0", "package-0", "1000000");
    bw_energy_read(&meter);
    assert_true(meter.joules > 2.9999 && meter.joules < 3.0001);
    bw_energy_read(&meter);
    assert_true(meter.joules > 2.9999 && meter.joules < 3.0001);
}

static void energy_tells_what_is_missing(void **state)
{
    const char *root = *state;
    bw_energy_meter meter;
    bw_energy_start(&meter, "/nowhere");
    assert_int_equal(meter.state, BW_ENERGY_ABSENT);
    bw_energy_start(&meter, root);
    assert_int_equal(meter.state, BW_ENERGY_ABSENT);
    write_zone(root, "intel-rapl:2", "psys", "0");
    bw_energy_start(&meter, root);
    assert_int_equal(meter.state, BW_ENERGY_ABSENT);
    write_line(root, "intel-rapl:0", "name", "package-0");
    bw_energy_start(&meter, root);
    assert_int_equal(meter.state, BW_ENERGY_UNREADABLE);
    assert_non_null(bw_energy_obstacle(meter.state));
}

static void energy_ends_with_its_counters(void **state)
{
    const char *root = *state;
    write_zone(root, "intel-rapl:0", "package-0", "1000000");
    bw_energy_meter meter;
    bw_energy_start(&meter, root);
    write_line(root, "intel-rapl:0", "energy_uj", "nothing");
    bw_energy_read(&meter);
    assert_int_equal(meter.state, BW_ENERGY_UNREADABLE);
}

/* ---- Statistics ----------------------------------------------------------------------------- */

static void statistics_take_the_nearest_rank(void **state)
{
    (void)state;
    double values[] = {5, 1, 4, 2, 3, 10, 9, 8, 7, 6};
    bw_summary summary = bw_summarize(values, 10);
    assert_true(summary.min == 1 && summary.max == 10 && summary.mean == 5.5);
    assert_true(summary.median == 5.5);
    assert_true(summary.deviation > 2.8722 && summary.deviation < 2.8724);
    assert_true(bw_percentile(values, 10, 90) == 9);
    assert_true(bw_percentile(values, 10, 90.1) == 10);
    assert_true(bw_percentile(values, 10, 0.1) == 1);
    assert_true(bw_percentile(values, 1, 99) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_are_sorted_and_single),
        cmocka_unit_test(axes_refuse_nonsense),
        cmocka_unit_test(axes_have_room_for_so_many),
        cmocka_unit_test(axes_are_told_from_models),
        cmocka_unit_test(settings_have_words),
        cmocka_unit_test_setup_teardown(energy_is_summed_over_packages, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(energy_tells_what_is_missing, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(energy_ends_with_its_counters, make_tree, remove_tree),
        cmocka_unit_test(statistics_take_the_nearest_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
