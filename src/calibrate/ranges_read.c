#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "calibrate/ranges.h"

/* What is being read; the first failure ends it. */
typedef struct reader {
    const bw_ranges *ranges;
    bw_arena *arena;
    const char *tensor; /* name of the present one, "" outside of them */
    bw_error *error;
} reader;

static bw_status fail(const reader *r, const char *key, const char *what)
{
    if (!*r->tensor)
        return bw_fail(r->error, BW_ERROR_FORMAT, "\"%s\" %s", key, what);
    return bw_fail(r->error, BW_ERROR_FORMAT, "tensor '%.60s': \"%s\" %s", r->tensor, key, what);
}

/* ---- Values --------------------------------------------------------------------------------- */

/* An object has just these keys. */
static bw_status check_keys(const reader *r, json_t *object, const char *what,
                            const char *const *keys, size_t count)
{
    if (!json_is_object(object))
        return fail(r, what, "is not an object");
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        size_t index = 0;
        while (index < count && strcmp(key, keys[index]) != 0)
            index++;
        if (index == count)
            return bw_fail(r->error, BW_ERROR_FORMAT,
                           "%s%.60s%s\"%.40s\" is no key that it can have",
                           *r->tensor ? "tensor '" : "", r->tensor, *r->tensor ? "': " : "", key);
    }
    for (size_t index = 0; index < count; index++) {
        if (!json_object_get(object, keys[index]))
            return fail(r, keys[index], "is missing");
    }
    return BW_OK;
}

static bw_status read_whole(const reader *r, json_t *object, const char *key, uint64_t most,
                            uint64_t *number)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > most)
        return fail(r, key, "is not a whole number that can be");
    *number = (uint64_t)json_integer_value(value);
    return BW_OK;
}

/* No network has larger numbers, and what is computed from these stays finite. */
static const double largest_number = 1e18;

static bool is_float(json_t *value)
{
    return json_is_number(value) && fabs(json_number_value(value)) <= largest_number;
}

static bw_status read_float(const reader *r, json_t *object, const char *key, float *number)
{
    json_t *value = json_object_get(object, key);
    if (!is_float(value))
        return fail(r, key, "is no number, or too large a one");
    *number = (float)json_number_value(value);
    return BW_OK;
}

/* An array of one entry a channel. */
static bw_status find_array(const reader *r, json_t *object, const char *key, size_t count,
                            json_t **array)
{
    *array = json_object_get(object, key);
    if (!json_is_array(*array) || json_array_size(*array) != count)
        return fail(r, key, "is not an array of as many numbers as the tensor has channels");
    return BW_OK;
}

static bw_status read_floats(const reader *r, json_t *object, const char *key, float *numbers,
                             size_t count)
{
    json_t *array;
    bw_status status = find_array(r, object, key, count, &array);
    for (size_t index = 0; status == BW_OK && index < count; index++) {
        json_t *value = json_array_get(array, index);
        if (!is_float(value))
            return fail(r, key, "has an entry that is no number, or too large a one");
        numbers[index] = (float)json_number_value(value);
    }
    return status;
}

static bw_status read_base64(const reader *r, json_t *object, const char *key, float *numbers,
                             size_t count)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_string(value) ||
        !bw_base64_decode((uint8_t *)numbers, count * sizeof *numbers, json_string_value(value),
                          json_string_length(value)))
        return fail(r, key, "is not base 64 of as many floats as the layer's windows have");
    for (size_t index = 0; index < count; index++) {
        if (!isfinite(numbers[index]))
            return fail(r, key, "holds a number that is not finite");
    }
    return BW_OK;
}

/* ---- Tensors -------------------------------------------------------------------------------- */

/* Spreads a count over bins, none of which can hold all of them. */
static void put_count(uint32_t *bins, uint64_t count)
{
    for (int bin = 0; bin < BW_HISTOGRAM_BINS / 2 && count > 0; bin++) {
        bins[bin] = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
        count -= bins[bin];
    }
}

static bw_status put_counts(const reader *r, bw_histogram *histogram, json_t *all, json_t *above)
{
    const uint64_t most = (uint64_t)UINT32_MAX * (BW_HISTOGRAM_BINS / 2);
    if (!json_is_integer(all) || !json_is_integer(above) || json_integer_value(above) < 0 ||
        json_integer_value(above) > json_integer_value(all) ||
        (uint64_t)json_integer_value(all) > most)
        return fail(r, "above", "and \"numbers\" have entries that cannot be");
    uint64_t positive = (uint64_t)json_integer_value(above);
    put_count(histogram->counts + BW_HISTOGRAM_BINS / 2, positive);
    put_count(histogram->counts, (uint64_t)json_integer_value(all) - positive);
    return BW_OK;
}

