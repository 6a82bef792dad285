#include "kernels/x86/epilogue.h"

#include "kernels/quantize.h"

bw_epilogue bw_epilogue_of(const bw_operation *operation)
{
    return (bw_epilogue){
        .activation = operation->activation,
        .slope = operation->slope,
        .second_factor = bw_addend(operation, operation->second.format),
        .finish = bw_finish(operation),
        .second_zero = operation->second.format.zero_point,
        .out_zero = operation->out.format.zero_point,
        .bytes = operation->out.format.type == BW_U8,
        .second_pixel = (size_t)operation->second.lanes,
        .out_pixel = (size_t)operation->out.lanes,
    };
}

void bw_parameters_pack(const bw_operation *operation, const bw_filters *filters, int first,
                        int channels, void *packed)
{
    float *multipliers = packed, *offsets = multipliers + channels;
    int32_t *starts = (int32_t *)(void *)(offsets + channels);
    int left = operation->out.channels - first;
    for (int index = 0; index < channels && index < left; index++) {
        multipliers[index] = bw_multiplier(operation, filters, first + index);
        offsets[index] = bw_offset(operation, filters, first + index);
        starts[index] = bw_start(operation, filters, first + index);
    }
}
