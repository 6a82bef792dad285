/**
 * The lists of steps by which bytes and bfloat16 are convolved, dense and grouped, of any window,
 * stride and lanes.
 *
 * A step takes four bytes of one position of the window, of neighbouring input channels: four of
 * bytes, two of bfloat16, one of floats. It multiplies them into the sums of the 16 output channels
 * of a panel. A group of panels has one list: for each step a place, which counts the bytes from
 * the start of a pixel's window to those four, and for each panel BW_STEP_BYTES of weights, [output
 * channel][input channel], in the input's format. Input channels that none of the group's panels
 * reads are left out, and weights are zero between groups of channels and past the last one.
 *
 * Sums of integers are exact in any order: steps of bytes are in that of the filters, channels,
 * rows, columns. The others go by planes of 16 channels, then rows, columns and channels.
 */
#ifndef BW_KERNELS_X86_CONV_LIST_H
#define BW_KERNELS_X86_CONV_LIST_H

#include "kernels/x86/conv_units.h"

enum {
    BW_STEP_INPUT = 4,                        /* bytes of the input that a step takes */
    BW_STEP_BYTES = BW_LANES * BW_STEP_INPUT, /* weights of a step and panel */
};

/** Input channels of a step. */
int bw_list_channels(const bw_operation *operation);

/** The steps of the longest list of all groups of so many panels. */
int bw_list_steps(const bw_operation *operation, int group_panels);

/** The units, where a list has so many steps, and each of one pixel and panel takes so long. */
bw_units bw_list_units(const bw_operation *operation, int group_panels, size_t group_bytes,
                       int steps, double step_cycles);

/** Writes the places of the group of `panels` panels from `panel` on; returns how many. */
int bw_list_places(const bw_operation *operation, int panel, int panels, int32_t *places);

/** Writes that group's weights to memory that is zero: [step][panel][BW_STEP_BYTES]. */
void bw_list_pack(const bw_operation *operation, const bw_filters *filters, int panel, int panels,
                  void *weights);

#endif