static bw_status read_histograms(const reader *r, json_t *object, bw_histogram *channels,
                                 float *scratch, size_t count)
{
    json_t *all, *above;
    bw_status status = find_array(r, object, "numbers", count, &all);
    if (status == BW_OK)
        status = find_array(r, object, "above", count, &above);
    for (size_t index = 0; status == BW_OK && index < count; index++)
        status = put_counts(r, &channels[index], json_array_get(all, index),
                            json_array_get(above, index));
    if (status == BW_OK)
        status = read_floats(r, object, "low", scratch, count);
    for (size_t index = 0; status == BW_OK && index < count; index++)
        channels[index].low = scratch[index];
    if (status == BW_OK)
        status = read_floats(r, object, "high", scratch, count);
    for (size_t index = 0; status == BW_OK && index < count; index++) {
        channels[index].high = scratch[index];
        if (channels[index].low > 0.0f || channels[index].high < 0.0f)
            return fail(r, "low", "and \"high\" do not hold 0 between them");
    }
    return status;
}

static bw_status read_channels(const reader *r, json_t *object, bw_statistics *seen, size_t count)
{
    bw_histogram *channels = bw_arena_array(r->arena, count, sizeof *channels);
    float *numbers = bw_arena_array(r->arena, 2 * count, sizeof *numbers);
    if (!channels || !numbers)
        return bw_fail_memory(r->error, count * sizeof *channels, "calibration ranges");
    *seen = (bw_statistics){channels, numbers, numbers + count, NULL};
    bw_status status = read_histograms(r, object, channels, numbers, count);
    if (status == BW_OK)
        status = read_floats(r, object, "mean", numbers, count);
    if (status == BW_OK)
        status = read_floats(r, object, "deviation", numbers + count, count);
    return status;
}

static bw_status read_windows(const reader *r, json_t *object, bw_statistics *seen,
                              const bw_node *node)
{
    static const char *const keys[] = {"count", "sums", "products"};
    json_t *windows = json_object_get(object, "windows");
    if (node->op != BW_OP_CONV)
        return json_is_null(windows) ? BW_OK : fail(r, "windows", "is not null");
    bw_covariance *made = bw_arena_alloc(r->arena, sizeof *made);
    if (!made || !bw_covariance_open(made, r->ranges->graph, node, r->arena))
        return bw_fail_memory(r->error, sizeof *made, "calibration ranges");
    uint64_t count = 0;
    bw_status status = check_keys(r, windows, "windows", keys, sizeof keys / sizeof *keys);
    if (status == BW_OK)
        status = read_whole(r, windows, "count", UINT32_MAX, &count);
    if (status == BW_OK)
        status = read_base64(r, windows, "sums", made->sums,
                             (size_t)made->channels * (size_t)made->window);
    size_t products = bw_covariance_numbers(made);
    float *packed = status == BW_OK ? malloc(products * sizeof *packed) : NULL;
    if (status == BW_OK && !packed)
        status = bw_fail_memory(r->error, products * sizeof *packed, "calibration ranges");
    if (status == BW_OK)
        status = read_base64(r, windows, "products", packed, products);
    if (status == BW_OK)
        bw_covariance_unpack(made, packed);
    free(packed);
    made->count = (size_t)count;
    seen->windows = made;
    return status;
}

static bw_status read_rule(const reader *r, json_t *object, bw_range_rule *rule)
{
    const char *name = json_string_value(json_object_get(object, "rule"));
    for (int index = 0; name && index < BW_RANGE_RULES; index++) {
        *rule = (bw_range_rule)index;
        if (strcmp(name, bw_range_rule_name(*rule)) == 0)
            return BW_OK;
    }
    return fail(r, "rule", "is not the name of a rule");
}

static bw_status read_probed(const reader *r, json_t *object, size_t tensor)
{
    bw_probed read = {0}, *probed = r->ranges->probed;
    float error = 0.0f;
    int first = r->ranges->classes[tensor];
    bw_status status = read_float(r, object, "min", &read.range.low);
    if (status == BW_OK)
        status = read_float(r, object, "max", &read.range.high);
    if (status == BW_OK)
        status = read_rule(r, object, &read.rule);
    if (status == BW_OK)
        status = read_float(r, object, "error", &error);
    if (status != BW_OK)
        return status;
    read.error = (double)error;
    float width = read.range.high - read.range.low;
    if (read.range.low > 0.0f || read.range.high < 0.0f || !(width > 0x1p-100f) || !isfinite(width))
        return fail(r, "min", "and \"max\" are no range that holds 0");
    if (error < 0.0f || (first != (int)tensor && error > 0.0f))
        return fail(r, "error", "cannot be so");
    if (first == (int)tensor)
        probed[tensor] = read;
    else if (read.range.low != probed[first].range.low ||
             read.range.high != probed[first].range.high)
        return fail(r, "min", "and \"max\" differ from those of the tensor that shares its bytes");
    return BW_OK;
}

static bool has_tensor(const bw_graph *graph, const char *name)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        if (strcmp(graph->nodes[index].name, name) == 0)
            return true;
    }
    return false;
}

