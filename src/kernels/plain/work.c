/**
 * How much there is to compute, as a bound for what files may ask for.
 */
#include "kernels/plain/operator.h"

static double elements(const bw_plain_tensor *tensor)
{
    return tensor ? (double)bw_plain_count(tensor) : 0;
}

/* What one output element of a convolution sums. */
static double filter(const bw_plain_call *call, int channel_axis)
{
    double channels = (double)call->inputs[1]->dims[channel_axis];
    return channels > 0 ? elements(call->inputs[1]) / channels : 0;
}

/* What one output element of a pool looks at; no more than its whole picture. */
static double window(const bw_plain_call *call)
{
    const bw_plain_attribute *kernel = bw_plain_attribute_find(call, "kernel_shape", BW_PLAIN_INTS);
    double area = 1;
    for (int axis = 2; axis < 4 && kernel && call->inputs[0]->rank == 4; axis++) {
        double side = (double)call->inputs[0]->dims[axis];
        double wanted = (double)kernel->integers[(size_t)axis - 2];
        area *= wanted < side ? wanted : side;
    }
    return area;
}

/* The length of what a product of matrices sums. */
static double inner(const bw_plain_call *call)
{
    const bw_plain_tensor *left = call->inputs[0];
    bool transposed = bw_plain_int(call, "transA", 0) != 0;
    return left->rank ? (double)left->dims[left->rank - (transposed ? 2 : 1)] : 1;
}

double bw_plain_work(const bw_plain_operator *self, const bw_plain_call *call)
{
    double out = elements(call->outputs[0]), sum = 0, factor = 1;
    for (size_t index = 0; index < call->input_count; index++)
        sum += elements(call->inputs[index]);
    for (size_t index = 0; index < call->output_count; index++)
        sum += elements(call->outputs[index]);
    if (self->run == bw_plain_conv_run)
        factor = filter(call, 0);
    else if (self->run == bw_plain_conv_transpose_run)
        factor = filter(call, 1);
    else if (self->run == bw_plain_pool_run)
        factor = window(call);
    else if (self->run == bw_plain_matmul_run || self->run == bw_plain_gemm_run)
        factor = inner(call);
    else if (self->run == bw_plain_nms_run) /* every box against all that are kept */
        factor = (double)call->inputs[0]->dims[1];
    return sum + out * factor;
}
