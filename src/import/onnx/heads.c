/**
 * From a network's results to its heads.
 */
#include "import/onnx/heads.h"

#include <stdio.h>
#include <string.h>

#include "import/warnings.h"

static bw_onnx_recogniser *const recognisers[] = {bw_onnx_recognise_own, bw_onnx_recognise_yolox,
                                                  bw_onnx_recognise_maps};

/* ---- results as maps ------------------------------------------------------------------------ */

/* What the side file says of heads goes before what was guessed. */
static bw_status correct_heads(bw_onnx_lowering *lowering, const bw_onnx_maps *maps,
                               bw_onnx_guess *guess)
{
    const bw_side *side = lowering->side;
    if (side->stride_count && side->stride_count != (size_t)maps->scale_count)
        return bw_fail(lowering->error, BW_ERROR_FORMAT,
                       "%s: it has %zu strides, but the network has results of %d sizes",
                       side->path, side->stride_count, maps->scale_count);
    for (int index = 0; index < maps->scale_count; index++) {
        bw_head *head = &guess->heads[index];
        if (side->stride_count)
            head->stride = side->strides[index];
        if (side->has_origin)
            head->origin = side->origin;
        if (side->scores == BW_SCORES_PROBABILITIES)
            head->form = BW_HEAD_SCALED;
        head->nms = side->has_suppression ? side->suppression : guess->family->head.nms;
    }
    return BW_OK;
}

/* What the file tells itself is not taken from the side file, which is then told. */
static bw_status warn_of_unused(bw_onnx_lowering *lowering)
{
    const bw_side *side = lowering->side;
    const struct {
        const char *key;
        bool said;
    } keys[] = {{"anchors", side->anchor_count > 0},
                {"bins", side->bins > 0},
                {"variances", side->variance_count > 0},
                {"background", side->has_background}};
    bw_warnings warnings = {0};
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < sizeof keys / sizeof *keys; index++) {
        if (keys[index].said)
            status = bw_warnings_add(&warnings, lowering->error,
                                     "%s: '%s' is not used: the network's own file tells it",
                                     side->path, keys[index].key);
    }
    if (status == BW_OK)
        status = bw_warnings_finish(&warnings, &lowering->out->warnings, lowering->error);
    bw_warnings_free(&warnings);
    return status;
}

static bw_status settle(bw_onnx_lowering *lowering, const bw_onnx_maps *maps, bw_onnx_guess *guess)
{
    bw_status status = correct_heads(lowering, maps, guess);
    return status == BW_OK ? bw_onnx_apply(lowering, maps, guess) : status;
}

/* Tries what the tail decodes; true when it was recognised, or failed. */
static bool try_tail(bw_onnx_guess *guess, const bw_onnx_tail *tail, const bw_onnx_family *family,
                     bw_status *status)
{
    bw_onnx_trial trial;
    *status = bw_onnx_open_trial(&trial, tail);
    bool done = *status != BW_OK || bw_onnx_try_all(&trial, guess, family, status);
    bw_onnx_close_trial(&trial);
    return done;
}

bool bw_onnx_recognise_maps(bw_onnx_lowering *lowering, bw_status *status)
{
    const bw_onnx_family *family;
    bw_onnx_guess guess = {0};
    bw_onnx_maps maps;
    bw_onnx_tail tail;
    if (!bw_onnx_sort_results(&maps, lowering))
        return false;
    *status = bw_onnx_side_family(lowering, &family);
    if (*status == BW_OK)
        *status = bw_onnx_find_tail(&tail, lowering, &maps);
    if (*status != BW_OK)
        return true;
    bool found = tail.decodes && try_tail(&guess, &tail, family, status);
    if (!found && tail.decodes && !family)
        return false;
    if (found && *status == BW_OK)
        *status = warn_of_unused(lowering);
    else if (!found)
        *status = bw_onnx_guess_raw(&guess, lowering, &tail);
    if (*status == BW_OK)
        *status = settle(lowering, &maps, &guess);
    return true;
}

/* ---- nothing that is known ------------------------------------------------------------------ */

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
        if (index == 2 && index + 1 < lowering->result_count && length + 1 < size) {
            snprintf(text + length, size - length, ", …");
            return;
        }
    }
}

/* "'output0' of 1 × 84 × 8400": the first few outputs, as far as the file tells their shapes. */
static void describe_outputs(const bw_onnx_lowering *lowering, char *text, size_t size)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    size_t length = 0;
    *text = '\0';
    for (size_t index = 0; index < graph->output_count && index < 3 && length + 1 < size; index++) {
        const bw_onnx_value *value = &graph->outputs[index];
        length += (size_t)snprintf(text + length, size - length, "%s'%.24s'", index ? ", " : "",
                                   value->name);
        for (int axis = 0; axis < value->rank && length + 1 < size; axis++) {
            const char *before = axis ? " × " : " of ";
            length += (size_t)(value->dims[axis] < 0
                                   ? snprintf(text + length, size - length, "%s?", before)
                                   : snprintf(text + length, size - length, "%s%lld", before,
                                              (long long)value->dims[axis]));
        }
    }
}

/* A head can be told only for a network of which more than the input was read. */
static bw_status advise(bw_onnx_lowering *lowering)
{
    char words[160], message[sizeof lowering->error->message];
    for (size_t index = 0; index < lowering->result_count; index++) {
        if (lowering->results[index] == 0)
            return BW_ERROR_UNSUPPORTED;
    }
    bw_onnx_list_families(words, sizeof words);
    snprintf(message, sizeof message, "%s", lowering->error->message);
    return bw_fail(lowering->error, BW_ERROR_UNSUPPORTED,
                   "%.310s; write 'head = WORD' into %.60s if it is of %.120s", message,
                   lowering->side->path, words);
}

bw_status bw_onnx_recognise_heads(bw_onnx_lowering *lowering)
{
    char results[120], outputs[150];
    bw_status status = BW_OK;
    for (size_t index = 0; index < sizeof recognisers / sizeof *recognisers; index++) {
        if (recognisers[index](lowering, &status))
            return status;
    }
    describe_results(lowering, results, sizeof results);
    describe_outputs(lowering, outputs, sizeof outputs);
    const char *reason =
        lowering->reason.status == BW_OK ? "all nodes were read" : lowering->reason.message;
    bw_fail(lowering->error, BW_ERROR_UNSUPPORTED,
            "its outputs %s are no head that is known here; the network gives %s; %.200s",
            outputs[0] ? outputs : "(none)", results[0] ? results : "nothing", reason);
    return advise(lowering);
}
