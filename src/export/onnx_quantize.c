/**
 * Learned numbers, and numbers as bytes: QuantizeLinear and DequantizeLinear around what is
 * computed in bytes (QDQ), which runtimes turn into integer arithmetic.
 *
 * Symmetric bytes are signed and have no zero point, as TensorRT wants them: 128 stands for zero in
 * the graph, and the range of what has another zero point, the picture, is widened.
 */
#include <math.h>

#include "export/onnx.h"

static const char *add_zero_point(bw_onnx *onnx, const char *name, bw_format format)
{
    bool symmetric = onnx->what->options->symmetric;
    uint8_t *zero = bw_onnx_memory(onnx, 1, sizeof *zero);
    if (zero)
        *zero = symmetric ? 0 : (uint8_t)format.zero_point;
    return bw_onnx_add(onnx, &(bw_onnx_constant){bw_onnx_name(onnx, name, "zero_point"),
                                                 symmetric ? BW_ONNX_INT8 : BW_ONNX_UINT8,
                                                 {0},
                                                 0,
                                                 zero});
}

static float scale_of(const bw_onnx *onnx, bw_format format)
{
    float low = (float)format.zero_point - 1.0f, high = (float)(255 - format.zero_point);
    return onnx->what->options->symmetric ? format.scale * fmaxf(low, high) / 127.0f : format.scale;
}

const char *bw_onnx_quantize(bw_onnx *onnx, const char *name, const char *in, bw_format format)
{
    const char *inputs[] = {
        in, bw_onnx_scalar(onnx, bw_onnx_name(onnx, name, "scale"), scale_of(onnx, format)),
        add_zero_point(onnx, name, format)};
    bw_onnx_begin(onnx, "QuantizeLinear", inputs, 3);
    inputs[0] = bw_onnx_end(onnx, bw_onnx_name(onnx, name, "bytes"));
    bw_onnx_begin(onnx, "DequantizeLinear", inputs, 3);
    return bw_onnx_end(onnx, bw_onnx_name(onnx, name, "floats"));
}

static const char *dequantize(bw_onnx *onnx, const bw_onnx_constant *integers, const float *scales)
{
    int64_t channels = integers->sizes[0];
    const char *name = integers->name;
    const char *inputs[] = {
        bw_onnx_add(onnx, integers),
        bw_onnx_add(onnx,
                    &(bw_onnx_constant){
                        bw_onnx_name(onnx, name, "scales"), BW_ONNX_FLOAT, {channels}, 1, scales}),
        bw_onnx_add(onnx,
                    &(bw_onnx_constant){bw_onnx_name(onnx, name, "zero_points"),
                                        integers->type,
                                        {channels},
                                        1,
                                        bw_onnx_memory(onnx, (size_t)channels, sizeof(int32_t))})};
    bw_onnx_begin(onnx, "DequantizeLinear", inputs, 3);
    bw_onnx_integer(onnx, "axis", 0);
    return bw_onnx_end(onnx, bw_onnx_name(onnx, name, "floats"));
}

/* The bias in units of the sums' scale, as runtimes of integers want it; "" where it does not fit.
 */
static const char *integer_bias(bw_onnx *onnx, const bw_node *node, const char *name)
{
    size_t channels = node->bias.count;
    float scale = onnx->what->graph->tensors[node->inputs[0]].format.scale;
    int32_t *integers = bw_onnx_memory(onnx, channels, sizeof *integers);
    float *scales = bw_onnx_memory(onnx, channels, sizeof *scales);
    if (!integers || !scales || onnx->what->options->symmetric)
        return "";
    for (size_t channel = 0; channel < channels; channel++) {
        scales[channel] = scale * node->scales[channel];
        double steps = nearbyint((double)node->bias.data[channel] / (double)scales[channel]);
        if (!(fabs(steps) < 0x1p30))
            return "";
        integers[channel] = (int32_t)steps;
    }
    bw_onnx_constant constant = {name, BW_ONNX_INT32, {(int64_t)channels}, 1, integers};
    return dequantize(onnx, &constant, scales);
}

void bw_onnx_filters(bw_onnx *onnx, const bw_node *node, const char *name, const char **weights,
                     const char **bias)
{
    const bw_attributes *a = &node->attributes;
    const bw_graph *graph = onnx->what->graph;
    int64_t inputs = graph->tensors[node->inputs[0]].shape.channels / a->groups;
    bw_onnx_constant constant = {bw_onnx_name(onnx, name, "weights"),
                                 node->integers ? BW_ONNX_INT8 : BW_ONNX_FLOAT,
                                 {a->channels, inputs, a->kernel_height, a->kernel_width},
                                 4,
                                 node->integers ? (const void *)node->integers
                                                : (const void *)node->weights.data};
    *weights =
        node->integers ? dequantize(onnx, &constant, node->scales) : bw_onnx_add(onnx, &constant);
    *bias = "";
    if (!node->bias.data)
        return;
    const char *own = bw_onnx_name(onnx, name, "bias");
    if (node->integers)
        *bias = integer_bias(onnx, node, own);
    if (!**bias)
        *bias = bw_onnx_add(
            onnx, &(bw_onnx_constant){
                      own, BW_ONNX_FLOAT, {(int64_t)node->bias.count}, 1, node->bias.data});
}
