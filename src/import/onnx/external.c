/**
 * External data: numbers in a file beside the model, never outside its folder.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "import/onnx/parser.h"

static bool parse_number(uint64_t *out, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    *out = value;
    return *text >= '0' && *text <= '9' && !*end && !errno;
}

/* The place that the entries tell; keys that are not known (checksum) do not matter. */
static bw_status read_place(bw_onnx_parser *parser, const bw_onnx_tensor *tensor,
                            const bw_onnx_entry *entries, size_t count, const char **location,
                            uint64_t *offset)
{
    uint64_t length = tensor->size;
    bool good = true;
    *location = "";
    *offset = 0;
    for (size_t index = 0; index < count; index++) {
        const bw_onnx_entry *entry = &entries[index];
        if (strcmp(entry->key, "location") == 0)
            *location = entry->value;
        else if (strcmp(entry->key, "offset") == 0)
            good = good && parse_number(offset, entry->value);
        else if (strcmp(entry->key, "length") == 0)
            good = good && parse_number(&length, entry->value);
    }
    if (!good)
        return bw_fail(parser->error, BW_ERROR_FORMAT,
                       "constant '%s' has external data whose offset or length is no number from 0",
                       tensor->name);
    if (length != tensor->size)
        return bw_fail(parser->error, BW_ERROR_FORMAT,
                       "constant '%s' has %llu bytes of external data, but its shape wants %zu",
                       tensor->name, (unsigned long long)length, tensor->size);
    return BW_OK;
}

static bw_status map(bw_onnx_parser *parser, const bw_mapping **out, const char *location)
{
    bw_onnx_file *file = parser->file;
    for (size_t index = 0; index < file->mapping_count; index++) {
        *out = &file->mappings[index];
        if (strcmp(file->mapping_names[index], location) == 0)
            return BW_OK;
    }
    size_t wanted = file->mapping_count + 1, capacity = file->mapping_count;
    size_t names = capacity;
    if (!bw_array_reserve((void **)&file->mappings, &capacity, wanted, sizeof *file->mappings) ||
        !bw_array_reserve((void **)&file->mapping_names, &names, wanted,
                          sizeof *file->mapping_names))
        return bw_fail_memory(parser->error, wanted * sizeof *file->mappings, "external data");
    bw_mapping *mapping = &file->mappings[file->mapping_count];
    bw_status status = bw_map_file_beneath(mapping, parser->path, location, parser->error);
    if (status != BW_OK)
        return status;
    file->mapping_names[file->mapping_count++] = location;
    *out = mapping;
    return BW_OK;
}

bw_status bw_onnx_read_external(bw_onnx_parser *parser, bw_onnx_tensor *out,
                                const bw_onnx_entry *entries, size_t count)
{
    const char *location;
    uint64_t offset;
    const bw_mapping *mapping = NULL;
    bw_status status = read_place(parser, out, entries, count, &location, &offset);
    if (status != BW_OK)
        return status;
    if (!parser->path || !parser->file)
        return bw_fail(parser->error, BW_ERROR_UNSUPPORTED,
                       "constant '%s' has its data in another file, which cannot be read here",
                       out->name);
    status = map(parser, &mapping, location);
    if (status != BW_OK)
        return bw_fail_prefix(parser->error, status, "the external data of constant '%s'",
                              out->name);
    if (offset > mapping->size || out->size > mapping->size - offset)
        return bw_fail(parser->error, BW_ERROR_FORMAT,
                       "constant '%s' wants bytes %llu and %zu more of '%s', which has %zu",
                       out->name, (unsigned long long)offset, out->size, location, mapping->size);
    out->data = out->size ? mapping->data + offset : NULL;
    return BW_OK;
}
