/**
 * Scaling down by area: every output pixel is the mean of the source area below it, pixels on the
 * edge of that area counted by the part that is inside. Rows are summed first, which is contiguous
 * and touches every source row once or twice, then columns.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/image.h"

enum { LANES = 4 };

/* Source pixels [first, last] of one output pixel; the inner ones weigh 1. */
typedef struct span {
    int first, last;
    float first_weight, last_weight;
} span;

static span span_of(int index, int size, int out_size)
{
    double scale = (double)size / out_size, from = index * scale, to = (index + 1) * scale;
    int first = (int)from, last = (int)ceil(to) - 1;
    last = last >= size ? size - 1 : last < first ? first : last;
    if (first == last)
        return (span){first, last, (float)(to - from), 0.0f};
    return (span){first, last, (float)(first + 1 - from), (float)(to - last)};
}

static float weight_at(const span *area, int index)
{
    return index == area->first  ? area->first_weight
           : index == area->last ? area->last_weight
                                 : 1.0f;
}

/* What scaling needs beside the pictures. */
typedef struct scratch {
    span *columns; /* of each output pixel */
    float *sums;   /* of the rows below an output row; LANES - 3 numbers more than they have */
} scratch;

static void begin_sums(float *restrict sum, const uint8_t *restrict row, float weight, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sum[i] = (float)row[i] * weight;
}

static void add_row(float *restrict sum, const uint8_t *restrict row, float weight, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sum[i] += (float)row[i] * weight;
}

/* A pixel's three numbers and the one that follows them: four are added as fast as one. */
static void add_column(float total[restrict LANES], const float *restrict sum, float weight)
{
    for (int i = 0; i < LANES; i++)
        total[i] += sum[i] * weight;
}

static void reduce_columns(uint8_t *restrict out, int out_width, const scratch *work, float scale)
{
    for (int x = 0; x < out_width; x++, out += 3) {
        const span *columns = &work->columns[x];
        const float *sum = work->sums + (size_t)columns->first * 3;
        float total[LANES] = {0};
        add_column(total, sum, columns->first_weight);
        for (int column = columns->first + 1; column < columns->last; column++)
            add_column(total, sum += 3, 1.0f);
        if (columns->last > columns->first)
            add_column(total, sum + 3, columns->last_weight);
        for (int i = 0; i < 3; i++) {
            int rounded = (int)(total[i] * scale + 0.5f);
            out[i] = (uint8_t)(rounded < 255 ? rounded : 255);
        }
    }
}

static void shrink(bw_image *out, const bw_image *image, const scratch *work)
{
    double area = (double)image->width / out->width * ((double)image->height / out->height);
    size_t count = (size_t)image->width * 3;
    for (int x = 0; x < out->width; x++)
        work->columns[x] = span_of(x, image->width, out->width);
    for (int y = 0; y < out->height; y++) {
        span rows = span_of(y, image->height, out->height);
        const uint8_t *row = image->pixels + (size_t)rows.first * image->stride;
        begin_sums(work->sums, row, rows.first_weight, count);
        for (int index = rows.first + 1; index <= rows.last; index++)
            add_row(work->sums, row += image->stride, weight_at(&rows, index), count);
        reduce_columns(out->pixels + (size_t)y * out->stride, out->width, work,
                       (float)(1.0 / area));
    }
}

static void copy(bw_image *out, const bw_image *image)
{
    for (int y = 0; y < out->height; y++)
        memcpy(out->pixels + (size_t)y * out->stride, image->pixels + (size_t)y * image->stride,
               (size_t)out->width * 3);
}

static int scaled(int size, double ratio)
{
    int rounded = (int)nearbyint(size * ratio);
    return rounded < 1 ? 1 : rounded;
}

static bw_status claim(bw_image *out, const bw_image *image, int side, bw_error *error)
{
    int longer = image->width > image->height ? image->width : image->height;
    double ratio = longer > side ? (double)side / longer : 1.0;
    *out = *image;
    out->width = scaled(image->width, ratio);
    out->height = scaled(image->height, ratio);
    out->stride = (size_t)out->width * 3;
    size_t bytes = 0;
    bool fits = bw_size_multiply(&bytes, out->stride, (size_t)out->height);
    out->pixels = fits ? malloc(bytes) : NULL;
    return out->pixels ? BW_OK : bw_fail_memory(error, bytes, "a scaled picture");
}

static bw_status fill(bw_image *out, const bw_image *image, bw_error *error)
{
    if (out->width == image->width && out->height == image->height) {
        copy(out, image);
        return BW_OK;
    }
    size_t sums = (size_t)image->width * 3 + LANES - 3;
    scratch work = {malloc((size_t)out->width * sizeof *work.columns),
                    calloc(sums, sizeof *work.sums)};
    bool good = work.columns && work.sums;
    if (good)
        shrink(out, image, &work);
    free(work.columns);
    free(work.sums);
    return good ? BW_OK : bw_fail_memory(error, sums * sizeof *work.sums, "a row of sums");
}

bw_status bw_image_thumbnail(bw_image *out, const bw_image *image, int side, bw_error *error)
{
    *out = (bw_image){0};
    bw_status status = bw_image_check(image, error);
    if (status == BW_OK && side < 1)
        status = bw_fail(error, BW_ERROR_ARGUMENT, "a picture cannot be scaled to %d pixels", side);
    if (status == BW_OK)
        status = claim(out, image, side, error);
    if (status == BW_OK)
        status = fill(out, image, error);
    if (status != BW_OK)
        bw_image_clear(out);
    return status;
}
