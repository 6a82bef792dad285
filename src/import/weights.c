#include "import/weights.h"

#include <string.h>

static int32_t read_int(const uint8_t *bytes)
{
    uint32_t value = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                     (uint32_t)bytes[3] << 24;
    return (int32_t)value;
}

static bw_status open_file(bw_weights *weights, const bw_mapping *file, bw_error *error)
{
    enum { VERSION_BYTES = 12, OLD_SEEN_BYTES = 4, SEEN_BYTES = 8 };
    if (file->size < VERSION_BYTES + OLD_SEEN_BYTES)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "'%s' has %zu bytes, too few for the header of a darknet weights file",
                       weights->path, file->size);
    int32_t major = read_int(file->data), minor = read_int(file->data + 4);
    if (major < 0 || minor < 0)
        return bw_fail(error, BW_ERROR_FORMAT, "'%s' does not begin as a darknet weights file does",
                       weights->path);
    if (major > 1000 || minor > 1000)
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "'%s' holds transposed weights, which are not supported, or is no darknet "
                       "weights file",
                       weights->path);
    size_t header = VERSION_BYTES + (major * 10 + minor >= 2 ? SEEN_BYTES : OLD_SEEN_BYTES);
    if (file->size < header || (file->size - header) % sizeof(float) != 0)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "'%s' ends within a number: it is cut short or no darknet weights file",
                       weights->path);
    weights->data = file->data + header;
    weights->count = (file->size - header) / sizeof(float);
    weights->revision = read_int(file->data + 8);
    return BW_OK;
}

bw_status bw_weights_open(bw_weights *out, const bw_source *source, bw_arena *arena,
                          bw_error *error)
{
    *out = (bw_weights){.path = source->weights_path, .seed = source->seed, .arena = arena};
    if (out->path)
        return open_file(out, &source->weights, error);
    uint64_t most = source->limits->tensor_bytes / sizeof(float);
    out->count = most < SIZE_MAX ? (size_t)most : SIZE_MAX;
    return BW_OK;
}

/* Infinity and NaN are the floats whose exponent bits are all set. */
static bool all_finite(const uint8_t *data, size_t count)
{
    const uint32_t exponent = 0x7f800000;
    uint32_t bad = 0;
    for (size_t index = 0; index < count; index++) {
        uint32_t bits;
        memcpy(&bits, data + index * sizeof bits, sizeof bits);
        bad |= (bits & exponent) == exponent;
    }
    return !bad;
}

bw_status bw_weights_begin(bw_weights *weights, const char *layer, size_t count, bw_error *error)
{
    size_t left = weights->count - weights->taken;
    if (count > left && !weights->path)
        return bw_fail(error, BW_ERROR_LIMIT,
                       "%s needs %zu weights more, and the limit for the network is %zu", layer,
                       count, weights->count);
    if (count > left)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "'%s' ends after %zu numbers, %s needs %zu more: these weights are cut "
                       "off, or belong to another network",
                       weights->path, weights->count, layer, count - left);
    if (weights->path && !all_finite(weights->data + weights->taken * sizeof(float), count))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "'%s' holds infinities or NaN for %s: it is damaged or belongs to another "
                       "network",
                       weights->path, layer);
    return BW_OK;
}

/* SplitMix64 (Steele, Lea, Flood 2014): a well mixed function of a counter. */
static uint64_t mix(uint64_t counter)
{
    uint64_t z = counter * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Near enough normal, mean 0 and deviation 1: the sum of four uniform numbers of 16 bits. */
static float make_normal(uint64_t bits)
{
    int sum = (int)(bits & 0xffff) + (int)(bits >> 16 & 0xffff) + (int)(bits >> 32 & 0xffff) +
              (int)(bits >> 48);
    const float deviation = 37837.2275f; /* of the sum: 65536 / √3 */
    return ((float)sum - 131070.0f) / deviation;
}

static bw_status take_random(bw_weights *weights, bw_constant *out, size_t count, float centre,
                             float deviation, bw_error *error)
{
    float *data = bw_arena_array(weights->arena, count, sizeof *data);
    if (!data)
        return bw_fail_memory(error, count * sizeof *data, "random weights");
    uint64_t first = mix(weights->seed) + weights->taken;
    for (size_t index = 0; index < count; index++)
        data[index] = centre;
    for (size_t index = 0; deviation > 0 && index < count; index++)
        data[index] += deviation * make_normal(mix(first + index));
    *out = (bw_constant){data, count};
    return BW_OK;
}

bw_status bw_weights_take(bw_weights *weights, bw_constant *out, size_t count, float centre,
                          float deviation, bw_error *error)
{
    if (count > weights->count - weights->taken)
        return bw_fail(error, BW_ERROR_ARGUMENT, "a layer takes more weights than it announced");
    bw_status status = BW_OK;
    if (weights->path)
        *out = (bw_constant){
            (const float *)(const void *)(weights->data + weights->taken * sizeof(float)), count};
    else
        status = take_random(weights, out, count, centre, deviation, error);
    if (status == BW_OK)
        weights->taken += count;
    return status;
}

bw_status bw_weights_finish(const bw_weights *weights, bw_error *error)
{
    if (weights->path && weights->taken < weights->count)
        return bw_fail(
            error, BW_ERROR_FORMAT,
            "'%s' has %zu numbers more than the %zu that the network uses: these weights "
            "belong to another network",
            weights->path, weights->count - weights->taken, weights->taken);
    return BW_OK;
}
