/** Fuzz target of side files: what is taken must be within the bounds that the header tells. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/side.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool in_bounds(const bw_side *side)
{
    bool good = side->stride_count <= BW_SIDE_SCALES && side->anchor_count <= BW_SIDE_ANCHORS &&
                side->bins <= BW_MAX_BINS && isfinite(side->origin) && side->padding >= 0.0f &&
                side->padding <= 255.0f;
    for (size_t index = 0; index < 2 * side->anchor_count; index++)
        good = good && side->anchors[index] > 0.0f;
    for (size_t index = 0; index < side->name_count; index++)
        good = good && strlen(side->names[index]) > 0;
    for (int channel = 0; channel < 3; channel++)
        good = good && isfinite(side->mean[channel]) &&
               (!side->has_scale || side->deviation[channel] > 0.0f);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bw_side side;
    bw_error error = {0};
    bw_status status = bw_side_parse(&side, "fuzz.boxwright", (const char *)data, size, &error);
    if (status != BW_OK) {
        if (!error.message[0] || error.status != status)
            abort();
        return 0;
    }
    if (!in_bounds(&side))
        abort();
    bw_side_free(&side);
    return 0;
}
