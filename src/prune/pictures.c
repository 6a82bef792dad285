#include "prune/pictures.h"

#include <stdlib.h>

#include "calibrate/heads.h"
#include "prune/scores.h"

/* ---- Pictures ------------------------------------------------------------------------------- */

static void thin_out(bw_small_pictures *pictures)
{
    for (size_t index = 0; index < pictures->count; index++) {
        if (index % 2)
            free(pictures->items[index].numbers);
        else
            pictures->items[index / 2] = pictures->items[index];
    }
    pictures->count = (pictures->count + 1) / 2;
    pictures->stride *= 2;
}

bw_status bw_small_pictures_add(bw_small_pictures *pictures, const bw_viewer *viewer,
                                bw_error *error)
{
    pictures->stride = pictures->stride ? pictures->stride : 1;
    if (pictures->seen++ % pictures->stride)
        return BW_OK;
    if (pictures->count == BW_MOST_SMALL_PICTURES) {
        thin_out(pictures);
        if ((pictures->seen - 1) % pictures->stride)
            return BW_OK;
    }
    bw_status status = bw_viewer_keep(&pictures->items[pictures->count], viewer, error);
    pictures->count += status == BW_OK;
    return status;
}

int bw_small_pictures_load(const bw_small_pictures *pictures, bw_viewer *viewer, size_t first,
                           size_t wanted)
{
    size_t count = bw_viewer_batch(viewer, wanted - first);
    for (size_t image = 0; image < count; image++)
        bw_viewer_load(viewer, (int)image,
                       &pictures->items[(first + image) * pictures->count / wanted]);
    return (int)count;
}

void bw_small_pictures_free(bw_small_pictures *pictures)
{
    for (size_t index = 0; index < pictures->count; index++)
        free(pictures->items[index].numbers);
    *pictures = (bw_small_pictures){0};
}

/* ---- Heads ---------------------------------------------------------------------------------- */

static bw_status open_heads(bw_viewer *viewer, const bw_graph *graph, bw_pool *pool,
                            bw_error *error)
{
    int *tensors = calloc(graph->output_count + 1, sizeof *tensors);
    if (!tensors)
        return bw_fail_memory(error, graph->output_count * sizeof *tensors, "pruning");
    for (size_t index = 0; index < graph->output_count; index++)
        tensors[index] = graph->outputs[index].tensor;
    bw_status status = bw_viewer_open(viewer, graph, tensors, graph->output_count, pool, error);
    free(tensors);
    return status;
}

static void read_heads(float *to, const bw_viewer *viewer, int image, const bw_graph *graph)
{
    for (size_t index = 0; index < graph->output_count; index++) {
        bw_shape shape = graph->tensors[graph->outputs[index].tensor].shape;
        bw_head_view view = bw_backend_cpu.output(viewer->executor, (int)index, image);
        bw_read_head(to, &view, shape.channels);
        to += bw_head_numbers(shape);
    }
}

/* The squares of what a picture's heads find, or of its difference from others. */
static double compare(const bw_expected *expected, const float *heads, const float *others)
{
    double sum = 0.0;
    size_t at = 0;
    for (size_t index = 0; index < expected->graph->output_count; index++) {
        const bw_output *output = &expected->graph->outputs[index];
        size_t count = bw_head_numbers(expected->graph->tensors[output->tensor].shape);
        sum += bw_score_squares(&output->head, heads + at, others ? others + at : NULL, count);
        at += count;
    }
    return sum;
}

/* Runs all pictures; into `sum` goes what differs from `heads`, or, without a sum, they are filled.
 */
static bw_status run_all(bw_expected *expected, bw_viewer *viewer, double *sum, bw_error *error)
{
    bw_status status = BW_OK;
    float *others = malloc((expected->numbers + 1) * sizeof *others);
    if (!others)
        return bw_fail_memory(error, expected->numbers * sizeof *others, "pruning");
    for (size_t first = 0; status == BW_OK && first < expected->used;) {
        int images = bw_small_pictures_load(expected->pictures, viewer, first, expected->used);
        status = bw_viewer_run(viewer, images, error);
        for (int image = 0; status == BW_OK && image < images; image++, first++) {
            float *heads = expected->heads + first * expected->numbers;
            read_heads(sum ? others : heads, viewer, image, expected->graph);
            if (sum)
                *sum += compare(expected, heads, others);
            else
                expected->size += compare(expected, heads, NULL);
        }
    }
    free(others);
    return status;
}

bw_status bw_expected_open(bw_expected *expected, const bw_graph *graph,
                           const bw_small_pictures *pictures, size_t used, bw_pool *pool,
                           bw_error *error)
{
    bw_viewer viewer;
    *expected = (bw_expected){.graph = graph, .pictures = pictures, .used = used};
    for (size_t index = 0; index < graph->output_count; index++)
        expected->numbers += bw_head_numbers(graph->tensors[graph->outputs[index].tensor].shape);
    expected->heads = calloc(used * expected->numbers + 1, sizeof *expected->heads);
    if (!expected->heads)
        return bw_fail_memory(error, used * expected->numbers * sizeof(float), "pruning");
    bw_status status = open_heads(&viewer, graph, pool, error);
    if (status != BW_OK)
        return status;
    status = run_all(expected, &viewer, NULL, error);
    bw_viewer_close(&viewer);
    return status;
}

bw_status bw_expected_compare(double *difference, const bw_expected *expected,
                              const bw_graph *graph, bw_pool *pool, bw_error *error)
{
    bw_viewer viewer;
    double sum = 0.0;
    bw_expected copy = *expected;
    bw_status status = open_heads(&viewer, graph, pool, error);
    if (status != BW_OK)
        return status;
    status = run_all(&copy, &viewer, &sum, error);
    bw_viewer_close(&viewer);
    *difference = expected->size > 0.0 ? sum / expected->size : 0.0;
    return status;
}

void bw_expected_close(bw_expected *expected)
{
    free(expected->heads);
    *expected = (bw_expected){0};
}
