/**
 * Space to depth as darknet's [reorg] without `reverse` does it (YOLOv2's passthrough), in plain C.
 *
 * Darknet runs its inverse index map over the input's own shape, c × h × w, and then calls the
 * result c s² × h/s × w/s. So with d = c / s², the f-th number of the output, in the order channel,
 * row, column, where f = (k h + j) w + i, is the number of the input's memory at
 *
 *     ((k mod d) h s + j s + k / d / s) w s + i s + k / d mod s
 *
 * which is the plain space to depth of a tensor d × h s × w s laid over the same memory.
 */
#include "kernels/ref/ref.h"

static bool accepts(const bw_operation *operation)
{
    return operation->stride >= 1 && bw_format_equal(operation->in.format, operation->out.format) &&
           operation->in.channels % (operation->stride * operation->stride) == 0 &&
           operation->in.height == operation->out.height * operation->stride &&
           operation->in.width == operation->out.width * operation->stride &&
           operation->out.channels ==
               operation->in.channels * operation->stride * operation->stride;
}

static double cost(const bw_operation *operation)
{
    return 20.0 * bw_ref_outputs(operation);
}

/* The place in the input's memory, counted without planes or borders, of the output's number. */
static size_t source_of(const bw_operation *operation, size_t number)
{
    size_t width = (size_t)operation->in.width, height = (size_t)operation->in.height;
    size_t stride = (size_t)operation->stride;
    size_t depth = (size_t)operation->in.channels / (stride * stride);
    size_t i = number % width, j = number / width % height, k = number / (width * height);
    size_t offset = k / depth;
    size_t row = j * stride + offset / stride, column = i * stride + offset % stride;
    return (k % depth * height * stride + row) * width * stride + column;
}

static void run_element(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel, int y, int x)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    size_t width = (size_t)in->width, height = (size_t)in->height;
    size_t line = (size_t)channel * (size_t)out->height + (size_t)y;
    size_t source = source_of(operation, line * (size_t)out->width + (size_t)x);
    size_t from = bw_ref_at(in, (int)(source / (width * height)), (int)(source / width % height),
                            (int)(source % width));
    bw_ref_move(operation, operands, image, bw_ref_at(out, channel, y, x), from);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_element);
}

#define REORG(words, type)                                                                         \
    const bw_kernel bw_kernel_reorg_##words##_ref = {                                              \
        .name = "reorg_" #words "_ref",                                                            \
        .family = BW_FAMILY_REORG,                                                                 \
        .in = type,                                                                                \
        .out = type,                                                                               \
        .accepts = accepts,                                                                        \
        .cost = cost,                                                                              \
        .units = bw_ref_plane_units,                                                               \
        .run = run,                                                                                \
    }

REORG(f32, BW_F32);
REORG(bf16, BW_BF16);
REORG(u8, BW_U8);
