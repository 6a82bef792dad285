#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/file.h"
#include "calibrate/ranges.h"

static void write_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        unsigned char character = (unsigned char)*text;
        if (character < ' ')
            fprintf(file, "\\u%04x", character);
        else
            fprintf(file, character == '"' || character == '\\' ? "\\%c" : "%c", character);
    }
    fputc('"', file);
}

static void write_floats(FILE *file, const char *key, const float *numbers, size_t stride,
                         size_t count)
{
    fprintf(file, "      \"%s\": [", key);
    for (size_t index = 0; index < count; index++)
        fprintf(file, "%s%.9g", index ? ", " : "",
                (double)*(const float *)(const void *)((const char *)numbers + index * stride));
    fputs("],\n", file);
}

/* Numbers that were counted, all of them or those from 0 on. */
static uint64_t count_numbers(const bw_histogram *histogram, int first)
{
    uint64_t sum = 0;
    for (int bin = first; bin < BW_HISTOGRAM_BINS; bin++)
        sum += histogram->counts[bin];
    return sum;
}

static void write_counts(FILE *file, const char *key, const bw_histogram *channels, int first,
                         size_t count)
{
    fprintf(file, "      \"%s\": [", key);
    for (size_t index = 0; index < count; index++)
        fprintf(file, "%s%llu", index ? ", " : "",
                (unsigned long long)count_numbers(&channels[index], first));
    fputs("],\n", file);
}

static bool write_base64(FILE *file, const float *numbers, size_t count)
{
    size_t length = bw_base64_length(count * sizeof *numbers);
    char *text = malloc(length + 1);
    if (!text)
        return false;
    bw_base64_encode(text, (const uint8_t *)numbers, count * sizeof *numbers);
    fputc('"', file);
    fwrite(text, 1, length, file);
    fputc('"', file);
    free(text);
    return true;
}

static bool write_windows(FILE *file, const bw_covariance *windows)
{
    size_t count = bw_covariance_numbers(windows);
    float *products = malloc(count * sizeof *products);
    if (!products)
        return false;
    bw_covariance_pack(windows, products);
    fprintf(file,
            "      \"windows\": {\n        \"count\": %zu,\n        \"sums\": ", windows->count);
    bool good =
        write_base64(file, windows->sums, (size_t)windows->channels * (size_t)windows->window);
    fputs(",\n        \"products\": ", file);
    good = good && write_base64(file, products, count);
    fputs("\n      }\n", file);
    free(products);
    return good;
}

static bool write_tensor(FILE *file, const bw_ranges *ranges, size_t tensor)
{
    const bw_graph *graph = ranges->graph;
    const bw_statistics *seen = &ranges->statistics[tensor];
    const bw_probed *class_of = &ranges->probed[ranges->classes[tensor]];
    size_t channels = (size_t)graph->tensors[tensor].shape.channels;
    fputs("    {\n      \"name\": ", file);
    write_text(file, graph->nodes[graph->tensors[tensor].producer].name);
    fprintf(file, ",\n      \"min\": %.9g,\n      \"max\": %.9g,\n", (double)class_of->range.low,
            (double)class_of->range.high);
    fprintf(file, "      \"rule\": \"%s\",\n      \"error\": %.9g,\n",
            bw_range_rule_name(class_of->rule), ranges->probed[tensor].error);
    write_counts(file, "numbers", seen->channels, 0, channels);
    write_floats(file, "low", &seen->channels->low, sizeof *seen->channels, channels);
    write_floats(file, "high", &seen->channels->high, sizeof *seen->channels, channels);
    write_floats(file, "mean", seen->means, sizeof *seen->means, channels);
    write_floats(file, "deviation", seen->deviations, sizeof *seen->deviations, channels);
    write_counts(file, "above", seen->channels, BW_HISTOGRAM_BINS / 2, channels);
    bool good = true;
    if (seen->windows)
        good = write_windows(file, seen->windows);
    else
        fputs("      \"windows\": null\n", file);
    fputs("    }", file);
    return good;
}

static bool write_all(FILE *file, const bw_ranges *ranges)
{
    fprintf(file,
            "{\n  \"format\": \"boxwright ranges\",\n  \"version\": 1,\n  \"model\": \"%s\",\n"
            "  \"width\": %d,\n  \"height\": %d,\n  \"pictures\": %zu,\n  \"tensors\": [\n",
            ranges->fingerprint, ranges->width, ranges->height, ranges->pictures);
    bool good = true;
    for (size_t tensor = 0; good && tensor < ranges->graph->tensor_count; tensor++) {
        fputs(tensor ? ",\n" : "", file);
        good = write_tensor(file, ranges, tensor);
    }
    fputs("\n  ]\n}\n", file);
    return good && !ferror(file);
}

bw_status bw_ranges_write(const bw_ranges *ranges, const char *path, bw_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    bool good = file && write_all(file, ranges);
    good = file && fclose(file) == 0 && good;
    bw_status status = good ? bw_write_file(path, text, size, error)
                            : bw_fail_memory(error, size, "calibration ranges");
    free(text);
    return status;
}
