/**
 * Runs an ONNX model by the engine, its outputs as they are, for tests in Python.
 *
 * usage: run_network MODEL OUT INPUT IMAGES THREADS fp32|bf16
 *
 * INPUT holds float32[IMAGES, 3, height, width]. OUT gets the outputs of the first image one after
 * the other, row-major, then those of the second, and so on; a line on stdout tells how many steps
 * the plan has and how many of them are general operators. Exit status 3: refused as not supported.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/cpu.h"
#include "base/file.h"
#include "import/import.h"
#include "passes/halve.h"
#include "passes/passes.h"

enum { REFUSED = 3 };

typedef struct session {
    bw_limits limits;
    bw_mapping model, input;
    bw_source source;
    bw_import import;
    bw_plan plan;
    bw_pool *pool;
    bw_executor *executor;
    int images, threads;
    bool halved;
} session;

static bw_status build(session *s, const char *path, bw_error *error)
{
    bw_limits_init(&s->limits);
    bw_status status = bw_map_file(&s->model, path, error);
    if (status != BW_OK)
        return status;
    s->source = (bw_source){.path = path,
                            .text = (const char *)s->model.data,
                            .size = s->model.size,
                            .limits = &s->limits,
                            .raw = true};
    status = bw_import_model(&s->import, &s->source, error);
    if (status == BW_OK)
        status = bw_passes_run(&s->import.graph, error);
    if (status == BW_OK && s->halved)
        status = bw_pass_halve(&s->import.graph, NULL, error);
    if (status == BW_OK)
        status = bw_plan_lower(&s->plan, &s->import.graph, s->images, bw_cpu_features(), error);
    return status;
}

static bw_status fill(session *s, bw_error *error)
{
    const bw_layout *to = &s->plan.input.layout;
    size_t height = (size_t)to->height, width = (size_t)to->width, lanes = (size_t)to->lanes;
    const float *from = (const float *)(const void *)s->input.data;
    if (s->input.size != (size_t)s->images * 3 * height * width * sizeof *from)
        return bw_fail(error, BW_ERROR_ARGUMENT, "the input has another size than %d × 3 × %d × %d",
                       s->images, to->height, to->width);
    for (int image = 0; image < s->images; image++) {
        float *pixels = bw_backend_cpu.input(s->executor, image);
        for (size_t at = 0; at < 3 * height * width; at++)
            pixels[at / width % height * to->row_stride + at % width * lanes +
                   at / width / height] = *from++;
    }
    return BW_OK;
}

static void write_outputs(const session *s, FILE *file)
{
    for (int image = 0; image < s->images; image++) {
        for (int output = 0; output < s->plan.output_count; output++) {
            const bw_layout *layout = &s->plan.outputs[output].layout;
            bw_head_view view = bw_backend_cpu.output(s->executor, output, image);
            size_t count =
                (size_t)layout->height * (size_t)layout->width * (size_t)layout->channels;
            fwrite(view.data, sizeof(float), count, file);
        }
    }
}

static bw_status run(session *s, char **arguments, bw_error *error)
{
    bw_status status = build(s, arguments[1], error);
    if (status == BW_OK)
        status = bw_map_file(&s->input, arguments[3], error);
    if (status == BW_OK)
        status = bw_pool_open(&s->pool, s->threads, error);
    if (status == BW_OK)
        status = bw_backend_cpu.open(&s->executor, &s->plan, s->pool, BW_ALL_PADDING, error);
    if (status == BW_OK)
        status = fill(s, error);
    if (status == BW_OK)
        status = bw_backend_cpu.run(s->executor, s->images, NULL, error);
    if (status != BW_OK)
        return status;
    FILE *file = fopen(arguments[2], "wb");
    if (!file)
        return bw_fail_errno(error, "write", arguments[2]);
    write_outputs(s, file);
    return fclose(file) == 0 ? BW_OK : bw_fail_errno(error, "write", arguments[2]);
}

static void tell(const session *s)
{
    int general = 0;
    for (int index = 0; index < s->plan.step_count; index++)
        general += s->plan.steps[index].operation.plain != NULL;
    printf("%d %d", s->plan.step_count, general);
    for (int index = 0; index < s->plan.step_count; index++) {
        const bw_plain_use *use = s->plan.steps[index].operation.plain;
        if (use)
            printf(" %s", use->operation->name);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    static session s;
    bw_error error = {0};
    if (argc != 7) {
        fprintf(stderr, "usage: run_network MODEL OUT INPUT IMAGES THREADS fp32|bf16\n");
        return 2;
    }
    s.images = atoi(argv[4]);
    s.threads = atoi(argv[5]);
    s.halved = strcmp(argv[6], "bf16") == 0;
    bw_status status = run(&s, argv, &error);
    if (status == BW_OK)
        tell(&s);
    if (s.executor)
        bw_backend_cpu.close(&s.executor);
    bw_pool_close(&s.pool);
    bw_aligned_free(s.plan.packed);
    bw_arena_free(&s.plan.arena);
    bw_import_free(&s.import);
    bw_unmap_file(&s.input);
    bw_unmap_file(&s.model);
    if (status != BW_OK)
        fprintf(stderr, "%s\n", error.message);
    return status == BW_OK ? 0 : status == BW_ERROR_UNSUPPORTED ? REFUSED : 1;
}
