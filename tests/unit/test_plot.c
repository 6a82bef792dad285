/** Plots: round ticks that hold the data, words that do not cover each other, both files. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/labels.h"
#include "plot/plot.h"

/* ---- Ticks ---------------------------------------------------------------------------------- */

static void check_ticks(const bw_ticks *ticks, const double *values, int count)
{
    assert_int_equal(ticks->count, count);
    for (int i = 0; i < count; i++)
        assert_true(fabs(ticks->values[i] - values[i]) <= 1e-9 * fabs(values[i]) + 1e-12);
    assert_true(fabs(ticks->low - values[0]) <= 1e-9 * fabs(values[0]) + 1e-12);
    assert_true(fabs(ticks->high - values[count - 1]) <= 1e-9 * fabs(values[count - 1]));
}

static void linear_ticks_are_round(void **state)
{
    (void)state;
    bw_ticks ticks = bw_ticks_choose(BW_SCALE_LINEAR, 0, 26.3, 6);
    check_ticks(&ticks, (double[]){0, 5, 10, 15, 20, 25, 30}, 7);
    ticks = bw_ticks_choose(BW_SCALE_LINEAR, 0, 0.6, 6);
    check_ticks(&ticks, (double[]){0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, 7);
    ticks = bw_ticks_choose(BW_SCALE_LINEAR, 1010, 1390, 4);
    check_ticks(&ticks, (double[]){1000, 1100, 1200, 1300, 1400}, 5);
}

static void logarithmic_ticks_are_round(void **state)
{
    (void)state;
    bw_ticks ticks = bw_ticks_choose(BW_SCALE_LOGARITHMIC, 41, 1250, 6);
    check_ticks(&ticks, (double[]){20, 50, 100, 200, 500, 1000, 2000}, 7);
    ticks = bw_ticks_choose(BW_SCALE_LOGARITHMIC, 0.1, 1, 6);
    check_ticks(&ticks, (double[]){0.1, 0.2, 0.5, 1}, 4);
    ticks = bw_ticks_choose(BW_SCALE_LOGARITHMIC, 1, 1e6, 4);
    check_ticks(&ticks, (double[]){1, 10, 100, 1000, 1e4, 1e5, 1e6}, 7);
}

/* Whatever the range, the data lies on the axis and the ticks ascend within it. */
static void ticks_hold_the_data(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        double low = pow(10, (double)(random >> 8 & 0xfff) / 400 - 5);
        double high = low * (i % 5 ? pow(10, (double)(random >> 20) / 1000) : 1);
        bw_scale scale = i % 2 ? BW_SCALE_LINEAR : BW_SCALE_LOGARITHMIC;
        bw_ticks ticks = bw_ticks_choose(scale, low, high, 6);
        assert_in_range(ticks.count, 2, 14);
        assert_true(bw_ticks_place(&ticks, low) > -1e-6 && bw_ticks_place(&ticks, high) < 1 + 1e-6);
        for (int j = 0; j < ticks.count; j++) {
            double place = bw_ticks_place(&ticks, ticks.values[j]);
            assert_true(place > -1e-6 && place < 1 + 1e-6);
            assert_true(j == 0 || ticks.values[j] > ticks.values[j - 1]);
        }
    }
}

/* ---- Labels --------------------------------------------------------------------------------- */

static bool apart(const bw_rectangle *a, const bw_rectangle *b)
{
    return a->right <= b->left || b->right <= a->left || a->bottom <= b->top || b->bottom <= a->top;
}

static void labels_keep_apart(void **state)
{
    (void)state;
    static bw_labels labels;
    labels = (bw_labels){.bounds = {0, 0, 200, 100}};
    bw_rectangle rooms[20];
    int placed = 0;
    for (int i = 0; i < 20; i++)
        placed += bw_labels_place(&labels, 100, 50, 10, 10, 6, &rooms[placed]);
    assert_int_equal(placed, 8);
    for (int i = 0; i < placed; i++) {
        assert_true(rooms[i].left >= 0 && rooms[i].right <= 200);
        for (int j = 0; j < i; j++)
            assert_true(apart(&rooms[i], &rooms[j]));
    }
}

static void labels_keep_off_lines(void **state)
{
    (void)state;
    static bw_labels labels;
    labels = (bw_labels){.bounds = {0, 0, 200, 100}};
    bw_labels_take_line(&labels, 100, 50, 200, 50, 4);
    bw_rectangle room;
    assert_true(bw_labels_place(&labels, 100, 50, 30, 12, 4, &room));
    assert_true(room.bottom < 50);
    assert_false(bw_labels_place(&labels, 100, 50, 300, 12, 4, &room));
}

