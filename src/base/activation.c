#include "base/activation.h"

#include <math.h>
#include <stddef.h>

static const char *const names[BW_ACTIVATION_COUNT] = {
    [BW_LINEAR] = "linear",         [BW_RELU] = "relu",
    [BW_LEAKY] = "leaky",           [BW_LOGISTIC] = "logistic",
    [BW_SWISH] = "swish",           [BW_MISH] = "mish",
    [BW_CLIPPED] = "relu6",         [BW_HARD_LOGISTIC] = "hard_sigmoid",
    [BW_HARD_SWISH] = "hard_swish",
};

const char *bw_activation_name(bw_activation activation)
{
    return (unsigned)activation < BW_ACTIVATION_COUNT ? names[activation] : "unknown";
}

float bw_activation_slope(bw_activation activation)
{
    switch (activation) {
    case BW_LEAKY: return 0.1f;
    case BW_CLIPPED: return 6.0f;
    case BW_HARD_LOGISTIC:
    case BW_HARD_SWISH: return 1.0f / 6.0f;
    default: return 0.0f;
    }
}

static float clip(float x, float most)
{
    float positive = x > 0.0f ? x : 0.0f;
    return positive < most ? positive : most;
}

static float logistic(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

/* tanh(ln(1 + e^x)) = n / (n + 2) with n = e^x (e^x + 2), which stays exact for negative x. */
static float mish(float x)
{
    if (x > 20.0f)
        return x;
    float e = expf(x), n = e * (e + 2.0f);
    return x * (n / (n + 2.0f));
}

float bw_activate(bw_activation activation, float slope, float x)
{
    switch (activation) {
    case BW_RELU: return x > 0.0f ? x : 0.0f;
    case BW_LEAKY: return x < 0.0f ? slope * x : x;
    case BW_LOGISTIC: return logistic(x);
    case BW_SWISH: return x * logistic(x);
    case BW_MISH: return mish(x);
    case BW_CLIPPED: return clip(x, slope);
    case BW_HARD_LOGISTIC: return clip(fmaf(slope, x, 0.5f), 1.0f);
    case BW_HARD_SWISH: return x * clip(fmaf(slope, x, 0.5f), 1.0f);
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: break;
    }
    return x;
}
