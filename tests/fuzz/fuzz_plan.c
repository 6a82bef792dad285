/**
 * Fuzz target of plan files: changes to a plan that is built here, so that no file has to follow
 * the format; what is accepted must run.
 *
 * The input is a list of changes of 6 bytes each: what to do, at which place of the file (u16, over
 * head and tables; counted in 4 bytes for weights), and with what (the last three, repeated). The
 * sums are mended afterwards, unless the first byte of the input is odd: an enemy can do that, too.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "plain_graph.h"
#include "plan/plan_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char network[] =
    "[net]\nwidth=32\nheight=32\nchannels=3\n"
    "[convolutional]\nfilters=16\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[convolutional]\nfilters=16\nsize=3\npad=1\nactivation=mish\n"
    "[shortcut]\nfrom=-2\nactivation=linear\n"
    "[convolutional]\nfilters=16\ngroups=16\nsize=3\npad=1\nactivation=relu\n"
    "[convolutional]\nfilters=8\ngroups=2\nsize=3\npad=1\nactivation=swish\n"
    "[maxpool]\nsize=2\nstride=2\n"
    "[upsample]\nstride=2\n"
    "[route]\nlayers=-1,-4\n"
    "[convolutional]\nfilters=7\nsize=1\nactivation=linear\n"
    "[yolo]\nmask=0\nanchors=10,14\nclasses=2\nnum=1\n";

enum { LARGEST_ARENA = 1 << 24, LARGEST_WINDOW = 16, CHANGE = 6, PLANS = 4 };

typedef struct content {
    uint8_t *bytes;
    size_t size, tables; /* where the weights begin */
} content;

static void require(bw_status status, const bw_error *error)
{
    if (status == BW_OK)
        return;
    fprintf(stderr, "%s\n", error->message);
    abort();
}

static bw_model *load_network(void)
{
    char path[] = "/tmp/boxwright-fuzz-XXXXXX";
    bw_model *model;
    bw_error error;
    int descriptor = mkstemp(path);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (!file || fputs(network, file) < 0 || fclose(file) != 0)
        abort();
    require(bw_model_load(&model, path, "random:1", NULL, &error), &error);
    remove(path);
    return model;
}

static bw_plan *build(bw_precision precision, int share_bits)
{
    bw_plan *plan;
    bw_error error;
    bw_model *model = load_network();
    bw_build_options options;
    bw_build_options_init(&options);
    options.batch = 2;
    options.share_bits = share_bits;
    options.precision = precision;
    bw_calibration *calibration = NULL;
    if (precision == BW_PRECISION_INT8) {
        uint8_t pixels[32 * 32 * 3];
        for (size_t index = 0; index < sizeof pixels; index++)
            pixels[index] = (uint8_t)(index * 37);
        bw_image image = {.pixels = pixels, .width = 32, .height = 32, .stride = 96};
        require(bw_calibration_open(&calibration, model, 1, &error), &error);
        require(bw_calibration_add(calibration, &image, &error), &error);
        options.calibration = calibration;
    }
    require(bw_plan_build(&plan, model, &options, &error), &error);
    bw_calibration_close(&calibration);
    bw_model_close(&model);
    return plan;
}

/* One with general operators. */
static bw_plan *build_plain(void)
{
    bw_graph graph;
    plain_graph(&graph);
    bw_plan *plan = plain_plan(&graph, bw_cpu_features());
    bw_graph_free(&graph);
    return plan;
}

static content encode(bw_plan *plan)
{
    content made;
    bw_error error;
    uint8_t *tables;
    require(bw_plan_encode(&tables, &made.tables, plan, &error), &error);
    size_t weights = bw_plan_stored_bytes(plan);
    made.size = made.tables + weights;
    made.bytes = bw_aligned_alloc(made.size);
    memcpy(made.bytes, tables, made.tables);
    memcpy(made.bytes + made.tables, plan->stored ? plan->stored : plan->weights, weights);
    free(tables);
    bw_plan_close(&plan);
    return made;
}

/* The plans that changes begin with: made once, kept until the program ends. */
static const content *original(int index)
{
    static content plans[PLANS];
    if (!plans[0].bytes) {
        plans[0] = encode(build(BW_PRECISION_FP32, 0));
        plans[1] = encode(build(BW_PRECISION_INT8, 0));
        plans[2] = encode(build(BW_PRECISION_INT8, 4));
        plans[3] = encode(build_plain());
    }
    return &plans[index];
}

