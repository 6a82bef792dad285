/**
 * Calibrations as files: plans from them are the same to the byte, and what is not of the model, or
 * not as it is written, is refused with its place.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"

static const char network[] =
    "[net]\nwidth=64\nheight=64\nchannels=3\n"
    "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[convolutional]\nbatch_normalize=1\nfilters=16\ngroups=16\nsize=3\nstride=1\npad=1\n"
    "activation=leaky\n"
    "[convolutional]\nbatch_normalize=1\nfilters=64\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
    "[maxpool]\nsize=2\nstride=2\n"
    "[convolutional]\nfilters=21\nsize=1\nstride=1\npad=1\nactivation=linear\n"
    "[yolo]\nmask=0,1,2\nanchors=8,8,16,16,30,30\nclasses=2\nnum=3\n";

static char folder[] = "/tmp/boxwright-ranges-XXXXXX", path[64], file[64], plan_file[64];
static bw_model *model, *other;
static bw_calibration *calibration;
static char *text; /* of the file */

static void calibrate(bw_calibration *to, int pictures)
{
    uint8_t pixels[64 * 64 * 3];
    bw_image image = {.pixels = pixels, .width = 64, .height = 64, .stride = 192};
    for (int picture = 0; picture < pictures; picture++) {
        for (size_t index = 0; index < sizeof pixels; index++)
            pixels[index] = (uint8_t)(index * index * (size_t)(picture + 1) >> 3);
        check_ok(bw_calibration_add(to, &image, &error));
    }
}

static char *read_text(const char *from)
{
    uint8_t *bytes;
    size_t size;
    check_ok(bw_read_file(&bytes, &size, from, 1 << 28, &error));
    char *copy = malloc(size + 1);
    memcpy(copy, bytes, size);
    copy[size] = '\0';
    free(bytes);
    return copy;
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.cfg", folder);
    snprintf(file, sizeof file, "%s/a.json", folder);
    snprintf(plan_file, sizeof plan_file, "%s/a.bwp", folder);
    check_ok(bw_write_file(path, network, sizeof network - 1, &error));
    check_ok(bw_model_load(&model, path, "random:3", NULL, &error));
    check_ok(bw_model_load(&other, path, "random:4", NULL, &error));
    check_ok(bw_calibration_open(&calibration, model, 2, &error));
    calibrate(calibration, 9);
    check_ok(bw_calibration_save(calibration, file, &error));
    text = read_text(file);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bw_calibration_close(&calibration);
    bw_model_close(&model);
    bw_model_close(&other);
    free(text);
    unlink(path);
    unlink(file);
    unlink(plan_file);
    return rmdir(folder);
}

/* The bytes of a plan's file. */
static uint8_t *build(size_t *size, bw_calibration *from, const bw_build_options *how)
{
    bw_plan *plan;
    uint8_t *bytes;
    bw_build_options options = *how;
    options.precision = BW_PRECISION_INT8;
    options.calibration = from;
    check_ok(bw_plan_build(&plan, model, &options, &error));
    check_ok(bw_plan_save(plan, plan_file, &error));
    bw_plan_close(&plan);
    check_ok(bw_read_file(&bytes, size, plan_file, 1 << 28, &error));
    return bytes;
}

static void plans_are_the_same(void **state)
{
    (void)state;
    for (int variant = 0; variant < 5; variant++) {
        bw_build_options options;
        bw_build_options_init(&options);
        options.halvings = variant == 1 ? 2 : 0;
        options.share_bits = variant == 2 ? 5 : variant == 3 ? BW_SHARE_AUTO : 0;
        options.cpu_mask = variant == 4 ? 0 : BW_CPU_ALL;
        bw_calibration *loaded;
        check_ok(bw_calibration_load(&loaded, model, file, &error));
        size_t size, again;
        uint8_t *seen = build(&size, calibration, &options),
                *read = build(&again, loaded, &options);
        assert_int_equal(size, again);
        assert_memory_equal(seen, read, size);
        free(seen);
        free(read);
        bw_calibration_close(&loaded);
    }
}

static void saving_again_gives_the_same_file(void **state)
{
    (void)state;
    bw_calibration *loaded;
    check_ok(bw_calibration_load(&loaded, model, file, &error));
    check_fails(bw_calibration_add(loaded, &(bw_image){0}, &error), BW_ERROR_ARGUMENT,
                "cannot be added to");
    check_ok(bw_calibration_save(loaded, plan_file, &error));
    char *again = read_text(plan_file);
    assert_string_equal(again, text);
    free(again);
    bw_calibration_close(&loaded);
}

static void refuse_text(const char *content, size_t size, const char *reason)
{
    bw_calibration *loaded;
    bw_error why = {0};
    check_ok(bw_write_file(plan_file, content, size, &error));
    bw_status status = bw_calibration_load(&loaded, model, plan_file, &why);
    assert_null(loaded);
    if (status == BW_OK || !strstr(why.message, reason) || !strstr(why.message, plan_file))
        fail_msg("'%s' does not say '%s'", why.message, reason);
}

