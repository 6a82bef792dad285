#include "kernels/kernels.h"

#include <string.h>

#define BW_KERNEL(name) extern const bw_kernel bw_kernel_##name;
#include "kernels/kernels.def"
#undef BW_KERNEL

static const bw_kernel *const kernels[] = {
#define BW_KERNEL(name) &bw_kernel_##name,
#include "kernels/kernels.def"
#undef BW_KERNEL
};

enum { KERNEL_COUNT = sizeof kernels / sizeof *kernels };

const bw_kernel *bw_kernel_at(int index)
{
    return index >= 0 && index < KERNEL_COUNT ? kernels[index] : NULL;
}

const bw_kernel *bw_kernel_find(const char *name)
{
    for (int index = 0; index < KERNEL_COUNT; index++) {
        if (strcmp(kernels[index]->name, name) == 0)
            return kernels[index];
    }
    return NULL;
}

bool bw_kernel_accepts(const bw_kernel *kernel, const bw_operation *operation)
{
    return kernel->family == operation->family && kernel->in == operation->in.format.type &&
           kernel->out == operation->out.format.type &&
           (!operation->has_second || kernel->in == operation->second.format.type) &&
           (!kernel->rounds || operation->may_round) && kernel->accepts(operation);
}

const bw_kernel *bw_kernel_choose(const bw_operation *operation, uint32_t cpu)
{
    const bw_kernel *best = NULL;
    double best_cost = 0.0;
    for (int index = 0; index < KERNEL_COUNT; index++) {
        const bw_kernel *kernel = kernels[index];
        if ((kernel->needs & ~cpu) != 0 || !bw_kernel_accepts(kernel, operation))
            continue;
        double cost = kernel->cost(operation);
        if (!best || cost < best_cost) {
            best = kernel;
            best_cost = cost;
        }
    }
    return best;
}

/*
 * Cycles to read or write a tensor, where it is too large to stay in the caches. Its own planes
 * count: in a plan, its images lie as far apart as those of all tensors together.
 */
static double tensor_cycles(const bw_layout *layout, double bytes_a_cycle)
{
    const double cached = 1 << 20; /* about what the second cache holds */
    double bytes = (double)bw_layout_own_bytes(layout);
    return bytes > cached ? bytes / bytes_a_cycle : 0.0;
}

double bw_kernel_time(const bw_kernel *kernel, const bw_operation *operation)
{
    const double read = 8.0, written = 4.0; /* lines that are written are read before */
    double time = kernel->cost(operation) + tensor_cycles(&operation->in, read) +
                  tensor_cycles(&operation->out, written);
    return operation->has_second ? time + tensor_cycles(&operation->second, read) : time;
}
