#include "base/activation.h"

#include <math.h>
#include <stddef.h>

static const char *const names[BW_ACTIVATION_COUNT] = {
    [BW_LINEAR] = "linear",     [BW_RELU] = "relu",   [BW_LEAKY] = "leaky",
    [BW_LOGISTIC] = "logistic", [BW_SWISH] = "swish", [BW_MISH] = "mish",
};

const char *bw_activation_name(bw_activation activation)
{
    return (unsigned)activation < BW_ACTIVATION_COUNT ? names[activation] : "unknown";
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
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: break;
    }
    return x;
}
