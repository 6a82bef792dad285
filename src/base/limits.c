#include "boxwright/boxwright.h"

void bw_limits_init(bw_limits *limits)
{
    *limits = (bw_limits){
        .image_bytes = UINT64_C(256) << 20,
        .image_pixels = 178956970,
        .layers = 10000,
        .tensor_bytes = UINT64_C(4) << 30,
    };
}
