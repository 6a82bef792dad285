/**
 * The tuner, with times that are made up: what it measures, what it concludes, what it remembers.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "tune/groups.h"
#include "tune/timings.h"
#include "tune/tune.h"

/* Three equal convolutions among others. */
static const char network[] =
    "[net]\nwidth=64\nheight=64\nchannels=3\n"
    "[convolutional]\nfilters=32\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[convolutional]\nfilters=32\nsize=3\npad=1\nactivation=leaky\n"
    "[convolutional]\nfilters=32\nsize=3\npad=1\nactivation=leaky\n"
    "[convolutional]\nfilters=32\nsize=3\npad=1\nactivation=leaky\n"
    "[convolutional]\nfilters=16\nsize=3\npad=1\nactivation=leaky\n"
    "[convolutional]\nfilters=21\nsize=1\nactivation=linear\n"
    "[yolo]\nmask=0,1,2\nanchors=10,14,23,27,37,58\nclasses=2\nnum=3\n";

enum { EQUAL_STEPS = 3, FIRST_EQUAL = 1 };

static char model_path[] = "/tmp/boxwright-test-XXXXXX.cfg";
static char timings_path[] = "/tmp/boxwright-test-XXXXXX.timings";
static bw_model *model;
static bw_graph graph;

static int set_up(void **state)
{
    (void)state;
    int file = mkstemps(model_path, 4), timings = mkstemps(timings_path, 8);
    if (file < 0 || timings < 0 || write(file, network, sizeof network - 1) < 0)
        return -1;
    close(file);
    close(timings);
    return bw_model_load(&model, model_path, "random:5", NULL, NULL) == BW_OK &&
                   bw_graph_optimise(&graph, model, NULL) == BW_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    bw_graph_free(&graph);
    bw_model_close(&model);
    unlink(timings_path);
    return unlink(model_path);
}

/* ---- Made-up time --------------------------------------------------------------------------- */

/* A processor on which the favourite takes `favoured`, every other kernel 1000 nanoseconds. */
typedef struct fake {
    const char *favourite; /* name of a kernel */
    uint64_t favoured;
    uint64_t images;  /* taken off where threads share images, */
    bool first_alone; /* of the first step alone */
    uint64_t now, tick;
    int measurements, runs;
    bool mixed; /* equal steps held different kernels at once */
} fake;

static bw_status measure(void *context, const bw_plan *plan, int runs, uint64_t *times,
                         bw_error *error)
{
    (void)error;
    fake *self = context;
    self->measurements++;
    self->runs += runs;
    self->now += self->tick;
    const bw_step *equal = &plan->steps[FIRST_EQUAL];
    if (equal[0].kernel != equal[1].kernel)
        self->mixed = true;
    for (int index = 0; index < runs * plan->step_count; index++) {
        const bw_step *step = &plan->steps[index % plan->step_count];
        const char *kernel = step->kernel;
        bool favoured = self->favourite && strcmp(kernel, self->favourite) == 0;
        times[index] = favoured ? self->favoured : 1000;
        if (step->sharing == BW_SHARE_IMAGES && (!self->first_alone || step == plan->steps))
            times[index] -= self->images;
    }
    return BW_OK;
}

static uint64_t read_clock(void *context)
{
    return ((fake *)context)->now;
}

static bw_plan *tune(fake *self, bw_tuning tuning, size_t *damaged)
{
    bw_meter meter = {self, measure, read_clock};
    tuning.cpu = bw_cpu_features();
    tuning.meter = &meter;
    bw_plan *plan = calloc(1, sizeof *plan);
    check_ok(bw_tune(plan, &graph, &tuning, damaged, &error));
    return plan;
}

/* The candidates of the equal steps. */
static int list(const bw_kernel *candidates[BW_MOST_CANDIDATES])
{
    bw_plan *plan = calloc(1, sizeof *plan);
    check_ok(bw_plan_lower(plan, &graph, 1, bw_cpu_features(), &error));
    int count =
        bw_candidates_list(candidates, &plan->steps[FIRST_EQUAL].operation, bw_cpu_features());
    assert_string_equal(candidates[0]->name, plan->steps[FIRST_EQUAL].kernel);
    bw_plan_close(&plan);
    return count;
}

