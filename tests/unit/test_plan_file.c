/**
 * Plans as files: a saved one gives the same boxes, and a damaged, cut or foreign one is refused
 * with the reason before anything of it is used.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/memory.h"
#include "plan/plan_check.h"
#include "plan/plan_file.h"
#include "plan/share.h"

/* A dense, a grouped and a depthwise convolution, a residual, routes, a pool, upsampling. */
static const char network[] =
    "[net]\nwidth=64\nheight=32\nchannels=3\n"
    "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\npad=1\nactivation=mish\n"
    "[shortcut]\nfrom=-2\nactivation=linear\n"
    "[convolutional]\nfilters=16\ngroups=16\nsize=3\npad=1\nactivation=relu\n"
    "[convolutional]\nfilters=8\ngroups=2\nsize=3\npad=1\nactivation=swish\n"
    "[maxpool]\nsize=2\nstride=2\n"
    "[upsample]\nstride=2\n"
    "[route]\nlayers=-1,-4\n"
    "[convolutional]\nfilters=21\nsize=1\nactivation=linear\n"
    "[yolo]\nmask=0,1,2\nanchors=10,14,23,27,37,58\nclasses=2\nnum=3\n";

static char folder[] = "/tmp/boxwright-plan-XXXXXX";
static char file[64];  /* the plan that was saved */
static uint8_t *bytes; /* its content, 64-byte aligned */
static size_t size;
static bw_plan *built, *in_bytes, *shared;
static uint8_t pixels[48 * 80 * 3];