/* The file with the first `before` after `near` become `after`. */
static void refuse_change(const char *near, const char *before, const char *after,
                          const char *reason)
{
    const char *start = strstr(text, near);
    const char *place = start ? strstr(start, before) : NULL;
    assert_non_null(place);
    size_t size = strlen(text) - strlen(before) + strlen(after), head = (size_t)(place - text);
    char *changed = malloc(size + 1);
    snprintf(changed, size + 1, "%.*s%s%s", (int)head, text, after, place + strlen(before));
    refuse_text(changed, size, reason);
    free(changed);
}

static void what_is_not_as_written_is_refused(void **state)
{
    (void)state;
    refuse_change("\"format\"", "boxwright ranges", "else", "\"format\" is not");
    refuse_change("\"version\"", "1", "2", "\"version\" is not 1");
    refuse_change("\"width\"", "64", "96", "is of the model at 96 x 64");
    refuse_change("\"model\"", ": \"", ": \"0", "is of another model");
    refuse_change("\"pictures\"", "9", "0", "nothing was seen");
    refuse_change("\"pictures\"", "9", "-9", "\"pictures\" is not a whole number");
    refuse_change("\"pictures\"", "\"pictures\"", "\"picturez\"", "\"picturez\" is no key");
    refuse_change("\"tensors\"", "\"min\"", "\"most\"", "\"most\" is no key");
    refuse_change("1 convolutional", "1 conv", "8 conv", "has no tensor '8 convolutional'");
    refuse_change("1 convolutional", "1 conv", "0 conv", "stands where '1 convolutional' should");
    refuse_change("1 convolutional", "\"min\": ", "\"min\": 1e30, \"min\": ", "line");
    refuse_change("1 convolutional", "\"max\": ", "\"max\": -", "no range");
    refuse_change("1 convolutional", "\"rule\": \"", "\"rule\": \"x", "not the name of a rule");
    refuse_change("1 convolutional", "\"error\": ", "\"error\": -1", "\"error\" cannot be so");
    refuse_change("1 convolutional", "\"mean\": [", "\"mean\": [0, ", "as the tensor has channels");
    refuse_change("1 convolutional", "\"numbers\": [", "\"numbers\": [0.",
                  "entries that cannot be");
    refuse_change("1 convolutional", "\"above\": [", "\"above\": [9", "entries that cannot be");
    refuse_change("1 convolutional", "\"sums\": \"", "\"sums\": \"A", "base 64");
    refuse_change("1 convolutional", "\"products\": \"", "\"products\": \"AAAA", "base 64");
    refuse_change("3 maxpool", "\"min\": -", "\"min\": -1", "shares its bytes");
    refuse_change("3 maxpool", "null", "{}", "is not null");
    refuse_change("{", "{", "", "is no JSON at line");
    for (size_t size = 0; size + 3 < strlen(text); size = size * 2 + 1)
        refuse_text(text, size, "is no JSON at line");
}

static void other_models_are_refused(void **state)
{
    (void)state;
    bw_calibration *loaded;
    check_fails(bw_calibration_load(&loaded, other, file, &error), BW_ERROR_ARGUMENT,
                "is of another model");
    assert_null(loaded);
    check_fails(bw_calibration_load(&loaded, model, "/nonexistent/a.json", &error), BW_ERROR_IO,
                "nonexistent");
    bw_calibration *empty;
    check_ok(bw_calibration_open(&empty, model, 1, &error));
    check_fails(bw_calibration_save(empty, plan_file, &error), BW_ERROR_ARGUMENT, "no picture");
    bw_calibration_close(&empty);
}

static void base_64_is_exact(void **state)
{
    (void)state;
    uint8_t bytes[40], back[40];
    char coded[60];
    for (size_t index = 0; index < sizeof bytes; index++)
        bytes[index] = (uint8_t)(index * 67 + 13);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        size_t length = bw_base64_length(size);
        bw_base64_encode(coded, bytes, size);
        assert_true(bw_base64_decode(back, size, coded, length));
        assert_memory_equal(bytes, back, size);
        assert_false(size % 3 == 0 && bw_base64_decode(back, size, coded, length + 1));
        for (size_t at = 0; at < length; at++) {
            char kept = coded[at];
            coded[at] = '*';
            assert_false(bw_base64_decode(back, size, coded, length));
            coded[at] = kept;
        }
    }
    bw_base64_encode(coded, (const uint8_t *)"Man", 3);
    assert_memory_equal(coded, "TWFu", 4);
    assert_false(bw_base64_decode(back, 1, "TR==", 4)); /* bits that stand for nothing */
    assert_true(bw_base64_decode(back, 1, "TQ==", 4) && back[0] == 'M');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_are_the_same),
        cmocka_unit_test(saving_again_gives_the_same_file),
        cmocka_unit_test(what_is_not_as_written_is_refused),
        cmocka_unit_test(other_models_are_refused),
        cmocka_unit_test(base_64_is_exact),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