static const bw_tuning one_thread = {.batch = 1, .threads = 1, .seed = 1};

/* ---- Tests ---------------------------------------------------------------------------------- */

static void equal_steps_form_a_group(void **state)
{
    (void)state;
    bw_plan *plan = calloc(1, sizeof *plan);
    bw_groups groups = {0};
    check_ok(bw_plan_lower(plan, &graph, 1, bw_cpu_features(), &error));
    check_ok(bw_groups_make(&groups, plan, bw_cpu_features(), &error));
    assert_int_equal(groups.count, plan->step_count - EQUAL_STEPS + 1);
    int equal = groups.of_step[FIRST_EQUAL];
    assert_int_equal(groups.items[equal].steps, EQUAL_STEPS);
    for (int step = 0; step < EQUAL_STEPS; step++) {
        assert_int_equal(groups.of_step[FIRST_EQUAL + step], equal);
        assert_int_equal(groups.ordinal[FIRST_EQUAL + step], step);
    }
    bw_groups_free(&groups);
    bw_plan_close(&plan);
}

static void candidates_are_fit_and_allowed(void **state)
{
    (void)state;
    const bw_kernel *candidates[BW_MOST_CANDIDATES];
    int count = list(candidates);
    assert_in_range(count, 1, BW_MOST_CANDIDATES);
    for (int index = 0; index < count; index++) {
        assert_int_equal(candidates[index]->needs & ~bw_cpu_features(), 0);
        for (int other = 0; other < index; other++)
            assert_ptr_not_equal(candidates[index], candidates[other]);
    }
}

static void the_fastest_kernel_wins_whatever_the_seed(void **state)
{
    (void)state;
    const bw_kernel *candidates[BW_MOST_CANDIDATES];
    int count = list(candidates);
    for (int winner = 0; winner < count; winner++) {
        for (uint64_t seed = 0; seed < 5; seed++) {
            size_t damaged;
            fake self = {.favourite = candidates[winner]->name, .favoured = 500};
            bw_tuning tuning = one_thread;
            tuning.seed = seed;
            bw_plan *plan = tune(&self, tuning, &damaged);
            for (int step = 0; step < EQUAL_STEPS; step++)
                assert_string_equal(plan->steps[FIRST_EQUAL + step].kernel,
                                    candidates[winner]->name);
            assert_true(self.mixed == (count > 1));
            bw_plan_close(&plan);
        }
    }
}

static void a_gain_within_noise_changes_nothing(void **state)
{
    (void)state;
    const bw_kernel *candidates[BW_MOST_CANDIDATES];
    if (list(candidates) < 2)
        return;
    size_t damaged;
    fake self = {.favourite = candidates[1]->name, .favoured = 985};
    bw_plan *plan = tune(&self, one_thread, &damaged);
    assert_string_equal(plan->steps[FIRST_EQUAL].kernel, candidates[0]->name);
    bw_plan_close(&plan);
    self.favoured = 970;
    plan = tune(&self, one_thread, &damaged);
    assert_string_equal(plan->steps[FIRST_EQUAL].kernel, candidates[1]->name);
    bw_plan_close(&plan);
}

static void time_that_is_left_is_used_for_more_cycles(void **state)
{
    (void)state;
    const bw_kernel *candidates[BW_MOST_CANDIDATES];
    if (list(candidates) < 2)
        return;
    size_t damaged;
    fake hurried = {.tick = 1000000000}, patient = {.tick = 1000000000};
    bw_tuning tuning = one_thread;
    bw_plan *plan = tune(&hurried, tuning, &damaged);
    bw_plan_close(&plan);
    tuning.seconds = 60;
    plan = tune(&patient, tuning, &damaged);
    bw_plan_close(&plan);
    assert_true(hurried.measurements < patient.measurements);
    assert_true(patient.measurements <= 60);
}

