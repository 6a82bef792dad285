/**
 * A general operator (kernels/plain) as a step: dense tensors, an image a unit.
 */
#include <stdatomic.h>

#include "kernels/kernels.h"
#include "kernels/plain/use.h"

enum { CYCLES_A_STEP = 4 };

static bool accepts(const bw_operation *operation)
{
    return operation->plain != NULL;
}

static double cost(const bw_operation *operation)
{
    return CYCLES_A_STEP * bw_plain_use_work(operation->plain);
}

static size_t packed_bytes(const bw_operation *operation)
{
    return bw_plain_use_constants(operation->plain);
}

static void pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    (void)filters;
    bw_plain_use_pack(operation->plain, packed);
}

static size_t scratch_bytes(const bw_operation *operation)
{
    return bw_plain_use_scratch(operation->plain);
}

static int units(const bw_operation *operation, int images)
{
    (void)operation;
    return images;
}

/* Numbers that cannot be computed with leave zeros, and the failure is told to who asked. */
static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    const bw_plain_use *use = operation->plain;
    size_t in_bytes = operation->in.image_stride * sizeof(float);
    size_t out_bytes = operation->out.image_stride * sizeof(float);
    for (int image = first; image < last; image++) {
        uint8_t *out = (uint8_t *)operands->out + (size_t)image * out_bytes;
        bw_status status =
            bw_plain_use_run(use, (const uint8_t *)operands->in + (size_t)image * in_bytes,
                             operands->weights, out, scratch, NULL);
        if (status == BW_OK)
            continue;
        memset(out, 0, bw_plain_bytes(&use->outputs[use->kept]));
        if (operands->failure)
            atomic_store(operands->failure, (int)status);
    }
}

const bw_kernel bw_kernel_plain_ref = {
    .name = "plain_ref",
    .family = BW_FAMILY_PLAIN,
    .in = BW_F32,
    .out = BW_F32,
    .accepts = accepts,
    .cost = cost,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .units = units,
    .run = run,
};