static void change(content *plan, const uint8_t *how)
{
    size_t place = (size_t)how[1] | (size_t)how[2] << 8, weights = plan->size - plan->tables;
    uint8_t *at = plan->bytes + place % plan->tables;
    if (how[0] & 8)
        at = plan->bytes + plan->tables + place * 4 % weights;
    switch (how[0] & 7) {
    case 0: *at = how[3]; break;
    case 1: *at = (uint8_t)(*at + how[3]); break;
    case 2: *at ^= (uint8_t)(1u << how[3] % 8); break;
    case 3: memcpy(at, how + 3, plan->bytes + plan->size - at < 3 ? 1 : 3); break;
    case 4: /* a whole number of 32 bits */
        at = plan->bytes + (size_t)(at - plan->bytes) / 4 * 4;
        memcpy(at, (uint8_t[]){how[3], how[4], how[5], how[5] & 128 ? 255 : 0}, 4);
        break;
    default: /* move some bytes along */
        if (at + how[4] + how[5] < plan->bytes + plan->size)
            memmove(at + how[4] % 16, at, how[5]);
    }
}

static void put_u64(uint8_t *at, uint64_t value)
{
    for (int index = 0; index < 8; index++)
        at[index] = (uint8_t)(value >> 8 * index);
}

static void mend(content *plan)
{
    size_t library = BW_PLAN_HEAD_SIZE + 4 + strlen(bw_version()) + 4, block = 0;
    size_t weights = plan->size - plan->tables;
    for (size_t start = 0; start < weights; start += BW_PLAN_BLOCK, block++) {
        size_t left = weights - start;
        put_u64(plan->bytes + library + 8 * block,
                XXH3_64bits(plan->bytes + plan->tables + start,
                            left < BW_PLAN_BLOCK ? left : BW_PLAN_BLOCK));
    }
    put_u64(plan->bytes + 40,
            XXH3_64bits(plan->bytes + BW_PLAN_HEAD_SIZE, plan->tables - BW_PLAN_HEAD_SIZE));
    put_u64(plan->bytes + 48, XXH3_64bits(plan->bytes, 48));
}

/* Whether running it would take the fuzzer too long. */
static bool is_large(const bw_plan *plan)
{
    for (int index = 0; index < plan->step_count; index++) {
        const bw_operation *operation = &plan->steps[index].operation;
        if (operation->kernel_height > LARGEST_WINDOW || operation->kernel_width > LARGEST_WINDOW)
            return true;
    }
    return plan->arena_bytes > LARGEST_ARENA;
}

static void run(const bw_plan *plan)
{
    bw_engine *engine;
    bw_error error;
    bw_run_options options;
    bw_run_options_init(&options);
    options.threads = 1;
    options.confidence = 0.0f;
    uint8_t pixels[12] = {0};
    bw_image image = {.pixels = pixels, .width = 2, .height = 2, .stride = 6};
    bw_detections found = {0};
    if (bw_engine_open(&engine, plan, &options, &error) != BW_OK)
        return;
    bw_engine_detect(engine, &image, 1, &found, &error);
    bw_engine_profile(engine, 1, NULL, &error);
    bw_detections_clear(&found);
    bw_engine_close(&engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const content *from = original((data[0] >> 1 & 3) % PLANS);
    content copy = {bw_aligned_alloc(from->size), from->size, from->tables};
    if (!copy.bytes)
        return 0;
    memcpy(copy.bytes, from->bytes, from->size);
    for (size_t at = 1; at + CHANGE <= size; at += CHANGE)
        change(&copy, data + at);
    if (!(data[0] & 1))
        mend(&copy);
    bw_plan plan = {0};
    bw_error error = {0};
    bw_status status = bw_plan_decode(&plan, copy.bytes, copy.size, "fuzz.bwp", &error);
    if (status == BW_OK && !is_large(&plan))
        run(&plan);
    else if (status != BW_OK && (!error.message[0] || status == BW_ERROR_ARGUMENT))
        abort();
    bw_aligned_free(plan.packed); /* where weights are shared */
    bw_arena_free(&plan.arena);
    bw_aligned_free(copy.bytes);
    return 0;
}
