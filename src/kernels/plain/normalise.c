/**
 * LayerNormalization: the numbers of the last dimensions with the mean 0 and the deviation 1.
 */
#include "kernels/plain/operator.h"

enum { OUTPUTS = 3 }; /* the numbers, the means, 1 / the deviations */

bw_status bw_plain_layer_norm_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                    bw_error *error)
{
    (void)self;
    uint32_t types = BW_PLAIN_TYPE(F32) | BW_PLAIN_HALVES;
    const bw_plain_tensor *in = call->inputs[0];
    int axis = 0;
    bw_status status = bw_plain_need_type(in, types, error);
    if (status == BW_OK)
        status = bw_plain_axis(&axis, bw_plain_int(call, "axis", -1), in->rank, error);
    for (size_t index = 1; status == BW_OK && index < call->input_count; index++) {
        const bw_plain_tensor *list = bw_plain_input(call, index);
        if (!list)
            continue;
        status = bw_plain_need_type(list, types, error);
        if (status == BW_OK && bw_plain_count(list) != bw_plain_span(in, axis, in->rank))
            status =
                bw_fail(error, BW_ERROR_UNSUPPORTED,
                        "input %zu is not one number for each that is normalised together", index);
    }
    for (size_t index = 0; status == BW_OK && index < OUTPUTS; index++) {
        bw_plain_tensor *out = bw_plain_output(call, index);
        if (!out)
            continue;
        bw_plain_like(out, in);
        out->type = index ? BW_ELEMENT_F32 : in->type;
        for (int dim = axis; index && dim < in->rank; dim++)
            out->dims[dim] = 1;
    }
    return status;
}

static double mean_of(const float *from, size_t count)
{
    double sum = 0.0;
    for (size_t index = 0; index < count; index++)
        sum += (double)from[index];
    return sum / (double)count;
}

/* 1 / the deviation, of which ε keeps the square above 0. */
static double inverse_deviation(const float *from, size_t count, double mean, double epsilon)
{
    double sum = 0.0;
    for (size_t index = 0; index < count; index++)
        sum += ((double)from[index] - mean) * ((double)from[index] - mean);
    return 1.0 / sqrt(sum / (double)count + epsilon);
}

bw_status bw_plain_layer_norm_run(const bw_plain_operator *self, const bw_plain_call *call,
                                  bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *shifts = bw_plain_input(call, 2);
    const bw_plain_tensor *means = bw_plain_output(call, 1), *others = bw_plain_output(call, 2);
    int axis = 0;
    bw_status status = bw_plain_axis(&axis, bw_plain_int(call, "axis", -1), in->rank, error);
    if (status != BW_OK || bw_plain_count(in) == 0)
        return status;
    size_t rows = bw_plain_span(in, 0, axis), count = bw_plain_span(in, axis, in->rank);
    double epsilon = (double)bw_plain_float(call, "epsilon", 1e-5f);
    const float *from = in->data, *scale = call->inputs[1]->data;
    float *to = call->outputs[0]->block;
    for (size_t row = 0; row < rows; row++, from += count, to += count) {
        double mean = mean_of(from, count), inverse = inverse_deviation(from, count, mean, epsilon);
        for (size_t index = 0; index < count; index++) {
            float shift = shifts ? ((const float *)shifts->data)[index] : 0.0f;
            to[index] = (float)(((double)from[index] - mean) * inverse) * scale[index] + shift;
        }
        if (means)
            ((float *)means->block)[row] = (float)mean;
        if (others)
            ((float *)others->block)[row] = (float)inverse;
    }
    return BW_OK;
}
