#include "kernels/x86/conv_u8_packed.h"

#include <string.h>

#include "kernels/x86/bundles.h"

enum { LINE = 64 };

bw_conv_u8_packing bw_conv_u8_packing_of(const bw_conv_u8_method *method,
                                         const bw_operation *operation)
{
    size_t panels = (size_t)method->blocks;
    bw_conv_u8_packing made = {.steps = bw_list_steps(operation, method->blocks)};
    made.segments = bw_divide_up(made.steps, BW_SEGMENT_STEPS);
    made.weights = panels * BW_LANES * BW_PARAMETER_BYTES;
    made.places = made.weights + (size_t)made.steps * panels * BW_STEP_BYTES;
    made.bundles = made.places + (size_t)made.steps * sizeof(int32_t);
    size_t end = made.bundles + (size_t)made.segments * sizeof(bw_bundles);
    made.group_bytes = (end + LINE - 1) / LINE * LINE;
    made.units =
        bw_list_units(operation, method->blocks, made.group_bytes, made.steps, method->step_cycles);
    return made;
}

size_t bw_conv_u8_packed_bytes(const bw_conv_u8_method *method, const bw_operation *operation)
{
    bw_conv_u8_packing packing = bw_conv_u8_packing_of(method, operation);
    return (size_t)packing.units.groups * packing.group_bytes;
}

static void pack_bundles(bool bundled, int count, int32_t *places, int8_t *weights,
                         bw_bundles *bundles)
{
    for (int left = count; left > 0; left -= BW_SEGMENT_STEPS, bundles++) {
        int steps = left < BW_SEGMENT_STEPS ? left : BW_SEGMENT_STEPS;
        *bundles = bundled ? bw_bundles_sort(places, weights, steps) : (bw_bundles){.ones = steps};
        places += steps;
        weights += steps * BW_STEP_BYTES;
    }
}

void bw_conv_u8_pack(const bw_conv_u8_method *method, const bw_operation *operation,
                     const bw_filters *filters, void *packed)
{
    bw_conv_u8_packing packing = bw_conv_u8_packing_of(method, operation);
    uint8_t *to = packed;
    memset(packed, 0, bw_conv_u8_packed_bytes(method, operation));
    for (int group = 0; group < packing.units.groups; group++, to += packing.group_bytes) {
        int panel = group * method->blocks, panels = bw_units_panels(&packing.units, group);
        int32_t *places = (int32_t *)(void *)(to + packing.places);
        int8_t *weights = (int8_t *)(to + packing.weights);
        bw_parameters_pack(operation, filters, panel * BW_LANES, method->blocks * BW_LANES, to);
        bw_list_pack(operation, filters, panel, panels, weights);
        int count = bw_list_places(operation, panel, panels, places);
        pack_bundles(method->bundled, count, places, weights,
                     (bw_bundles *)(void *)(to + packing.bundles));
    }
}

/* Whether four bytes at the place are of the window: what bw_list_places may give. */
static bool place_sound(const bw_operation *operation, int32_t place)
{
    const bw_layout *in = &operation->in;
    if (place < 0)
        return false;
    size_t plane = (size_t)place / in->plane_stride, rest = (size_t)place % in->plane_stride;
    size_t row = rest / in->row_stride, column = rest % in->row_stride / (size_t)in->lanes;
    return plane < (size_t)bw_layout_planes(in) && row < (size_t)operation->kernel_height &&
           column < (size_t)operation->kernel_width && rest % BW_STEP_INPUT == 0;
}

/* The steps that a segment's bundles take, or -1 where they are impossible. */
static int count_bundled(const bw_bundles *bundles)
{
    const int32_t counts[] = {bundles->fours, bundles->twos, bundles->ones, bundles->wides};
    for (int index = 0; index < 4; index++)
        if (counts[index] < 0 || counts[index] > BW_SEGMENT_STEPS)
            return -1;
    return 4 * bundles->fours + 2 * bundles->twos + bundles->ones + bundles->wides;
}

static bool group_sound(const bw_operation *operation, const bw_conv_u8_packing *packing,
                        const uint8_t *group)
{
    const bw_bundles *bundles = bw_conv_u8_bundles(packing, group);
    const int32_t *places = bw_conv_u8_places(packing, group);
    int total = 0;
    for (int segment = 0; segment < packing->segments; segment++) {
        int steps = count_bundled(&bundles[segment]);
        if (steps < 0 || steps > packing->steps - total)
            return false;
        total += steps;
    }
    for (int step = 0; step < total; step++)
        if (!place_sound(operation, places[step]))
            return false;
    return true;
}

bool bw_conv_u8_sound(const bw_conv_u8_method *method, const bw_operation *operation,
                      const void *packed)
{
    bw_conv_u8_packing packing = bw_conv_u8_packing_of(method, operation);
    const uint8_t *start = packed;
    for (int group = 0; group < packing.units.groups; group++, start += packing.group_bytes)
        if (!group_sound(operation, &packing, start))
            return false;
    return true;
}
