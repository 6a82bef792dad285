/**
 * Times every kernel on the layers of shapes.c, on one thread.
 *
 *     bench_kernels [-b] [-c] [-a] [-i images] [filter]
 *
 * Only shapes and kernels whose "shape kernel" contains `filter` are timed. With -b
 * tensors are bytes. With -c the caches are
 * emptied before each run, as they are for the weights of a large network. With -a the slow
 * reference kernels are timed too. With -i a run takes so many images; times are of one. A
 * convolution's speed is that of its own definition, whatever the method saves, so that Winograd's
 * may exceed the peak; that of other families is bytes moved. The star marks the kernel that
 * bw_kernel_choose takes.
 */
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "kernels/quantize.h"
#include "shapes.h"

enum { FLUSH_BYTES = 96 << 20, LEAST_RUNS = 3 };

static const double enough_seconds = 0.2, long_run = 1e-3;

/* Nanoseconds that this thread has run: what others do with the core in between does not count. */
static double thread_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

/* Random numbers (xorshift, Marsaglia 2003) in [-1, 1). */
static void fill(float *out, size_t count, float scale)
{
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        out[i] = ((float)(state >> 8) / 8388608.0f - 1.0f) * scale;
    }
}

#define BW_CHAINS 12

__attribute__((target("avx512f"))) static float multiply_avx512(long steps)
{
    __m512 sums[BW_CHAINS], factor = _mm512_set1_ps(0.999f);
    for (int chain = 0; chain < BW_CHAINS; chain++)
        sums[chain] = _mm512_set1_ps((float)chain);
    for (long step = 0; step < steps; step++) {
        for (int chain = 0; chain < BW_CHAINS; chain++)
            sums[chain] = _mm512_fmadd_ps(sums[chain], factor, factor);
    }
    for (int chain = 1; chain < BW_CHAINS; chain++)
        sums[0] = _mm512_add_ps(sums[0], sums[chain]);
    return _mm512_cvtss_f32(sums[0]);
}

__attribute__((target("avx2,fma"))) static float multiply_avx2(long steps)
{
    __m256 sums[BW_CHAINS], factor = _mm256_set1_ps(0.999f);
    for (int chain = 0; chain < BW_CHAINS; chain++)
        sums[chain] = _mm256_set1_ps((float)chain);
    for (long step = 0; step < steps; step++) {
        for (int chain = 0; chain < BW_CHAINS; chain++)
            sums[chain] = _mm256_fmadd_ps(sums[chain], factor, factor);
    }
    for (int chain = 1; chain < BW_CHAINS; chain++)
        sums[0] = _mm256_add_ps(sums[0], sums[chain]);
    return _mm256_cvtss_f32(sums[0]);
}

/* The best rate of fused multiply-adds of one core, in FLOP a nanosecond. */
static double measure_peak(uint32_t cpu)
{
    const long steps = 1000000;
    bool wide = (cpu & BW_CPU_AVX512) != 0;
    volatile float result;
    double best = 0.0;
    if ((cpu & (BW_CPU_AVX2 | BW_CPU_AVX512)) == 0)
        return 1.0;
    for (int round = 0; round < 10; round++) {
        double start = thread_time();
        result = wide ? multiply_avx512(steps) : multiply_avx2(steps);
        double rate = 2.0 * (wide ? 16 : 8) * BW_CHAINS * (double)steps / (thread_time() - start);
        best = rate > best ? rate : best;
    }
    (void)result;
    return best;
}

