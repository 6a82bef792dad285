/**
 * The max pool of bytes with AVX2. A pixel of a plane is some vectors of 16 bytes.
 *
 * At stride 1 the maxima of all rows of the windows are taken first, for some columns of the
 * picture: a line. Along it, windows are doubled as max_pool.h describes. Beside the picture a line
 * has zeros, which no byte is less than.
 */
#include <immintrin.h>
#include <string.h>

#include "kernels/x86/max_pool.h"

enum {
    LINE_PIXELS = 64,
    MOST_LANES = 4 * BW_LANES,
    WIDEST = LINE_PIXELS / 2, /* window that is doubled */
};

static __m128i load(const uint8_t *from)
{
    return _mm_loadu_si128((const __m128i *)(const void *)from);
}

static void store(uint8_t *to, __m128i bytes)
{
    _mm_storeu_si128((__m128i *)(void *)to, bytes);
}

static bool accepts(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    return operation->family == BW_FAMILY_MAX_POOL && in->lanes == out->lanes &&
           in->lanes % BW_LANES == 0 && in->channels == out->channels &&
           bw_format_equal(in->format, out->format);
}

static bool goes_by_lines(const bw_operation *operation)
{
    return operation->stride == 1 && operation->kernel_width <= WIDEST &&
           operation->in.lanes <= MOST_LANES;
}

static double cost(const bw_operation *operation)
{
    double vectors = bw_rows_pixels(operation) * operation->out.lanes / BW_LANES;
    double height = operation->kernel_height, width = operation->kernel_width;
    return vectors * (goes_by_lines(operation) ? 4.0 + height : 2.0 + height * width);
}

static __m128i window_maximum(const uint8_t *window, const bw_layout *in, bw_clip rows,
                              bw_clip columns)
{
    __m128i largest = _mm_setzero_si128();
    for (int y = rows.first; y < rows.last; y++) {
        const uint8_t *at = window + (ptrdiff_t)y * (ptrdiff_t)in->row_stride;
        for (int x = columns.first; x < columns.last; x++)
            largest = _mm_max_epu8(largest, load(at + (ptrdiff_t)x * in->lanes));
    }
    return largest;
}

/* `from` is the row where the windows begin, which may lie above the picture. */
static void run_windows(const bw_row *row, const uint8_t *from, bw_clip rows)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    uint8_t *to = row->out;
    for (int x = 0; x < operation->out.width; x++) {
        int left = x * operation->stride - operation->pad_left;
        bw_clip columns = bw_clip_window(left, operation->kernel_width, in->width);
        const uint8_t *window = from + (ptrdiff_t)left * in->lanes;
        for (int lane = 0; lane < in->lanes; lane += BW_LANES, to += BW_LANES)
            store(to, window_maximum(window + lane, in, rows, columns));
    }
}

/* Of a multiple of 16 bytes; `to` may be `a`, and `b` lie further on in the same line. */
static void take_larger(uint8_t *to, const uint8_t *a, const uint8_t *b, int bytes)
{
    int at = 0;
    for (; at + 32 <= bytes; at += 32) {
        __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(a + at));
        __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(b + at));
        _mm256_storeu_si256((__m256i *)(void *)(to + at), _mm256_max_epu8(first, second));
    }
    if (at < bytes)
        store(to + at, _mm_max_epu8(load(a + at), load(b + at)));
}

/* The maxima of the rows of the windows, of so many columns from `left` on. */
static void fill_line(const bw_layout *in, const uint8_t *from, bw_clip rows, int left, int columns,
                      uint8_t *line)
{
    bw_clip inside = bw_clip_window(left, columns, in->width);
    if (inside.first >= inside.last || rows.first >= rows.last) {
        memset(line, 0, (size_t)columns * (size_t)in->lanes);
        return;
    }
    int bytes = (inside.last - inside.first) * in->lanes;
    uint8_t *to = line + inside.first * in->lanes;
    const uint8_t *first = from + (ptrdiff_t)rows.first * (ptrdiff_t)in->row_stride +
                           (ptrdiff_t)(left + inside.first) * in->lanes;
    memset(line, 0, (size_t)inside.first * (size_t)in->lanes);
    memset(to + bytes, 0, (size_t)(columns - inside.last) * (size_t)in->lanes);
    const uint8_t *second = rows.last - rows.first > 1 ? first + in->row_stride : first;
    take_larger(to, first, second, bytes);
    for (int y = rows.first + 2; y < rows.last; y++) {
        second += in->row_stride;
        take_larger(to, to, second, bytes);
    }
}

static void double_windows(uint8_t *line, int columns, int kernel, int lanes, uint8_t *out)
{
    int span = 1, left = columns;
    for (; 2 * span < kernel; span *= 2) {
        left -= span;
        take_larger(line, line, line + span * lanes, left * lanes);
    }
    take_larger(out, line, line + (kernel - span) * lanes, (columns - kernel + 1) * lanes);
}

static void run_lines(const bw_row *row, const uint8_t *from, bw_clip rows)
{
    const bw_operation *operation = row->operation;
    const int kernel = operation->kernel_width, lanes = operation->in.lanes;
    const int width = operation->out.width, most = LINE_PIXELS - kernel + 1;
    uint8_t line[LINE_PIXELS * MOST_LANES], *out = row->out;
    for (int x = 0; x < width; x += most) {
        int pixels = width - x < most ? width - x : most;
        fill_line(&operation->in, from, rows, x - operation->pad_left, pixels + kernel - 1, line);
        double_windows(line, pixels + kernel - 1, kernel, lanes, out + (ptrdiff_t)x * lanes);
    }
}

static void run_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    int top = row->y * operation->stride - operation->pad_top;
    bw_clip rows = bw_clip_window(top, operation->kernel_height, in->height);
    const uint8_t *from = bw_row_of(in, row->operands->in, row->image, row->plane, top);
    if (goes_by_lines(operation))
        run_lines(row, from, rows);
    else
        run_windows(row, from, rows);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_rows_run(operation, operands, first, last, run_row);
}

const bw_kernel bw_kernel_max_pool_u8_avx2 = {
    .name = "max_pool_u8_avx2",
    .family = BW_FAMILY_MAX_POOL,
    .in = BW_U8,
    .out = BW_U8,
    .needs = BW_CPU_AVX2,
    .accepts = accepts,
    .cost = cost,
    .units = bw_rows_units,
    .run = run,
};
