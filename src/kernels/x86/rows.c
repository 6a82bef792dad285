#include "kernels/x86/rows.h"

#include "kernels/border.h"
#include "kernels/copy.h"
#include "kernels/x86/max_pool.h"

enum {
    UNIT_CYCLES = 4096,
    STRIP_ROWS = 8,
};

bool bw_rows_in_planes(const bw_operation *operation)
{
    return operation->in.lanes == BW_LANES && operation->out.lanes == BW_LANES &&
           (!operation->has_second || operation->second.lanes == BW_LANES);
}

bool bw_rows_same_shape(const bw_layout *a, const bw_layout *b)
{
    return a->height == b->height && a->width == b->width && a->channels == b->channels;
}

/* The planes of the output that are written: all but for COPY. */
static int first_plane(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_COPY ? bw_copy_first_plane(operation) : 0;
}

static int count_planes(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_COPY ? bw_copy_planes(operation)
                                               : bw_layout_planes(&operation->out);
}

double bw_rows_pixels(const bw_operation *operation)
{
    return (double)count_planes(operation) * operation->out.height * operation->out.width;
}

/* About the cycles that one pixel of the output takes. */
static int64_t pixel_cycles(const bw_operation *operation)
{
    int64_t window = (int64_t)operation->kernel_height * operation->kernel_width;
    if (operation->family == BW_FAMILY_MAX_POOL && bw_max_pool_doubles(operation))
        return 10;
    /* Bytes take a fraction of a cycle a tap, and strips read rows of their neighbours again. */
    if (operation->family == BW_FAMILY_DEPTHWISE && operation->in.format.type == BW_U8)
        window /= 4;
    return window > 2 ? window : 2;
}

int bw_band_rows(const bw_operation *operation)
{
    int64_t height = operation->out.height;
    int64_t row = operation->out.width * pixel_cycles(operation);
    int64_t rows = (UNIT_CYCLES + row - 1) / row;
    /* Pooling by doubling computes some rows of its neighbours again. */
    if (operation->family == BW_FAMILY_MAX_POOL && rows < 2 * (int64_t)operation->kernel_height)
        rows = 2 * (int64_t)operation->kernel_height;
    /* Strips of a convolution pay for their beginning. */
    if (bw_family_is_dense(operation->family) && rows < STRIP_ROWS)
        rows = STRIP_ROWS;
    int64_t bands = (height + rows - 1) / rows;
    return (int)((height + bands - 1) / bands);
}

static int count_bands(const bw_operation *operation)
{
    int rows = bw_band_rows(operation);
    return (operation->out.height + rows - 1) / rows;
}

int bw_rows_units(const bw_operation *operation, int images)
{
    return images * count_planes(operation) * count_bands(operation);
}

void bw_bands_run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                  bw_band_function *function, void *context)
{
    const bw_layout *out = &operation->out;
    int planes = count_planes(operation), bands = count_bands(operation);
    int rows = bw_band_rows(operation);
    for (int unit = first; unit < last; unit++) {
        int index = unit % bands, plane = first_plane(operation) + unit / bands % planes;
        int image = unit / bands / planes, end = (index + 1) * rows;
        size_t elements = (size_t)image * out->image_stride + (size_t)plane * out->plane_stride;
        void *start = (uint8_t *)operands->out + elements * bw_type_size(out->format.type);
        bw_band band = {operation, operands,     image,
                        plane,     index * rows, end < out->height ? end : out->height,
                        start};
        function(&band, context);
        bw_fill_border(out, start, band.first, band.last);
    }
}

void bw_band_by_rows(const bw_band *band, bw_row_function *function)
{
    bw_row row = {band->operation, band->operands, band->image, band->plane, band->first, NULL};
    for (; row.y < band->last; row.y++) {
        const bw_layout *out = &band->operation->out;
        size_t bytes = out->row_stride * bw_type_size(out->format.type);
        row.out = (uint8_t *)band->out + (size_t)row.y * bytes;
        function(&row);
    }
}

typedef struct by_rows {
    bw_row_function *function;
} by_rows;

static void run_rows(const bw_band *band, void *context)
{
    const by_rows *rows = context;
    bw_band_by_rows(band, rows->function);
}

void bw_rows_run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                 bw_row_function *function)
{
    by_rows context = {function};
    bw_bands_run(operation, operands, first, last, run_rows, &context);
}
