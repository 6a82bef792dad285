#include "shapes.h"

#define CONV(name, in, size, out, to, window, stride)                                              \
    {                                                                                              \
        name, BW_FAMILY_CONV, in, size, out, to, window, stride, BW_LEAKY, false                   \
    }
#define RESIDUAL(name, in, size, out, window)                                                      \
    {                                                                                              \
        name, BW_FAMILY_CONV, in, size, out, size, window, 1, BW_LEAKY, true                       \
    }
#define HEAD(name, in, size, out)                                                                  \
    {                                                                                              \
        name, BW_FAMILY_CONV, in, size, out, size, 1, 1, BW_LINEAR, false                          \
    }
#define DEPTHWISE(name, channels, size, to, window, stride)                                        \
    {                                                                                              \
        name, BW_FAMILY_DEPTHWISE, channels, size, channels, to, window, stride, BW_LEAKY, false   \
    }
#define POOL(name, channels, size, to, window, stride)                                             \
    {                                                                                              \
        name, BW_FAMILY_MAX_POOL, channels, size, channels, to, window, stride, BW_LINEAR, false   \
    }
#define CONV_POOL(name, in, size, out)                                                             \
    {                                                                                              \
        name, BW_FAMILY_CONV_POOL, in, size, out, (size) / 2, 3, 1, BW_LEAKY, false                \
    }
#define OTHER(name, family, channels, size, to)                                                    \
    {                                                                                              \
        name, family, channels, size, channels, to, 0, (to) / (size), BW_LINEAR, false             \
    }

static const bw_shape shapes[] = {
    CONV("yolov3/first", 3, 416, 32, 416, 3, 1),
    RESIDUAL("yolov3/3x3-208", 32, 208, 64, 3),
    RESIDUAL("yolov3/3x3-104", 64, 104, 128, 3),
    RESIDUAL("yolov3/3x3-52", 128, 52, 256, 3),
    RESIDUAL("yolov3/3x3-26", 256, 26, 512, 3),
    RESIDUAL("yolov3/3x3-13", 512, 13, 1024, 3),
    CONV("yolov3/down-208", 32, 416, 64, 208, 3, 2),
    CONV("yolov3/down-104", 64, 208, 128, 104, 3, 2),
    CONV("yolov3/down-52", 128, 104, 256, 52, 3, 2),
    CONV("yolov3/down-26", 256, 52, 512, 26, 3, 2),
    CONV("yolov3/down-13", 512, 26, 1024, 13, 3, 2),
    CONV("yolov3/1x1-208", 64, 208, 32, 208, 1, 1),
    CONV("yolov3/1x1-104", 128, 104, 64, 104, 1, 1),
    CONV("yolov3/1x1-52", 256, 52, 128, 52, 1, 1),
    CONV("yolov3/1x1-26", 512, 26, 256, 26, 1, 1),
    CONV("yolov3/1x1-13", 1024, 13, 512, 13, 1, 1),
    HEAD("yolov3/head-13", 1024, 13, 255),
    HEAD("yolov3/head-52", 256, 52, 255),
    CONV("tiny/3x3-208", 16, 208, 32, 208, 3, 1),
    CONV("tiny/3x3-104", 32, 104, 64, 104, 3, 1),
    CONV("tiny/3x3-52", 64, 52, 128, 52, 3, 1),
    CONV("tiny/3x3-26", 384, 26, 256, 26, 3, 1),
    CONV("tiny/3x3-13", 256, 13, 512, 13, 3, 1),
    CONV("fastest/first", 3, 320, 8, 160, 3, 2),
    CONV("fastest/1x1-160-8-8", 8, 160, 8, 160, 1, 1),
    CONV("fastest/1x1-160-4-24", 4, 160, 24, 160, 1, 1),
    CONV("fastest/1x1-80-24-8", 24, 80, 8, 80, 1, 1),
    CONV("fastest/1x1-80-8-32", 8, 80, 32, 80, 1, 1),
    RESIDUAL("fastest/1x1-40-48-8", 48, 40, 8, 1),
    CONV("fastest/1x1-20-16-96", 16, 20, 96, 20, 1, 1),
    RESIDUAL("fastest/1x1-20-136-24", 136, 20, 24, 1),
    CONV("fastest/1x1-10-48-224", 48, 10, 224, 10, 1, 1),
    RESIDUAL("fastest/1x1-10-224-48", 224, 10, 48, 1),
    HEAD("fastest/head-20", 96, 20, 255),
    DEPTHWISE("fastest/dw3-160", 8, 160, 160, 3, 1),
    DEPTHWISE("fastest/dw3-160-80", 24, 160, 80, 3, 2),
    DEPTHWISE("fastest/dw3-40", 48, 40, 40, 3, 1),
    DEPTHWISE("fastest/dw3-20", 96, 20, 20, 3, 1),
    DEPTHWISE("fastest/dw5-20", 96, 20, 20, 5, 1),
    DEPTHWISE("fastest/dw5-10", 224, 10, 10, 5, 1),
    POOL("tiny/pool-208", 32, 208, 104, 2, 2),
    CONV_POOL("tiny/first-pool-416", 3, 416, 16),
    CONV_POOL("tiny/3x3-pool-208", 16, 208, 32),
    CONV_POOL("tiny/3x3-pool-104", 32, 104, 64),
    CONV_POOL("tiny/3x3-pool-52", 64, 52, 128),
    CONV_POOL("tiny/3x3-pool-26", 128, 26, 256),
    POOL("spp/pool5-13", 512, 13, 13, 5, 1),
    POOL("spp/pool13-13", 512, 13, 13, 13, 1),
    OTHER("yolov3/upsample-26", BW_FAMILY_UPSAMPLE, 256, 13, 26),
    OTHER("add-52", BW_FAMILY_ADD, 128, 52, 52),
    OTHER("copy-52", BW_FAMILY_COPY, 128, 52, 52),
    OTHER("mish-208", BW_FAMILY_ACTIVATION, 64, 208, 208),
};

const bw_shape *bw_shape_at(int index)
{
    return index >= 0 && index < (int)(sizeof shapes / sizeof *shapes) ? &shapes[index] : NULL;
}

/* Scales that leave the sums of the benchmark's numbers about the middle of the bytes. */
static void set_formats(bw_operation *operation, bw_type type)
{
    operation->in.format.type = operation->out.format.type = type;
    if (type == BW_U8) {
        operation->in.format = (bw_format){type, 1.0f / 64.0f, 128};
        operation->out.format = operation->in.format;
    }
}

bw_operation bw_shape_operation(const bw_shape *shape, bw_type type)
{
    int pad = shape->window / 2, lanes = shape->channels < BW_LANES / 4 ? BW_IMAGE_LANES : BW_LANES;
    bool term = shape->second || shape->family == BW_FAMILY_ADD;
    bw_operation operation = {
        .family = shape->family,
        .in = bw_layout_make(shape->size, shape->size, shape->channels, lanes, pad),
        .out = bw_layout_make(shape->out_size, shape->out_size, shape->out_channels, BW_LANES, 1),
        .kernel_height = shape->window,
        .kernel_width = shape->window,
        .stride = shape->stride,
        .pad_top = shape->window == 2 ? 0 : pad,
        .pad_left = shape->window == 2 ? 0 : pad,
        .groups = shape->family == BW_FAMILY_DEPTHWISE ? shape->channels : 1,
        .activation = shape->family == BW_FAMILY_ACTIVATION ? BW_MISH : shape->activation,
        .slope = 0.1f,
        .has_second = term,
    };
    set_formats(&operation, type);
    if (term)
        operation.second = operation.out;
    return operation;
}
