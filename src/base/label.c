#include "base/label.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { LONGEST_PART = 200, KEPT_BYTES = 180, HASH_TEXT = 18, LONGEST_LABEL = 1500 };

static void format_hash(char *text, const char *bytes, size_t length)
{
    snprintf(text, HASH_TEXT, "~%016llx", (unsigned long long)XXH3_64bits(bytes, length));
}

/* The length to cut `part` to, so that no UTF-8 character is cut in two. */
static size_t cut_length(const char *part)
{
    size_t length = KEPT_BYTES;
    while (length > KEPT_BYTES - 4 && ((unsigned char)part[length] & 0xC0) == 0x80)
        length--;
    return length;
}

static bool ends_with(const char *part, size_t length, const char *suffix)
{
    size_t size = strlen(suffix);
    return length >= size && memcmp(part + length - size, suffix, size) == 0;
}

static bool collides_with_files(const char *part, size_t length)
{
    return ends_with(part, length, ".txt") || ends_with(part, length, ".jpg") ||
           ends_with(part, length, ".part");
}

/* Bytes of a file's name before its suffix; a name that begins with its only dot has none. */
static size_t stem_length(const char *part, size_t length)
{
    for (size_t i = length; i > 1; i--)
        if (part[i - 1] == '.')
            return i - 1;
    return length;
}

static bool is_nothing(const char *part, size_t length)
{
    return length == 0 || (part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.')));
}

/* Appends a part of the path, cut if need be; returns the new end. */
static char *append_part(char *end, const char *part, size_t length)
{
    if (length <= LONGEST_PART) {
        memcpy(end, part, length);
        return end + length;
    }
    size_t kept = cut_length(part);
    memcpy(end, part, kept);
    format_hash(end + kept, part, length);
    return end + kept + HASH_TEXT - 1;
}

static char *append_folder(char *end, const char *part, size_t length)
{
    end = append_part(end, part, length);
    if (collides_with_files(part, length))
        *end++ = '_';
    *end++ = '/';
    return end;
}

/* Replaces the folders of a label that is too long by their hash. */
static void shorten_folders(char *label)
{
    char *last = strrchr(label, '/');
    if (strlen(label) <= LONGEST_LABEL || !last)
        return;
    char hash[HASH_TEXT];
    format_hash(hash, label, (size_t)(last - label));
    memmove(label + HASH_TEXT - 1, last, strlen(last) + 1);
    memcpy(label, hash, HASH_TEXT - 1);
}

/* The next part of the path that is something, or NULL. */
static const char *next_part(const char *path, size_t *length)
{
    while (*path) {
        *length = strcspn(path, "/");
        if (!is_nothing(path, *length))
            return path;
        path += *length;
        path += *path == '/';
    }
    return NULL;
}

char *bw_label_make(const char *name, bool keep_suffix)
{
    char *label = malloc(2 * strlen(name) + 2 * HASH_TEXT);
    if (!label)
        return NULL;
    char *end = label;
    size_t length = 0, next_length = 0;
    const char *part = next_part(name, &length), *next;
    for (; part && (next = next_part(part + length, &next_length)); part = next) {
        end = append_folder(end, part, length);
        length = next_length;
    }
    if (part)
        end = append_part(end, part, keep_suffix ? length : stem_length(part, length));
    else
        *end++ = '_';
    *end = '\0';
    shorten_folders(label);
    return label;
}