static void write_text(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

/* The network in bytes, calibrated on one picture. */
static bw_plan *build_shared(const bw_model *model, int share_bits, float share_noise)
{
    bw_plan *plan;
    bw_build_options options;
    bw_build_options_init(&options);
    options.precision = BW_PRECISION_INT8;
    options.share_bits = share_bits;
    options.share_noise = share_noise;
    bw_calibration *calibration;
    bw_image image = {.pixels = pixels, .width = 80, .height = 48, .stride = 240};
    check_ok(bw_calibration_open(&calibration, model, 1, &error));
    check_ok(bw_calibration_add(calibration, &image, &error));
    options.calibration = calibration;
    check_ok(bw_plan_build(&plan, model, &options, &error));
    bw_calibration_close(&calibration);
    return plan;
}

static bw_plan *build_int8(const bw_model *model, int share_bits)
{
    return build_shared(model, share_bits, 0.0f);
}

static int set_up(void **state)
{
    (void)state;
    char path[64];
    bw_model *model;
    bw_build_options options;
    bw_build_options_init(&options);
    options.batch = 3;
    for (size_t index = 0; index < sizeof pixels; index++)
        pixels[index] = (uint8_t)(index * index >> 3);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.cfg", folder);
    snprintf(file, sizeof file, "%s/a.bwp", folder);
    write_text(path, network);
    check_ok(bw_model_load(&model, path, "random:5", NULL, &error));
    check_ok(bw_plan_build(&built, model, &options, &error));
    in_bytes = build_int8(model, 0);
    shared = build_int8(model, 5);
    bw_model_close(&model);
    check_ok(bw_plan_save(built, file, &error));
    uint8_t *content;
    check_ok(bw_read_file(&content, &size, file, 1 << 24, &error));
    bytes = bw_aligned_alloc(size);
    memcpy(bytes, content, size);
    free(content);
    return unlink(path);
}

static int tear_down(void **state)
{
    (void)state;
    bw_plan_close(&built);
    bw_plan_close(&in_bytes);
    bw_plan_close(&shared);
    bw_aligned_free(bytes);
    unlink(file);
    return rmdir(folder);
}

/* ---- What is saved -------------------------------------------------------------------------- */

static void detect(bw_detections *out, const bw_plan *plan)
{
    bw_engine *engine;
    bw_run_options run;
    bw_run_options_init(&run);
    run.threads = 2;
    run.confidence = 0.2f;
    bw_image image = {.pixels = pixels, .width = 80, .height = 48, .stride = 240};
    check_ok(bw_engine_open(&engine, plan, &run, &error));
    check_ok(bw_engine_detect(engine, &image, 1, out, &error));
    bw_engine_close(&engine);
}

static void a_saved_plan_gives_the_same_boxes(void **state)
{
    (void)state;
    bw_plan *loaded;
    bw_detections expected = {0}, found = {0};
    check_ok(bw_plan_load(&loaded, file, &error));
    detect(&expected, built);
    detect(&found, loaded);
    assert_true(expected.count > 0);
    assert_int_equal(found.count, expected.count);
    assert_memory_equal(found.items, expected.items, found.count * sizeof *found.items);
    bw_detections_clear(&expected);
    bw_detections_clear(&found);
    bw_plan_close(&loaded);
}

static void a_saved_plan_tells_the_same(void **state)
{
    (void)state;
    bw_plan *loaded;
    bw_plan_info a, b;
    check_ok(bw_plan_load(&loaded, file, &error));
    bw_plan_describe(built, &a);
    bw_plan_describe(loaded, &b);
    assert_string_equal(a.model.fingerprint, b.model.fingerprint);
    assert_string_equal(a.settings, b.settings);
    assert_int_equal(b.file_bytes, size);
    assert_int_equal(b.model.classes, 2);
    assert_string_equal(b.model.names[1], "class 1");
    assert_int_equal(a.cpu_features, b.cpu_features);
    assert_int_equal(a.steps, b.steps);
    for (int index = 0; index < a.steps; index++) {
        bw_step_info one, other;
        bw_plan_step(built, index, &one);
        bw_plan_step(loaded, index, &other);
        assert_string_equal(one.kernel, other.kernel);
        assert_string_equal(one.layer, other.layer);
        const bw_step *from = &built->steps[index], *to = &loaded->steps[index];
        assert_memory_equal(&from->operation.in, &to->operation.in, sizeof(bw_layout));
        assert_memory_equal(&from->operation.out, &to->operation.out, sizeof(bw_layout));
        assert_memory_equal(&from->operation.second, &to->operation.second, sizeof(bw_layout));
    }
    bw_plan_close(&loaded);
}

static void saving_again_gives_the_same_bytes(void **state)
{
    (void)state;
    bw_plan *loaded;
    uint8_t *tables;
    size_t length;
    check_ok(bw_plan_load(&loaded, file, &error));
    check_ok(bw_plan_encode(&tables, &length, loaded, &error));
    assert_memory_equal(tables, bytes, length);
    free(tables);
    bw_plan_close(&loaded);
}

static void only_plans_are_recognised(void **state)
{
    (void)state;
    bw_plan *none;
    char other[64];
    snprintf(other, sizeof other, "%s/other", folder);
    write_text(other, "[net]\nwidth=64\n");
    assert_true(bw_plan_recognise(file));
    assert_false(bw_plan_recognise(other));
    assert_false(bw_plan_recognise(folder));
    check_fails(bw_plan_load(&none, other, &error), BW_ERROR_FORMAT, "is no plan");
    check_fails(bw_plan_load(&none, folder, &error), BW_ERROR_IO, folder);
    assert_null(none);
    unlink(other);
    check_fails(bw_plan_load(&none, other, &error), BW_ERROR_IO, "No such file");
    check_fails(bw_plan_save(built, "/nowhere/a.bwp", &error), BW_ERROR_IO, "/nowhere/a.bwp");
}

/* ---- What is refused ------------------------------------------------------------------------ */

static bw_status decode(const uint8_t *content, size_t length, bw_error *error)
{
    bw_plan plan = {0};
    bw_status status = bw_plan_decode(&plan, content, length, "x.bwp", error);
    bw_aligned_free(plan.packed); /* where weights are shared */
    bw_arena_free(&plan.arena);
    return status;
}

/* Hands over a copy of exactly `length` bytes, so that a sanitizer sees a read beyond. */
static bw_status decode_cut(size_t length, bw_error *error)
{
    uint8_t *copy = bw_aligned_alloc(length > 0 ? length : 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    bw_status status = decode(copy, length, error);
    bw_aligned_free(copy);
    return status;
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    for (size_t length = 0; length < size; length += length < 8192 ? 1 : 997) {
        bw_error error = {0};
        assert_int_equal(decode_cut(length, &error), BW_ERROR_FORMAT);
        assert_non_null(strstr(error.message, length < 8 ? "is no plan" : "cut off"));
    }
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    size_t step = 1;
    for (size_t bit = 0; bit < size * 8; bit += step) {
        bw_error error = {0};
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bw_status status = decode(bytes, size, &error);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (status == BW_OK || !strstr(error.message, "x.bwp"))
            fail_msg("bit %zu: '%s'", bit, error.message);
        step = bit < BW_PLAN_HEAD_SIZE * 8 ? 1 : 511;
    }
    check_ok(decode(bytes, size, &error));
}

static void what_follows_is_refused(void **state)
{
    (void)state;
    uint8_t *longer = bw_aligned_alloc(size + 1);
    memcpy(longer, bytes, size);
    longer[size] = 0;
    check_fails(decode(longer, size + 1, &error), BW_ERROR_FORMAT, "followed by something else");
    bw_aligned_free(longer);
}

static void other_versions_are_refused(void **state)
{
    (void)state;
    bytes[8] += 7;
    check_fails(decode(bytes, size, &error), BW_ERROR_UNSUPPORTED, "is a plan of version");
    bytes[8] -= 7;
    for (int at = 0; at < 2; at++) {
        uint8_t swapped = bytes[12 + at];
        bytes[12 + at] = bytes[15 - at];
        bytes[15 - at] = swapped;
    }
    check_fails(decode(bytes, size, &error), BW_ERROR_UNSUPPORTED, "most significant byte first");
    for (int at = 0; at < 2; at++) {
        uint8_t swapped = bytes[12 + at];
        bytes[12 + at] = bytes[15 - at];
        bytes[15 - at] = swapped;
    }
    check_ok(decode(bytes, size, &error));
}

/* Encodes a changed plan, sums and all, and reads it. */
static bw_status encode_and_decode(const bw_plan *plan, bw_error *error)
{
    uint8_t *tables;
    size_t length;
    assert_int_equal(bw_plan_encode(&tables, &length, plan, error), BW_OK);
    size_t weights = bw_plan_stored_bytes(plan);
    uint8_t *whole = bw_aligned_alloc(length + weights);
    memcpy(whole, tables, length);
    memcpy(whole + length, plan->stored ? plan->stored : plan->weights, weights);
    free(tables);
    bw_status status = decode(whole, length + weights, error);
    bw_aligned_free(whole);
    return status;
}

static void other_processors_are_refused(void **state)
{
    (void)state;
    bw_plan plan = *built;
    for (int index = 0; bw_cpu_feature_name(index); index++) {
        if (bw_cpu_features() >> index & 1)
            continue;
        plan.cpu_features = built->cpu_features | 1u << index;
        check_fails(encode_and_decode(&plan, &error), BW_ERROR_UNSUPPORTED,
                    bw_cpu_feature_name(index));
    }
    plan.cpu_features = 0;
    if (built->cpu_features)
        check_fails(encode_and_decode(&plan, &error), BW_ERROR_FORMAT, "more of the processor");
}

static void another_library_is_refused(void **state)
{
    (void)state;
    const char *version = bw_version();
    uint8_t *at = bytes + BW_PLAN_HEAD_SIZE + 4;
    assert_memory_equal(at, version, strlen(version));
    uint8_t head[BW_PLAN_HEAD_SIZE], old = at[0];
    memcpy(head, bytes, sizeof head);
    at[0] = '9';
    size_t tables = (size_t)bytes[24] | (size_t)bytes[25] << 8 | (size_t)bytes[26] << 16;
    uint64_t sum = XXH3_64bits(bytes + BW_PLAN_HEAD_SIZE, tables - BW_PLAN_HEAD_SIZE);
    memcpy(bytes + 40, &sum, sizeof sum);
    sum = XXH3_64bits(bytes, 48);
    memcpy(bytes + 48, &sum, sizeof sum);
    check_fails(decode(bytes, size, &error), BW_ERROR_UNSUPPORTED, "was built by Boxwright 9");
    memcpy(bytes, head, sizeof head);
    at[0] = old;
    check_ok(decode(bytes, size, &error));
}

/* ---- What cannot be run --------------------------------------------------------------------- */

/* A change to step `index` (convolution 0, 1; depthwise; pool) that must not get through. */
static void refuse_step(int index, bw_step change, const char *reason)
{
    bw_plan plan = *built;
    bw_step *steps = malloc((size_t)plan.step_count * sizeof *steps);
    memcpy(steps, plan.steps, (size_t)plan.step_count * sizeof *steps);
    steps[index] = change;
    plan.steps = steps;
    bw_error error = {0};
    bw_status status = encode_and_decode(&plan, &error);
    if (status == BW_OK || !strstr(error.message, reason))
        fail_msg("'%s' does not say '%s'", error.message, reason);
    free(steps);
}

#define REFUSE(index, field, value, reason)                                                        \
    do {                                                                                           \
        bw_step step = built->steps[index];                                                        \
        step.field = value;                                                                        \
        refuse_step(index, step, reason);                                                          \
    } while (0)

static void impossible_steps_are_refused(void **state)
{
    (void)state;
    const char memory[] = "impossible or outside", shapes[] = "do not fit its operation";
    REFUSE(0, in, built->steps[0].in + ((size_t)1 << 40), memory);
    REFUSE(0, in, 0, memory);
    REFUSE(0, out, built->steps[0].out + 4, memory);
    REFUSE(0, out, built->arena_bytes / 3 - 64, memory);
    REFUSE(0, operation.in.height, 0, memory);
    REFUSE(0, operation.in.height, 1 << 30, memory);
    REFUSE(0, operation.in.lanes, 0, memory);
    REFUSE(0, operation.in.border, -1, memory);
    REFUSE(0, operation.out.channels, 1 << 19, memory);
    REFUSE(0, operation.out.format.type, BW_TYPE_COUNT, memory);
    REFUSE(0, operation.out.format.type, BW_U8, memory);
    REFUSE(0, operation.out.format.zero_point, 1, memory);
    REFUSE(0, operation.stride, 0, shapes);
    REFUSE(0, operation.stride, 3, shapes);
    REFUSE(0, operation.kernel_height, 5, shapes);
    REFUSE(0, operation.kernel_width, 4096, shapes);
    REFUSE(0, operation.pad_left, 2, shapes);
    REFUSE(0, operation.pad_top, -1, shapes);
    REFUSE(0, operation.groups, 0, shapes);
    REFUSE(0, operation.groups, 2, shapes);
    REFUSE(0, operation.activation, BW_ACTIVATION_COUNT, shapes);
    REFUSE(0, operation.slope, NAN, shapes);
    REFUSE(0, operation.family, BW_FAMILY_ADD, shapes);
    REFUSE(0, operation.family, BW_FAMILY_COUNT, shapes);
    REFUSE(0, operation.family, BW_FAMILY_MAX_POOL, shapes);
    REFUSE(0, kernel, "conv_f32_none", "there is no kernel 'conv_f32_none'");
    REFUSE(0, kernel, "add_f32_ref", "cannot compute it");
    REFUSE(0, sharing, BW_SHARING_COUNT, "shared in an unknown way");
    REFUSE(1, weights, built->weight_bytes - 64, "lie outside");
    REFUSE(1, weights, built->steps[1].weights + 4, "lie outside");
    REFUSE(1, weights, SIZE_MAX - 63, "lie outside");
}

static void impossible_plans_are_refused(void **state)
{
    (void)state;
    bw_plan plan = *built;
    plan.batch = 0;
    check_fails(encode_and_decode(&plan, &error), BW_ERROR_FORMAT, "a batch of 0");
    plan.batch = 1 << 20;
    check_fails(encode_and_decode(&plan, &error), BW_ERROR_FORMAT, "a batch of");
    plan = *built;
    plan.arena_bytes = (size_t)1 << 50;
    check_fails(encode_and_decode(&plan, &error), BW_ERROR_FORMAT, "has an arena");
    plan = *built;
    plan.arena_bytes /= 2;
    plan.arena_bytes -= plan.arena_bytes % ((size_t)plan.batch * 64);
    check_fails(encode_and_decode(&plan, &error), BW_ERROR_FORMAT, "outside the memory");
    plan = *built;
    plan.model.width = 32;
    check_fails(encode_and_decode(&plan, &error), BW_ERROR_FORMAT, "impossible input");
    plan = *built;
    plan.output_count = 0;
    check_fails(encode_and_decode(&plan, &error), BW_ERROR_FORMAT, "has no output");
    plan = *built;
    bw_head head = built->heads[0];
    plan.heads = &head;
    head.classes = 3;
    check_fails(encode_and_decode(&plan, &error), BW_ERROR_FORMAT, "impossible output 0");
    head = built->heads[0];
    head.anchors = 2;
    check_fails(encode_and_decode(&plan, &error), BW_ERROR_FORMAT, "impossible output 0");
}

/* Some kernels' packed weights hold addresses: each four bytes are changed in turn. */
static void unsound_weights_are_refused(void **state)
{
    (void)state;
    int refused = 0;
    for (int index = 0; index < in_bytes->step_count; index++) {
        const bw_step *step = &in_bytes->steps[index];
        const bw_kernel *kernel = bw_kernel_find(step->kernel);
        if (!kernel->packed_sound)
            continue;
        uint8_t *weights = in_bytes->packed + step->weights;
        assert_true(kernel->packed_sound(&step->operation, weights));
        for (size_t at = 0; at < kernel->packed_bytes(&step->operation); at += 4) {
            uint8_t kept[4];
            memcpy(kept, weights + at, 4);
            memset(weights + at, 0x7f, 4);
            refused += !kernel->packed_sound(&step->operation, weights);
            if (refused == 1)
                check_fails(encode_and_decode(in_bytes, &error), BW_ERROR_FORMAT, "not what");
            memcpy(weights + at, kept, 4);
        }
    }
    check_ok(encode_and_decode(in_bytes, &error));
    assert_true(refused > 0 || !(bw_cpu_features() & BW_CPU_AVX2));
}

/* ---- Shared weights ------------------------------------------------------------------------- */

static void shared_weights_are_packed_as_they_were(void **state)
{
    (void)state;
    bw_plan *loaded;
    bw_plan_info info;
    uint8_t *first, *second;
    size_t first_size, second_size;
    check_ok(bw_plan_save(shared, file, &error));
    check_ok(bw_plan_load(&loaded, file, &error));
    bw_plan_describe(loaded, &info);
    assert_true(info.stored_bytes < info.weight_bytes);
    assert_non_null(strstr(info.settings, "shared=fixed bits="));
    assert_int_equal(loaded->weight_bytes, shared->weight_bytes);
    for (int index = 0; index < shared->step_count; index++) {
        const bw_step *step = &shared->steps[index];
        const bw_kernel *kernel = bw_kernel_find(step->kernel);
        size_t packed = kernel->packed_bytes ? kernel->packed_bytes(&step->operation) : 0;
        assert_int_equal(loaded->steps[index].weights, step->weights);
        assert_memory_equal(loaded->weights + step->weights, shared->weights + step->weights,
                            packed);
    }
    check_ok(bw_read_file(&first, &first_size, file, 1 << 24, &error));
    check_ok(bw_plan_save(loaded, file, &error));
    check_ok(bw_read_file(&second, &second_size, file, 1 << 24, &error));
    assert_int_equal(first_size, second_size);
    assert_memory_equal(first, second, first_size);
    free(first);
    free(second);
    bw_plan_close(&loaded);
    check_ok(bw_plan_save(built, file, &error));
}

static void more_noise_takes_fewer_bits(void **state)
{
    (void)state;
    char path[64];
    bw_model *model;
    snprintf(path, sizeof path, "%s/b.cfg", folder);
    write_text(path, network);
    check_ok(bw_model_load(&model, path, "random:5", NULL, &error));
    size_t last = SIZE_MAX;
    for (float noise = 1e-4f; noise < 1.0f; noise *= 16.0f) {
        bw_plan *plan = build_shared(model, BW_SHARE_AUTO, noise);
        assert_non_null(strstr(plan->settings, "shared=auto bits="));
        size_t stored = bw_plan_stored_bytes(plan);
        assert_true(stored < last && stored < plan->weight_bytes);
        check_ok(encode_and_decode(plan, &error));
        bw_plan_close(&plan);
        last = stored;
    }
    bw_model_close(&model);
    unlink(path);
}

/* The first step with shared weights. */
static int find_shared(void)
{
    int index = 0;
    while (index < shared->step_count && !shared->steps[index].shared_bits)
        index++;
    assert_true(index < shared->step_count);
    return index;
}

static void refuse_shared(bw_step change, const char *reason)
{
    bw_plan plan = *shared;
    bw_step *steps = malloc((size_t)plan.step_count * sizeof *steps);
    memcpy(steps, plan.steps, (size_t)plan.step_count * sizeof *steps);
    steps[find_shared()] = change;
    plan.steps = steps;
    bw_error error = {0};
    bw_status status = encode_and_decode(&plan, &error);
    if (status == BW_OK || !strstr(error.message, reason))
        fail_msg("'%s' does not say '%s'", error.message, reason);
    free(steps);
}

static void impossible_shared_weights_are_refused(void **state)
{
    (void)state;
    int index = find_shared();
    bw_step step = shared->steps[index];
    for (int bits = -1; bits <= 33; bits++) {
        bool possible = bits == 0 || (bits >= 4 && bits <= 8);
        step.shared_bits = bits;
        if (!possible)
            refuse_shared(step, "cannot be shared");
    }
    step = shared->steps[index];
    step.stored = shared->stored_bytes - 64;
    refuse_shared(step, "lie outside");
    step.stored = shared->steps[index].stored + 64;
    refuse_shared(step, "do not follow");
    step = shared->steps[index];
    step.shared_bytes = bw_shared_head_bytes(&step.operation, step.shared_bits) - 1;
    refuse_shared(step, "cannot be shared");
    step.shared_bytes = SIZE_MAX / 2;
    refuse_shared(step, "lie outside");
    step = shared->steps[index];
    step.kernel = "max_pool_f32_ref";
    refuse_shared(step, "cannot compute it");
    step = shared->steps[index];
    size_t head = bw_shared_head_bytes(&step.operation, step.shared_bits);
    size_t scales = head - (size_t)step.operation.out.channels * 2 * sizeof(float);
    uint8_t *block = shared->coded + step.stored, kept[4];
    const float bad[] = {INFINITY, NAN};
    for (size_t at = 0; at < 2; at++) {
        memcpy(kept, block + scales, 4);
        memcpy(block + scales, &bad[at], 4);
        refuse_shared(shared->steps[index], "shared weights are impossible");
        memcpy(block + scales, kept, 4);
    }
    kept[0] = block[3];
    block[3] = 0x80;
    refuse_shared(shared->steps[index], "shared weights are impossible");
    block[3] = kept[0];
    const size_t coded[] = {(size_t)1 << step.shared_bits, scales - 1, head};
    for (size_t at = 0; at < 3; at++) { /* a frequency, a state, a word */
        block[coded[at]] ^= 0x55;
        refuse_shared(shared->steps[index], "shared weights are impossible");
        block[coded[at]] ^= 0x55;
    }
    check_ok(encode_and_decode(shared, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_saved_plan_gives_the_same_boxes),
        cmocka_unit_test(a_saved_plan_tells_the_same),
        cmocka_unit_test(saving_again_gives_the_same_bytes),
        cmocka_unit_test(only_plans_are_recognised),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(what_follows_is_refused),
        cmocka_unit_test(other_versions_are_refused),
        cmocka_unit_test(other_processors_are_refused),
        cmocka_unit_test(another_library_is_refused),
        cmocka_unit_test(impossible_steps_are_refused),
        cmocka_unit_test(impossible_plans_are_refused),
        cmocka_unit_test(unsound_weights_are_refused),
        cmocka_unit_test(shared_weights_are_packed_as_they_were),
        cmocka_unit_test(more_noise_takes_fewer_bits),
        cmocka_unit_test(impossible_shared_weights_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
