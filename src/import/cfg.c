#include "import/cfg.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef struct cfg_parser {
    bw_cfg *cfg;
    const char *next, *end; /* of the input */
    char *write;            /* where the next line's text goes, in cfg->text */
    int line;
    uint64_t section_limit;
    bw_warnings *warnings;
    bw_error *error;
} cfg_parser;

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_control(char c)
{
    return (c >= 0 && c < ' ') || c == 0x7f;
}

/* Copies the next line without white space and comment; NULL when a control character is met. */
static char *read_line(cfg_parser *parser)
{
    char *line = parser->write;
    bool comment = false, good = true;
    parser->line++;
    for (; parser->next < parser->end && *parser->next != '\n'; parser->next++) {
        char c = *parser->next;
        comment |= c == '#' || c == ';';
        if (comment || is_space(c))
            continue;
        good &= !is_control(c);
        *parser->write++ = c;
    }
    parser->next += parser->next < parser->end;
    *parser->write++ = '\0';
    return good ? line : NULL;
}

static bw_status fail_at(const cfg_parser *parser, bw_status status, const char *sentence)
{
    return bw_fail(parser->error, status, "%s:%d: %s", parser->cfg->path, parser->line, sentence);
}

static bw_status add_section(cfg_parser *parser, char *line)
{
    bw_cfg *cfg = parser->cfg;
    size_t length = strlen(line);
    if (length < 3 || line[length - 1] != ']')
        return bw_fail(parser->error, BW_ERROR_FORMAT,
                       "%s:%d: '%.60s' is no section: write its name between '[' and ']'",
                       cfg->path, parser->line, line);
    if (cfg->section_count >= parser->section_limit)
        return bw_fail(parser->error, BW_ERROR_LIMIT, "%s:%d: more sections than the limit of %llu",
                       cfg->path, parser->line, (unsigned long long)parser->section_limit);
    if (!bw_array_reserve((void **)&cfg->sections, &cfg->section_capacity, cfg->section_count + 1,
                          sizeof *cfg->sections))
        return bw_fail_memory(parser->error, sizeof *cfg->sections, "a section of a cfg file");
    line[length - 1] = '\0';
    cfg->sections[cfg->section_count++] =
        (bw_cfg_section){.name = line + 1, .line = parser->line, .first = cfg->entry_count};
    return BW_OK;
}

static bw_cfg_entry *find_entry(const bw_cfg *cfg, const bw_cfg_section *section, const char *key)
{
    for (size_t index = section->first; index < section->first + section->count; index++) {
        if (strcmp(cfg->entries[index].key, key) == 0)
            return &cfg->entries[index];
    }
    return NULL;
}

static bw_status add_entry(cfg_parser *parser, const char *key, const char *value)
{
    bw_cfg *cfg = parser->cfg;
    bw_cfg_section *section = &cfg->sections[cfg->section_count - 1];
    const bw_cfg_entry *first = find_entry(cfg, section, key);
    if (first)
        return bw_warnings_add(parser->warnings, parser->error,
                               "%s:%d: key '%.40s' of [%.40s] stands already in line %d, "
                               "which counts",
                               cfg->path, parser->line, key, section->name, first->line);
    if (section->count >= BW_CFG_KEY_LIMIT)
        return fail_at(parser, BW_ERROR_LIMIT, "too many keys in one section");
    if (!bw_array_reserve((void **)&cfg->entries, &cfg->entry_capacity, cfg->entry_count + 1,
                          sizeof *cfg->entries))
        return bw_fail_memory(parser->error, sizeof *cfg->entries, "a key of a cfg file");
    cfg->entries[cfg->entry_count++] = (bw_cfg_entry){key, value, parser->line, false};
    section->count++;
    return BW_OK;
}

static bw_status parse_key(cfg_parser *parser, char *line)
{
    char *equals = strchr(line, '=');
    if (!equals || equals == line)
        return bw_fail(parser->error, BW_ERROR_FORMAT,
                       "%s:%d: '%.60s' is neither a [section] nor a key=value pair",
                       parser->cfg->path, parser->line, line);
    *equals = '\0';
    if (parser->cfg->section_count == 0)
        return bw_fail(parser->error, BW_ERROR_FORMAT,
                       "%s:%d: key '%.60s' stands before the first [section]", parser->cfg->path,
                       parser->line, line);
    return add_entry(parser, line, equals + 1);
}

static bw_status parse_lines(cfg_parser *parser)
{
    bw_status status = BW_OK;
    while (status == BW_OK && parser->next < parser->end) {
        char *line = read_line(parser);
        if (!line)
            return fail_at(parser, BW_ERROR_FORMAT, "a control character: this is no cfg file");
        if (*line == '[')
            status = add_section(parser, line);
        else if (*line)
            status = parse_key(parser, line);
    }
    if (status == BW_OK && parser->cfg->section_count == 0)
        status =
            bw_fail(parser->error, BW_ERROR_FORMAT, "'%s' holds no [section]", parser->cfg->path);
    return status;
}

bw_status bw_cfg_parse(bw_cfg *out, const char *path, const char *text, size_t size,
                       uint64_t section_limit, bw_warnings *warnings, bw_error *error)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    *out = (bw_cfg){.path = path};
    size_t bytes;
    if (!bw_size_add(&bytes, size, 1) || !(out->text = malloc(bytes)))
        return bw_fail_memory(error, size, "a cfg file");
    cfg_parser parser = {
        .cfg = out,
        .next = text,
        .end = text + size,
        .write = out->text,
        .section_limit = section_limit,
        .warnings = warnings,
        .error = error,
    };
    if (size >= 3 && memcmp(text, byte_order_mark, 3) == 0)
        parser.next += 3;
    bw_status status = parse_lines(&parser);
    if (status != BW_OK)
        bw_cfg_free(out);
    return status;
}

void bw_cfg_free(bw_cfg *cfg)
{
    free(cfg->text);
    free(cfg->sections);
    free(cfg->entries);
    *cfg = (bw_cfg){0};
}
