#include "annot/data_yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"

enum { FILE_LIMIT = 1 << 20 };

/* A scalar's text; NULL for anything else. libyaml ends it with NUL. */
static const char *scalar(yaml_document_t *document, int node)
{
    const yaml_node_t *found = yaml_document_get_node(document, node);
    return found && found->type == YAML_SCALAR_NODE ? (const char *)found->data.scalar.value : NULL;
}

static bw_status add_name(bw_dataset *set, const char *key, const char *name, bw_error *error)
{
    char *end = NULL;
    long number = key ? strtol(key, &end, 10) : (long)set->class_count;
    if (!name || (key && (end == key || *end)))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "'names' is neither a list of names nor a map from numbers to names");
    return bw_dataset_number_class(set, number, name, error);
}

static bw_status read_names(bw_dataset *set, yaml_document_t *document, const yaml_node_t *names,
                            bw_error *error)
{
    bw_status status = BW_OK;
    if (names->type == YAML_SEQUENCE_NODE) {
        yaml_node_item_t *item = names->data.sequence.items.start;
        for (; status == BW_OK && item < names->data.sequence.items.top; item++)
            status = add_name(set, NULL, scalar(document, *item), error);
    } else if (names->type == YAML_MAPPING_NODE) {
        yaml_node_pair_t *pair = names->data.mapping.pairs.start;
        for (; status == BW_OK && pair < names->data.mapping.pairs.top; pair++) {
            const char *key = scalar(document, pair->key);
            status = add_name(set, key ? key : "", scalar(document, pair->value), error);
        }
    } else {
        status = add_name(set, NULL, NULL, error);
    }
    for (size_t i = 0; status == BW_OK && i < set->class_count; i++)
        if (!set->classes[i].name)
            status = bw_fail(error, BW_ERROR_FORMAT, "class %zu has no name", i);
    return status;
}

static const yaml_node_t *find_member(yaml_document_t *document, const char *key)
{
    const yaml_node_t *root = yaml_document_get_root_node(document);
    if (!root || root->type != YAML_MAPPING_NODE)
        return NULL;
    const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
    for (; pair < root->data.mapping.pairs.top; pair++) {
        const char *name = scalar(document, pair->key);
        if (name && strcmp(name, key) == 0)
            return yaml_document_get_node(document, pair->value);
    }
    return NULL;
}

static bw_status parse(bw_dataset *set, const uint8_t *text, size_t size, bw_error *error)
{
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser))
        return bw_fail_memory(error, size, "YAML");
    yaml_parser_set_input_string(&parser, text, size);
    bw_status status = BW_OK;
    if (!yaml_parser_load(&parser, &document)) {
        status = bw_fail(error, BW_ERROR_FORMAT, "line %zu: is not YAML: %s",
                         parser.problem_mark.line + 1, parser.problem ? parser.problem : "");
    } else {
        const yaml_node_t *names = find_member(&document, "names");
        set->class_count = 0;
        if (names)
            status = read_names(set, &document, names, error);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return status;
}

bw_status bw_data_yaml_read(bw_dataset *set, const char *path, bw_error *error)
{
    uint8_t *text;
    size_t size;
    bw_status status = bw_read_file(&text, &size, path, FILE_LIMIT, error);
    if (status != BW_OK)
        return status;
    status = parse(set, text, size, error);
    free(text);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s", path);
}
