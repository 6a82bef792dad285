/**
 * From a network's results to its heads.
 */
#include <stdio.h>
#include <string.h>

#include "import/onnx/lower.h"

static bw_onnx_recogniser *const recognisers[] = {bw_onnx_recognise_own, bw_onnx_recognise_yolox};

/* "1 × 85 × 52 × 52, 1 × 85 × 26 × 26": the first few results. */
static void describe_results(const bw_onnx_lowering *lowering, char *text, size_t size)
{
    size_t length = 0;
    *text = '\0';
    for (size_t index = 0; index < lowering->result_count && length + 1 < size; index++) {
        bw_shape shape = bw_onnx_shape(lowering, lowering->results[index]);
        int written = snprintf(text + length, size - length, "%s1 × %d × %d × %d",
                               index ? ", " : "", shape.channels, shape.height, shape.width);
        length += written > 0 ? (size_t)written : 0;
        if (index == 5 && index + 1 < lowering->result_count && length + 1 < size) {
            snprintf(text + length, size - length, ", …");
            return;
        }
    }
}

bw_status bw_onnx_recognise_heads(bw_onnx_lowering *lowering)
{
    char results[300];
    bw_status status = BW_OK;
    for (size_t index = 0; index < sizeof recognisers / sizeof *recognisers; index++) {
        if (recognisers[index](lowering, &status))
            return status;
    }
    describe_results(lowering, results, sizeof results);
    const char *reason =
        lowering->reason.status == BW_OK ? "all nodes were read" : lowering->reason.message;
    return bw_fail(
        lowering->error, BW_ERROR_UNSUPPORTED,
        "its results are no detection head that is known here (YOLOX, or what `boxwright "
        "convert` writes); the network gives %s; %s",
        results[0] ? results : "nothing", reason);
}
