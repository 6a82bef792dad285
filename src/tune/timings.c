#include "tune/timings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static const char first_line[] = "boxwright timings 1\n";

enum { KEY_TABS = 3, LARGEST_FILE = 64 << 20 };

static bw_timing *look_up(const bw_timings *timings, const char *key)
{
    for (size_t index = 0; index < timings->count; index++) {
        if (strcmp(timings->items[index].key, key) == 0)
            return &timings->items[index];
    }
    return NULL;
}

uint64_t bw_timings_find(const bw_timings *timings, const char *key)
{
    const bw_timing *found = look_up(timings, key);
    return found ? found->nanoseconds : 0;
}

bw_status bw_timings_set(bw_timings *timings, const char *key, uint64_t nanoseconds,
                         bw_error *error)
{
    bw_timing *timing = look_up(timings, key);
    if (!timing) {
        const char *copy = bw_arena_text(&timings->arena, key, strlen(key));
        if (!copy || !bw_array_reserve((void **)&timings->items, &timings->capacity,
                                       timings->count + 1, sizeof *timings->items))
            return bw_fail_memory(error, sizeof *timings->items, "timings");
        timing = &timings->items[timings->count++];
        timing->key = copy;
    }
    timing->nanoseconds = nanoseconds ? nanoseconds : 1;
    return BW_OK;
}

/* ---- The file ------------------------------------------------------------------------------- */

static bool is_key(const char *key)
{
    int tabs = 0;
    for (; *key; key++)
        tabs += *key == '\t';
    return tabs == KEY_TABS;
}

/* Takes a line apart: its last field is the time. */
static bool split_line(char *line, uint64_t *nanoseconds)
{
    char *tab = strrchr(line, '\t'), *end;
    if (!tab || tab[1] < '0' || tab[1] > '9')
        return false;
    *nanoseconds = strtoull(tab + 1, &end, 10);
    *tab = '\0';
    return *end == '\0' && *nanoseconds > 0 && *nanoseconds < UINT64_MAX && is_key(line);
}

static bw_status read_lines(bw_timings *timings, char *text, size_t size, bw_error *error)
{
    bw_status status = BW_OK;
    char *stop = text + size;
    for (char *line = text; status == BW_OK && line < stop;) {
        char *end = memchr(line, '\n', (size_t)(stop - line));
        end = end ? end : stop;
        *end = '\0';
        uint64_t nanoseconds;
        bool whole = strlen(line) == (size_t)(end - line);
        if (whole && split_line(line, &nanoseconds))
            status = bw_timings_set(timings, line, nanoseconds, error);
        else
            timings->damaged++;
        line = end + 1;
    }
    return status;
}

bw_status bw_timings_read(bw_timings *timings, const char *path, bw_error *error)
{
    if (access(path, F_OK) != 0)
        return BW_OK;
    uint8_t *bytes;
    size_t size, head = sizeof first_line - 1;
    bw_status status = bw_read_file(&bytes, &size, path, LARGEST_FILE, error);
    if (status != BW_OK)
        return status;
    if (size > 0 && (size < head || memcmp(bytes, first_line, head) != 0))
        status =
            bw_fail(error, BW_ERROR_FORMAT,
                    "'%s' is not a file of timings; name another one, or one that is new", path);
    else if (size > 0)
        status = read_lines(timings, (char *)bytes + head, size - head, error);
    free(bytes);
    return status;
}

static bw_status write_lines(const bw_timings *timings, const char *path, bw_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return bw_fail_memory(error, sizeof first_line, "timings");
    fputs(first_line, stream);
    for (size_t index = 0; index < timings->count; index++)
        fprintf(stream, "%s\t%" PRIu64 "\n", timings->items[index].key,
                timings->items[index].nanoseconds);
    bool good = !ferror(stream);
    good = fclose(stream) == 0 && good;
    bw_span span = {text, size};
    bw_status status =
        good ? bw_write_spans(path, &span, 1, error) : bw_fail_memory(error, size, "timings");
    free(text);
    return status;
}

bw_status bw_timings_save(const bw_timings *timings, const char *path, bw_error *error)
{
    bw_timings all = {0};
    bw_status status = bw_timings_read(&all, path, error);
    for (size_t index = 0; status == BW_OK && index < timings->count; index++)
        status = bw_timings_set(&all, timings->items[index].key, timings->items[index].nanoseconds,
                                error);
    if (status == BW_OK)
        status = write_lines(&all, path, error);
    bw_timings_free(&all);
    return status;
}

void bw_timings_free(bw_timings *timings)
{
    free(timings->items);
    bw_arena_free(&timings->arena);
    *timings = (bw_timings){0};
}