static void *allocate(size_t bytes)
{
    void *block = bw_large_alloc(bytes ? bytes : 1);
    if (!block) {
        fputs("bench_kernels: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return block;
}

static void *tensor(const bw_layout *layout, int images)
{
    size_t count = bw_layout_elements(layout, images), size = bw_type_size(layout->format.type);
    float *numbers = allocate(count * sizeof *numbers);
    uint8_t *block = allocate(count * size);
    fill(numbers, count, 1.0f);
    for (size_t index = 0; index < count && layout->format.type == BW_U8; index++)
        block[index] = bw_to_u8(64.0f * numbers[index], layout->format.zero_point);
    if (layout->format.type == BW_F32)
        memcpy(block, numbers, count * size);
    bw_aligned_free(numbers);
    return block;
}

static void *first_pixel(void *block, const bw_layout *layout)
{
    return (uint8_t *)block + bw_layout_origin(layout) * bw_type_size(layout->format.type);
}

/* Integers up to 63 whose distribution is a bell, as that of trained weights is. */
static void fill_integers(int8_t *out, size_t count)
{
    float *numbers = allocate((count + 2) * sizeof *numbers);
    fill(numbers, count + 2, 21.0f);
    for (size_t i = 0; i < count; i++)
        out[i] = (int8_t)(numbers[i] + numbers[i + 1] + numbers[i + 2]);
    bw_aligned_free(numbers);
}

static size_t weight_count(const bw_operation *operation)
{
    return (size_t)operation->out.channels * (size_t)operation->kernel_height *
           (size_t)operation->kernel_width *
           (size_t)(operation->in.channels / (operation->groups ? operation->groups : 1));
}

static int8_t *make_integers(const bw_operation *operation)
{
    size_t count = weight_count(operation);
    int8_t *integers = allocate(count);
    fill_integers(integers, count);
    return integers;
}

static void *pack(const bw_kernel *kernel, const bw_operation *operation)
{
    if (!kernel->packed_bytes)
        return NULL;
    size_t count = weight_count(operation);
    float *weights = allocate(count * sizeof *weights);
    float *bias = allocate((size_t)operation->out.channels * sizeof *bias);
    fill(weights, count, 2.0f / (float)(1 + count / (size_t)operation->out.channels));
    fill(bias, (size_t)operation->out.channels, 0.1f);
    size_t channels = (size_t)operation->out.channels;
    int8_t *integers = make_integers(operation);
    float *scales = allocate(channels * sizeof *scales);
    for (size_t channel = 0; channel < channels; channel++)
        scales[channel] = 1.0f / (float)(1 + count / channels);
    void *packed = allocate(kernel->packed_bytes(operation));
    bw_filters filters = {weights, integers, scales, bias};
    kernel->pack(operation, &filters, packed);
    bw_aligned_free(integers);
    bw_aligned_free(scales);
    bw_aligned_free(weights);
    bw_aligned_free(bias);
    return packed;
}

static void flush(char *block)
{
    for (size_t at = 0; block && at < FLUSH_BYTES; at += 64)
        block[at]++;
}

/** The least times of some runs in nanoseconds. */
typedef struct least {
    double real, thread;
    int runs;
} least;

static void time_run(least *times, const bw_kernel *kernel, const bw_operation *operation,
                     const bw_operands *operands, void *scratch)
{
    uint64_t start = bw_clock();
    double thread = thread_time();
    kernel->run(operation, operands, 0, kernel->units(operation, operands->images), scratch);
    thread = thread_time() - thread;
    double real = (double)(bw_clock() - start);
    if (times->runs == 0 || thread < times->thread)
        times->thread = thread;
    if (times->runs++ == 0 || real < times->real)
        times->real = real;
}

/* What the command line asks for. */
typedef struct command_line {
    const char *filter;
    bool all;
    bw_type type;
    int images;
    char *flushed;
} command_line;

/* An image's time. Long runs are likely to be interrupted; for short ones the thread's clock is too
 * coarse on some systems. */
static double time_kernel(const bw_kernel *kernel, const bw_operation *operation,
                          const command_line *request)
{
    int images = request->images;
    void *in = tensor(&operation->in, images), *out = tensor(&operation->out, images);
    void *second = operation->has_second ? tensor(&operation->second, images) : NULL;
    void *packed = pack(kernel, operation);
    void *scratch = allocate(kernel->scratch_bytes ? kernel->scratch_bytes(operation) : 0);
    bw_operands operands = {.in = first_pixel(in, &operation->in),
                            .out = first_pixel(out, &operation->out),
                            .weights = packed,
                            .images = images};
    if (second)
        operands.second = first_pixel(second, &operation->second);
    least times = {0};
    uint64_t start = bw_clock();
    while (times.runs < LEAST_RUNS || (double)(bw_clock() - start) < enough_seconds * 1e9) {
        flush(request->flushed);
        time_run(&times, kernel, operation, &operands, scratch);
    }
    bw_aligned_free(in);
    bw_aligned_free(out);
    bw_aligned_free(second);
    bw_aligned_free(packed);
    bw_aligned_free(scratch);
    return (times.real < long_run * 1e9 ? times.real : times.thread) / images;
}

static void report(const bw_shape *shape, const bw_operation *operation, const bw_kernel *kernel,
                   bool chosen, double time, double peak)
{
    bool counted = kernel->packed_bytes != NULL;
    int side = bw_pool_side(operation);
    double area = (double)(side * operation->out.height) * (side * operation->out.width), work;
    if (counted)
        work = 2.0 * area * (double)weight_count(operation);
    else
        work = (double)bw_type_size(kernel->in) * (double)bw_layout_elements(&operation->in, 1) +
               (double)bw_type_size(kernel->out) * (double)bw_layout_elements(&operation->out, 1);
    printf("%-22s %c %-34s %10.1f us %8.1f %s", shape->name, chosen ? '*' : ' ', kernel->name,
           time / 1e3, work / time, counted ? "GFLOP/s" : "GB/s");
    if (counted)
        printf(" %5.0f %%", 100.0 * work / time / peak);
    printf("%s %5.2f estimated\n", counted ? "" : "   ", kernel->cost(operation) / 1e3);
    fflush(stdout);
}

static bool wanted(const bw_shape *shape, const bw_kernel *kernel, const char *filter, bool all)
{
    char name[128];
    snprintf(name, sizeof name, "%s %s", shape->name, kernel->name);
    return (all || !strstr(kernel->name, "_ref")) && (!filter || strstr(name, filter));
}

/* The operation, with what is known of its sums once there are weights. */
static bw_operation make_operation(const bw_shape *shape, bw_type type)
{
    bw_operation operation = bw_shape_operation(shape, type);
    if (type == BW_U8 && bw_family_is_dense(operation.family)) {
        int8_t *integers = make_integers(&operation);
        operation.sum_bits = bw_sum_bits(&operation, integers);
        operation.may_round = true;
        bw_aligned_free(integers);
    }
    return operation;
}

static void run_shape(const bw_shape *shape, const command_line *request, double peak)
{
    uint32_t cpu = bw_cpu_features();
    bw_operation operation = make_operation(shape, request->type);
    const bw_kernel *chosen = bw_kernel_choose(&operation, cpu), *kernel;
    for (int index = 0; (kernel = bw_kernel_at(index)); index++) {
        if ((kernel->needs & ~cpu) != 0 || !bw_kernel_accepts(kernel, &operation) ||
            !wanted(shape, kernel, request->filter, request->all))
            continue;
        double time = time_kernel(kernel, &operation, request);
        report(shape, &operation, kernel, kernel == chosen, time, peak);
    }
}

int main(int argc, char **argv)
{
    bool cold = false;
    command_line request = {.type = BW_F32, .images = 1};
    for (int index = 1; index < argc; index++) {
        if (strcmp(argv[index], "-c") == 0)
            cold = true;
        else if (strcmp(argv[index], "-a") == 0)
            request.all = true;
        else if (strcmp(argv[index], "-b") == 0)
            request.type = BW_U8;
        else if (strcmp(argv[index], "-i") == 0 && index + 1 < argc)
            request.images = atoi(argv[++index]);
        else
            request.filter = argv[index];
    }
    double peak = measure_peak(bw_cpu_features());
    printf("one core's peak: %.1f GFLOP/s\n", peak);
    request.flushed = cold ? allocate(FLUSH_BYTES) : NULL;
    const bw_shape *shape;
    for (int index = 0; (shape = bw_shape_at(index)); index++)
        run_shape(shape, &request, peak);
    bw_aligned_free(request.flushed);
    return EXIT_SUCCESS;
}