static bw_status read_tensor(reader *r, json_t *object, size_t tensor)
{
    static const char *const keys[] = {"name", "min",  "max",  "rule",      "error", "numbers",
                                       "low",  "high", "mean", "deviation", "above", "windows"};
    const bw_graph *graph = r->ranges->graph;
    const bw_node *node = &graph->nodes[graph->tensors[tensor].producer];
    const char *name = json_string_value(json_object_get(object, "name"));
    if (!name)
        return bw_fail(r->error, BW_ERROR_FORMAT, "tensor %zu has no name", tensor);
    if (strcmp(name, node->name) != 0)
        return bw_fail(r->error, BW_ERROR_FORMAT,
                       has_tensor(graph, name) ? "tensor '%.60s' stands where '%.60s' should"
                                               : "the model has no tensor '%.60s'; '%.60s' "
                                                 "should stand there",
                       name, node->name);
    r->tensor = node->name;
    bw_status status = check_keys(r, object, "tensors", keys, sizeof keys / sizeof *keys);
    if (status == BW_OK)
        status = read_probed(r, object, tensor);
    bw_statistics *seen = &r->ranges->statistics[tensor];
    size_t channels = (size_t)graph->tensors[tensor].shape.channels;
    if (status == BW_OK)
        status = read_channels(r, object, seen, channels);
    if (status == BW_OK)
        status = read_windows(r, object, seen, node);
    r->tensor = "";
    return status;
}

/* ---- The file ------------------------------------------------------------------------------- */

static bw_status check_model(const reader *r, json_t *root)
{
    const bw_ranges *expected = r->ranges;
    const char *format = json_string_value(json_object_get(root, "format"));
    const char *model = json_string_value(json_object_get(root, "model"));
    uint64_t version, width, height;
    if (!format || strcmp(format, "boxwright ranges") != 0)
        return fail(r, "format", "is not \"boxwright ranges\"");
    bw_status status = read_whole(r, root, "version", INT32_MAX, &version);
    if (status == BW_OK && version != 1)
        return fail(r, "version", "is not 1, which this program reads");
    if (status == BW_OK)
        status = read_whole(r, root, "width", INT32_MAX, &width);
    if (status == BW_OK)
        status = read_whole(r, root, "height", INT32_MAX, &height);
    if (status != BW_OK)
        return status;
    if (!model || strcmp(model, expected->fingerprint) != 0)
        return bw_fail(r->error, BW_ERROR_ARGUMENT,
                       "is of another model, %.32s; this one is %s: calibrate on pictures",
                       model ? model : "without a fingerprint", expected->fingerprint);
    if (width != (uint64_t)expected->width || height != (uint64_t)expected->height)
        return bw_fail(r->error, BW_ERROR_ARGUMENT,
                       "is of the model at %llu x %llu pixels, not %d x %d: calibrate on pictures",
                       (unsigned long long)width, (unsigned long long)height, expected->width,
                       expected->height);
    return BW_OK;
}

static bw_status read_root(reader *r, json_t *root, size_t *pictures)
{
    static const char *const keys[] = {"format", "version",  "model",  "width",
                                       "height", "pictures", "tensors"};
    uint64_t count = 0;
    bw_status status = check_keys(r, root, "the file", keys, sizeof keys / sizeof *keys);
    if (status == BW_OK)
        status = check_model(r, root);
    if (status == BW_OK)
        status = read_whole(r, root, "pictures", UINT32_MAX, &count);
    if (status == BW_OK && count == 0)
        return fail(r, "pictures", "is 0: nothing was seen");
    json_t *tensors = json_object_get(root, "tensors");
    if (status == BW_OK && json_array_size(tensors) != r->ranges->graph->tensor_count)
        return bw_fail(r->error, BW_ERROR_FORMAT, "has %zu tensors, but the model has %zu",
                       json_array_size(tensors), r->ranges->graph->tensor_count);
    for (size_t tensor = 0; status == BW_OK && tensor < r->ranges->graph->tensor_count; tensor++)
        status = read_tensor(r, json_array_get(tensors, tensor), tensor);
    *pictures = (size_t)count;
    return status;
}

bw_status bw_ranges_read(const bw_ranges *ranges, size_t *pictures, bw_arena *arena,
                         const uint8_t *bytes, size_t size, const char *name, bw_error *error)
{
    bw_error own = {0};
    reader r = {ranges, arena, "", &own};
    json_error_t place;
    json_t *root = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, &place);
    bw_status status = root ? read_root(&r, root, pictures)
                            : bw_fail(&own, BW_ERROR_FORMAT,
                                      "is no JSON at line %d, column %d: "
                                      "%.100s",
                                      place.line, place.column, place.text);
    json_decref(root);
    return status == BW_OK ? BW_OK : bw_fail(error, status, "'%.200s' %s", name, own.message);
}
