/**
 * What the reference kernels share: addressing by channel, row and column, and the epilogue.
 */
#ifndef BW_KERNELS_REF_REF_H
#define BW_KERNELS_REF_REF_H

#include "kernels/activate.h"
#include "kernels/border.h"
#include "kernels/quantize.h"

/** Offset of an element of one image. Rows and columns may lie in the border. */
static inline size_t bw_ref_at(const bw_layout *layout, int channel, int y, int x)
{
    ptrdiff_t row = (ptrdiff_t)y * (ptrdiff_t)layout->row_stride;
    ptrdiff_t plane = (ptrdiff_t)(channel / layout->lanes) * (ptrdiff_t)layout->plane_stride;
    return (size_t)(plane + row + (ptrdiff_t)x * layout->lanes + channel % layout->lanes);
}

/** A number of floats or bfloat16. */
static inline float bw_ref_read(bw_type type, const void *numbers, size_t at)
{
    return type == BW_BF16 ? bw_from_bf16(((const uint16_t *)numbers)[at])
                           : ((const float *)numbers)[at];
}

/** Writes a number as a float or, rounded, as bfloat16. */
static inline void bw_ref_write(bw_type type, void *numbers, size_t at, float value)
{
    if (type == BW_BF16)
        ((uint16_t *)numbers)[at] = bw_to_bf16(value);
    else
        ((float *)numbers)[at] = value;
}

/** Writes activation(sum) + residual to one element of the output. */
static inline void bw_ref_finish(const bw_operation *operation, const bw_operands *operands,
                                 int image, int channel, int y, int x, float sum)
{
    const bw_layout *second = &operation->second, *out = &operation->out;
    float value = bw_activate(operation->activation, operation->slope, sum);
    if (operation->has_second)
        value +=
            bw_ref_read(second->format.type, operands->second,
                        (size_t)image * second->image_stride + bw_ref_at(second, channel, y, x));
    bw_ref_write(out->format.type, operands->out,
                 (size_t)image * out->image_stride + bw_ref_at(out, channel, y, x), value);
}

/** Moves one element as it is from an image of the input to one of the output. */
static inline void bw_ref_move(const bw_operation *operation, const bw_operands *operands,
                               int image, size_t to, size_t from)
{
    size_t size = bw_type_size(operation->out.format.type);
    to += (size_t)image * operation->out.image_stride;
    from += (size_t)image * operation->in.image_stride;
    memcpy((uint8_t *)operands->out + to * size, (const uint8_t *)operands->in + from * size, size);
}

/**
 * The end of what kernels/quantize.h defines: from x after its activation to the element of the
 * output, whose units are `finish`.
 */
static inline void bw_ref_store(const bw_operation *operation, const bw_operands *operands,
                                int image, size_t at, float x)
{
    const bw_format format = operation->out.format;
    at += (size_t)image * operation->out.image_stride;
    x *= bw_finish(operation);
    if (format.type == BW_U8)
        ((uint8_t *)operands->out)[at] = bw_to_u8(x, format.zero_point);
    else
        ((float *)operands->out)[at] = x;
}

/** A byte of a tensor less its zero point. */
static inline float bw_ref_steps(const bw_layout *layout, const void *bytes, int image, int channel,
                                 int y, int x)
{
    size_t at = (size_t)image * layout->image_stride + bw_ref_at(layout, channel, y, x);
    return (float)(((const uint8_t *)bytes)[at] - layout->format.zero_point);
}

/**
 * Zeroes what a plane holds beside its real channels: the border, and the lanes past the last
 * channel. The rest is not touched, so that `out` may be the same memory as an operand that is
 * read element by element.
 */
static inline void bw_ref_clear_rest(const bw_layout *layout, void *out, int image, int plane)
{
    size_t size = bw_type_size(layout->format.type), row = layout->row_stride * size;
    size_t pixel = (size_t)layout->lanes * size;
    uint8_t *first =
        (uint8_t *)out +
        ((size_t)image * layout->image_stride + (size_t)plane * layout->plane_stride) * size;
    int real = layout->channels - plane * layout->lanes;
    for (int y = 0; y < layout->height && real < layout->lanes; y++) {
        for (int x = 0; x < layout->width; x++)
            memset(first + (size_t)y * row + (size_t)x * pixel + (size_t)real * size,
                   layout->format.zero_point, (size_t)(layout->lanes - real) * size);
    }
    bw_fill_border(layout, first, 0, layout->height);
}

/** One unit an image and plane of the output, which most reference kernels work by. */
static inline int bw_ref_plane_units(const bw_operation *operation, int images)
{
    return images * bw_layout_planes(&operation->out);
}

/** A function that computes one element of one image of the output. */
typedef void bw_ref_element(const bw_operation *operation, const bw_operands *operands, int image,
                            int channel, int y, int x);

static inline void bw_ref_run_channel(const bw_operation *operation, const bw_operands *operands,
                                      int image, int channel, bw_ref_element *run_element)
{
    for (int y = 0; y < operation->out.height; y++) {
        for (int x = 0; x < operation->out.width; x++)
            run_element(operation, operands, image, channel, y, x);
    }
}

/** Runs units [first, last) of bw_ref_plane_units element by element, channel after channel. */
static inline void bw_ref_run_planes(const bw_operation *operation, const bw_operands *operands,
                                     int first, int last, bw_ref_element *run_element)
{
    const bw_layout *out = &operation->out;
    int planes = bw_layout_planes(out);
    for (int unit = first; unit < last; unit++) {
        int image = unit / planes, plane = unit % planes;
        int end = (plane + 1) * out->lanes;
        for (int channel = plane * out->lanes; channel < end && channel < out->channels; channel++)
            bw_ref_run_channel(operation, operands, image, channel, run_element);
        bw_ref_clear_rest(out, operands->out, image, plane);
    }
}

/** Accepts whatever is of the kernel's family and types, which bw_kernel_accepts has seen to. */
static inline bool bw_ref_accepts_all(const bw_operation *operation)
{
    (void)operation;
    return true;
}

/** The number of elements of one image of the output. */
static inline double bw_ref_outputs(const bw_operation *operation)
{
    return (double)operation->out.channels * operation->out.height * operation->out.width;
}

/** The estimate of what computes little for each element, as bw_kernel's cost. */
static inline double bw_ref_light_cost(const bw_operation *operation)
{
    return 4.0 * bw_ref_outputs(operation);
}

#endif