/* What a listener heard. */
typedef struct heard {
    int times;
    double last;
} heard;

static void listen(void *context, double done)
{
    heard *listener = context;
    assert_true(done >= listener->last && done <= 1);
    listener->last = done;
    listener->times++;
}

static void progress_is_told_from_round_to_round(void **state)
{
    (void)state;
    size_t damaged;
    fake self = {.tick = 1000000000};
    heard one = {0}, both = {0};
    bw_tuning tuning = {.batch = 1, .threads = 1, .seconds = 30, .progress = listen};
    tuning.progress_context = &one;
    bw_plan *plan = tune(&self, tuning, &damaged);
    bw_plan_close(&plan);
    tuning.batch = tuning.threads = 2; /* two ways of sharing are measured */
    tuning.progress_context = &both;
    plan = tune(&self, tuning, &damaged);
    bw_plan_close(&plan);
    const bw_kernel *candidates[BW_MOST_CANDIDATES];
    if (list(candidates) < 2)
        return;
    assert_true(one.times > 1 && one.last > 0.5);
    assert_true(both.times > 1 && both.last > 0.75);
}

static void sharing_is_decided_by_time(void **state)
{
    (void)state;
    size_t damaged;
    bw_tuning tuning = {.batch = 4, .threads = 2};
    fake images = {.images = 100}, steps = {.images = 0};
    bw_plan *plan = tune(&images, tuning, &damaged);
    assert_string_equal(bw_plan_sharing(plan), "images");
    bw_plan_close(&plan);
    steps.images = (uint64_t)-100;
    plan = tune(&steps, tuning, &damaged);
    assert_string_equal(bw_plan_sharing(plan), "steps");
    bw_plan_close(&plan);
    steps.first_alone = true;
    plan = tune(&steps, tuning, &damaged);
    assert_string_equal(bw_plan_sharing(plan), "both");
    assert_int_equal(plan->steps[0].sharing, BW_SHARE_STEPS);
    bw_plan_close(&plan);
    tuning.latency = true;
    plan = tune(&images, tuning, &damaged);
    assert_string_equal(bw_plan_sharing(plan), "steps");
    bw_plan_close(&plan);
}

static void what_is_known_is_not_measured_again(void **state)
{
    (void)state;
    const bw_kernel *candidates[BW_MOST_CANDIDATES];
    int count = list(candidates);
    size_t damaged;
    bw_tuning tuning = {.batch = 2, .threads = 2, .path = timings_path};
    fake first = {.favourite = candidates[count - 1]->name, .favoured = 700}, second = {0};
    unlink(timings_path);
    bw_plan *measured = tune(&first, tuning, &damaged);
    tuning.seed = 99;
    bw_plan *recalled = tune(&second, tuning, &damaged);
    assert_int_equal(damaged, 0);
    assert_true(first.measurements > 0);
    assert_int_equal(second.measurements, 0);
    assert_int_equal(measured->weight_bytes, recalled->weight_bytes);
    assert_memory_equal(measured->weights, recalled->weights, measured->weight_bytes);
    for (int step = 0; step < measured->step_count; step++) {
        assert_string_equal(measured->steps[step].kernel, recalled->steps[step].kernel);
        assert_int_equal(measured->steps[step].sharing, recalled->steps[step].sharing);
    }
    bw_plan_close(&measured);
    bw_plan_close(&recalled);
    tuning.batch = 3;
    bw_plan *other = tune(&second, tuning, &damaged);
    assert_true(second.measurements > 0);
    bw_plan_close(&other);
}

