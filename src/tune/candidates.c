#include "tune/candidates.h"

#include <stdio.h>

#include "base/error.h"

static const double worst_ratio = 4.0; /* of estimated costs */

int bw_candidates_list(const bw_kernel *candidates[BW_MOST_CANDIDATES],
                       const bw_operation *operation, uint32_t cpu)
{
    int count = 0;
    const bw_kernel *first = bw_kernel_choose(operation, cpu), *kernel;
    if (!first)
        return 0;
    candidates[count++] = first;
    double limit = worst_ratio * first->cost(operation);
    for (int index = 0; (kernel = bw_kernel_at(index)) && count < BW_MOST_CANDIDATES; index++) {
        if (kernel != first && (kernel->needs & ~cpu) == 0 &&
            bw_kernel_accepts(kernel, operation) && kernel->cost(operation) <= limit)
            candidates[count++] = kernel;
    }
    return count;
}

/* As "52x52x256 fp32/16+1": height, width, channels, type, lanes, border. */
static void describe_layout(char text[48], const bw_layout *layout)
{
    snprintf(text, 48, "%dx%dx%d %s/%d+%d", layout->height, layout->width, layout->channels,
             bw_type_name(layout->format.type), layout->lanes, layout->border);
}

void bw_candidates_describe(char text[BW_OPERATION_TEXT], const bw_operation *operation)
{
    static const char *const families[BW_FAMILY_COUNT] = {
        "conv", "depthwise", "max-pool", "average-pool", "add",  "activation",
        "copy", "upsample",  "reorg",    "convert",      "plain"};
    char in[48], out[48], second[48] = "none";
    describe_layout(in, &operation->in);
    describe_layout(out, &operation->out);
    if (operation->has_second)
        describe_layout(second, &operation->second);
    snprintf(text, BW_OPERATION_TEXT,
             "%s %s -> %s second %s kernel %dx%d stride %d pad %d,%d groups %d activation %d "
             "channels %d,%d sum bits %d",
             families[operation->family], in, out, second, operation->kernel_height,
             operation->kernel_width, operation->stride, operation->pad_top, operation->pad_left,
             operation->groups, (int)operation->activation, operation->first_channel,
             operation->out_channel, operation->sum_bits);
}
