#include "base/number.h"

const char *bw_type_name(bw_type type)
{
    static const char *const names[BW_TYPE_COUNT] = {"fp32", "bf16", "int8"};
    return names[type];
}