static void write_text(const char *text)
{
    FILE *file = fopen(timings_path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void damaged_lines_are_passed_over(void **state)
{
    (void)state;
    bw_timings timings = {0};
    write_text("boxwright timings 1\n"
               "a\tb\tc\td\t7\n"
               "a\tb\tc\te\t7x\n"
               "a\tb\tc\n"
               "\n"
               "a\tb\tc\tf\t-7\n"
               "a\tb\tc\tg\t0\n"
               "a\tb\tc\th\t99999999999999999999999\n"
               "a\tb\tc\td\t9\n"
               "a\tb\tc\ti\t12");
    check_ok(bw_timings_read(&timings, timings_path, &error));
    assert_int_equal(timings.damaged, 6);
    assert_int_equal(timings.count, 2);
    assert_int_equal(bw_timings_find(&timings, "a\tb\tc\td"), 9);
    assert_int_equal(bw_timings_find(&timings, "a\tb\tc\ti"), 12);
    assert_int_equal(bw_timings_find(&timings, "a\tb\tc\te"), 0);
    bw_timings_free(&timings);
}

static void saving_adds_to_what_others_saved(void **state)
{
    (void)state;
    bw_timings mine = {0}, all = {0};
    write_text("boxwright timings 1\na\tb\tc\td\t7\na\tb\tc\te\t8\n");
    check_ok(bw_timings_set(&mine, "a\tb\tc\te", 5, &error));
    check_ok(bw_timings_set(&mine, "a\tb\tc\tf", 6, &error));
    check_ok(bw_timings_save(&mine, timings_path, &error));
    check_ok(bw_timings_read(&all, timings_path, &error));
    assert_int_equal(all.count, 3);
    assert_int_equal(bw_timings_find(&all, "a\tb\tc\td"), 7);
    assert_int_equal(bw_timings_find(&all, "a\tb\tc\te"), 5);
    assert_int_equal(bw_timings_find(&all, "a\tb\tc\tf"), 6);
    bw_timings_free(&mine);
    bw_timings_free(&all);
}

static void a_file_of_another_kind_is_not_touched(void **state)
{
    (void)state;
    bw_timings timings = {0};
    write_text("my diary\n");
    check_fails(bw_timings_read(&timings, timings_path, &error), BW_ERROR_FORMAT, "not a file of");
    check_fails(bw_timings_save(&timings, timings_path, &error), BW_ERROR_FORMAT, "not a file of");
    unlink(timings_path);
    check_ok(bw_timings_read(&timings, timings_path, &error));
    assert_int_equal(timings.count, 0);
    bw_timings_free(&timings);
}

static void the_real_meter_measures_every_step(void **state)
{
    (void)state;
    enum { RUNS = 3 };
    for (int batch = 1; batch <= 4; batch += 3) {
        bw_meter meter;
        bw_plan *plan = calloc(1, sizeof *plan);
        check_ok(bw_plan_lower(plan, &graph, batch, bw_cpu_features(), &error));
        check_ok(bw_meter_open(&meter, 2, 7, &error));
        uint64_t *times = calloc((size_t)(RUNS * plan->step_count), sizeof *times);
        check_ok(meter.measure(meter.context, plan, RUNS, times, &error));
        for (int index = 0; index < RUNS * plan->step_count; index++)
            assert_true(times[index] > 0);
        free(times);
        bw_meter_close(&meter);
        bw_plan_close(&plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_steps_form_a_group),
        cmocka_unit_test(candidates_are_fit_and_allowed),
        cmocka_unit_test(the_fastest_kernel_wins_whatever_the_seed),
        cmocka_unit_test(a_gain_within_noise_changes_nothing),
        cmocka_unit_test(time_that_is_left_is_used_for_more_cycles),
        cmocka_unit_test(progress_is_told_from_round_to_round),
        cmocka_unit_test(sharing_is_decided_by_time),
        cmocka_unit_test(what_is_known_is_not_measured_again),
        cmocka_unit_test(damaged_lines_are_passed_over),
        cmocka_unit_test(saving_adds_to_what_others_saved),
        cmocka_unit_test(a_file_of_another_kind_is_not_touched),
        cmocka_unit_test(the_real_meter_measures_every_step),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
