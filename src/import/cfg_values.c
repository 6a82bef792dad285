/**
 * Values of a cfg section as numbers and words.
 */
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/cfg.h"

bw_status bw_cfg_fail(bw_cfg_reader *reader, int line, bw_status status, const char *format, ...)
{
    if (reader->status != BW_OK)
        return reader->status;
    char sentence[sizeof reader->error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    reader->status = status;
    return bw_fail(reader->error, status, "%s:%d: %s", reader->cfg->path, line, sentence);
}

static bw_cfg_entry *find_entry(const bw_cfg_reader *reader, const char *key)
{
    const bw_cfg_section *section = reader->section;
    for (size_t index = section->first; index < section->first + section->count; index++) {
        if (strcmp(reader->cfg->entries[index].key, key) == 0)
            return &reader->cfg->entries[index];
    }
    return NULL;
}

/* The entry, marked as used; NULL where it is absent or something failed before. */
static const bw_cfg_entry *use_entry(bw_cfg_reader *reader, const char *key)
{
    bw_cfg_entry *entry = reader->status == BW_OK ? find_entry(reader, key) : NULL;
    if (entry)
        entry->used = true;
    return entry;
}

int bw_cfg_line(const bw_cfg_reader *reader, const char *key)
{
    const bw_cfg_entry *entry = find_entry(reader, key);
    return entry ? entry->line : reader->section->line;
}

bool bw_cfg_has(const bw_cfg_reader *reader, const char *key)
{
    return find_entry(reader, key) != NULL;
}

const char *bw_cfg_word(bw_cfg_reader *reader, const char *key, const char *fallback)
{
    const bw_cfg_entry *entry = use_entry(reader, key);
    return entry ? entry->value : fallback;
}

/* Parse one number at `text`; `*end` is what follows it, or `text` itself where there is none. */
static bool parse_integer(const char *text, const char **end, int *value)
{
    char *stop;
    errno = 0;
    long number = strtol(text, &stop, 10);
    *end = stop;
    *value = (int)number;
    return stop != text && errno == 0 && number >= INT_MIN && number <= INT_MAX;
}

static bool parse_number(const char *text, const char **end, float *value)
{
    locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (locale == (locale_t)0)
        return false;
    char *stop;
    *value = strtof_l(text, &stop, locale);
    freelocale(locale);
    *end = stop;
    return stop != text && isfinite(*value);
}

static void fail_value(bw_cfg_reader *reader, const bw_cfg_entry *entry, const char *wanted)
{
    bw_cfg_fail(reader, entry->line, BW_ERROR_FORMAT, "'%s' of [%s] is '%.60s'; it must be %s",
                entry->key, reader->section->name, entry->value, wanted);
}

int bw_cfg_integer(bw_cfg_reader *reader, const char *key, int fallback, int least, int most)
{
    const bw_cfg_entry *entry = use_entry(reader, key);
    const char *end;
    int value;
    if (!entry)
        return fallback;
    if (parse_integer(entry->value, &end, &value) && !*end && value >= least && value <= most)
        return value;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a whole number from %d to %d", least, most);
    fail_value(reader, entry, wanted);
    return fallback;
}

int bw_cfg_required(bw_cfg_reader *reader, const char *key, int least, int most)
{
    if (!bw_cfg_has(reader, key))
        bw_cfg_fail(reader, reader->section->line, BW_ERROR_FORMAT, "[%s] lacks the key '%s'",
                    reader->section->name, key);
    return bw_cfg_integer(reader, key, least, least, most);
}

float bw_cfg_number(bw_cfg_reader *reader, const char *key, float fallback, float least, float most)
{
    const bw_cfg_entry *entry = use_entry(reader, key);
    const char *end;
    float value;
    if (!entry)
        return fallback;
    if (parse_number(entry->value, &end, &value) && !*end && value >= least && value <= most)
        return value;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a number from %g to %g", (double)least, (double)most);
    fail_value(reader, entry, wanted);
    return fallback;
}

/* Walks a list: true while `*text` stood on a number's end that a comma or the list's end meets. */
static bool step_list(const char **text, const char *end)
{
    if (*end != ',' && *end != '\0')
        return false;
    *text = *end ? end + 1 : NULL;
    return true;
}

static int fail_list(bw_cfg_reader *reader, const bw_cfg_entry *entry, int capacity)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a list of 1 to %d numbers between commas", capacity);
    fail_value(reader, entry, wanted);
    return 0;
}

int bw_cfg_integers(bw_cfg_reader *reader, const char *key, int *values, int capacity)
{
    const bw_cfg_entry *entry = use_entry(reader, key);
    const char *text = entry ? entry->value : NULL, *end;
    int count = 0;
    while (text) {
        if (count == capacity || !parse_integer(text, &end, &values[count]) ||
            !step_list(&text, end))
            return fail_list(reader, entry, capacity);
        count++;
    }
    return count;
}

int bw_cfg_numbers(bw_cfg_reader *reader, const char *key, float *values, int capacity)
{
    const bw_cfg_entry *entry = use_entry(reader, key);
    const char *text = entry ? entry->value : NULL, *end;
    int count = 0;
    while (text) {
        if (count == capacity || !parse_number(text, &end, &values[count]) ||
            !step_list(&text, end))
            return fail_list(reader, entry, capacity);
        count++;
    }
    return count;
}

void bw_cfg_refuse(bw_cfg_reader *reader, const char *key, float neutral)
{
    const bw_cfg_entry *entry = use_entry(reader, key);
    const char *end;
    float value;
    if (!entry ||
        (parse_number(entry->value, &end, &value) && !*end && value >= neutral && value <= neutral))
        return;
    bw_cfg_fail(reader, entry->line, BW_ERROR_UNSUPPORTED, "'%s=%.60s' of [%s] is not supported",
                key, entry->value, reader->section->name);
}