/* ---- Files ---------------------------------------------------------------------------------- */

static void check_file(const char *path, const char *start, const char *end)
{
    char head[64] = "";
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(head, 1, strlen(start), file), strlen(start));
    assert_memory_equal(head, start, strlen(start));
    fseek(file, -(long)strlen(end), SEEK_END);
    assert_int_equal(fread(head, 1, strlen(end), file), strlen(end));
    assert_memory_equal(head, end, strlen(end));
    fclose(file);
    remove(path);
}

/* Writes a plot as NAME.png and NAME.svg into a folder of its own, which is gone afterwards. */
static void check_plot(const bw_plot *plot, const char *name)
{
    char folder[] = "/tmp/boxwright-plot-XXXXXX", stem[64], path[80];
    assert_non_null(mkdtemp(folder));
    snprintf(stem, sizeof stem, "%s/%s", folder, name);
    check_ok(bw_plot_write(plot, stem, &error));
    snprintf(path, sizeof path, "%s.png", stem);
    check_file(path, "\x89PNG\r\n", "IEND\xae\x42\x60\x82");
    snprintf(path, sizeof path, "%s.svg", stem);
    check_file(path, "<?xml", "</svg>\n");
    assert_int_equal(remove(folder), 0);
    check_fails(bw_plot_write(plot, stem, &error), BW_ERROR_IO, ".png");
}

static void plots_are_written_twice(void **state)
{
    (void)state;
    const bw_plot_point points[] = {{1, 20, "one"}, {2, 30, "\xff\x01"}};
    const bw_plot_series series[] = {{"broken \xff name", points, 2, BW_PLOT_POINTS},
                                     {"one point", points, 1, BW_PLOT_POINTS}};
    const bw_plot plot = {.title = "Title",
                          .subtitle = "",
                          .x = {.title = "x", .scale = BW_SCALE_LOGARITHMIC},
                          .y = {.title = "y", .from_zero = true},
                          .series = series,
                          .series_count = 2};
    check_plot(&plot, "plot");
}

static void matrices_are_written_twice(void **state)
{
    (void)state;
    const char *names[] = {"broken \xff name",
                           "a name that is far too long for the room beside it"};
    const double values[] = {0.5, 0, 0.25, 1}, none[] = {0};
    bw_plot_matrix matrix = {.title = "Title",
                             .subtitle = "",
                             .x_title = "x",
                             .y_title = "y",
                             .names = names,
                             .values = values,
                             .count = 2,
                             .decimals = 2};
    char folder[] = "/tmp/boxwright-plot-XXXXXX", stem[64], path[80];
    assert_non_null(mkdtemp(folder));
    snprintf(stem, sizeof stem, "%s/matrix", folder);
    for (int i = 0; i < 2; i++) {
        check_ok(bw_plot_matrix_write(&matrix, stem, &error));
        snprintf(path, sizeof path, "%s.png", stem);
        check_file(path, "\x89PNG\r\n", "IEND\xae\x42\x60\x82");
        snprintf(path, sizeof path, "%s.svg", stem);
        check_file(path, "<?xml", "</svg>\n");
        matrix.values = none; /* all zero, and one cell only */
        matrix.count = 1;
    }
    assert_int_equal(remove(folder), 0);
}

/* Curves of every style, with points beyond count and values that do not move. */
static void curves_are_written(void **state)
{
    (void)state;
    enum { POINTS = 5000, SERIES = 12 };
    static bw_plot_point points[POINTS];
    bw_plot_series series[SERIES];
    for (int i = 0; i < POINTS; i++)
        points[i] = (bw_plot_point){(double)i / (POINTS - 1), i < 2500, NULL};
    for (int i = 0; i < SERIES; i++)
        series[i] = (bw_plot_series){"a curve", points, POINTS, (bw_plot_style)(1 + i % 3)};
    bw_plot plot = {.title = "Title",
                    .subtitle = "",
                    .x = {.title = "x", .to_one = true},
                    .y = {.title = "y", .to_one = true},
                    .series = series,
                    .series_count = SERIES};
    check_plot(&plot, "curves");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_ticks_are_round), cmocka_unit_test(logarithmic_ticks_are_round),
        cmocka_unit_test(ticks_hold_the_data),    cmocka_unit_test(labels_keep_apart),
        cmocka_unit_test(labels_keep_off_lines),  cmocka_unit_test(plots_are_written_twice),
        cmocka_unit_test(curves_are_written),     cmocka_unit_test(matrices_are_written_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
