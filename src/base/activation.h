/**
 * The activation functions that graphs name and kernels compute.
 */
#ifndef BW_BASE_ACTIVATION_H
#define BW_BASE_ACTIVATION_H

#include <stdbool.h>

typedef enum bw_activation {
    BW_LINEAR,
    BW_RELU,
    BW_LEAKY,         /* x < 0 ? slope × x : x */
    BW_LOGISTIC,      /* 1 / (1 + e^−x) */
    BW_SWISH,         /* x × logistic(x), also called SiLU */
    BW_MISH,          /* x × tanh(ln(1 + e^x)) (Misra 2019) */
    BW_CLIPPED,       /* between 0 and `slope`: ReLU6 where that is 6 */
    BW_HARD_LOGISTIC, /* slope × x + 0.5 between 0 and 1 */
    BW_HARD_SWISH,    /* x × that (Howard et al. 2019) */
    BW_ACTIVATION_COUNT
} bw_activation;

const char *bw_activation_name(bw_activation activation);

/** The slope that an activation usually has: 0.1, 6 or 1/6; 0 for those without. */
float bw_activation_slope(bw_activation activation);

/** Whether it keeps proportions: f(s x) = s f(x) for every s > 0. */
static inline bool bw_activation_is_proportional(bw_activation activation)
{
    return activation == BW_LINEAR || activation == BW_RELU || activation == BW_LEAKY;
}

/** The definition: what every kernel's activation is compared with. */
float bw_activate(bw_activation activation, float slope, float x);

#endif
