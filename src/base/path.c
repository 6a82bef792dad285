#include "base/path.h"

#include <string.h>
#include <strings.h>

const char *bw_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

size_t bw_folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

bool bw_has_suffix(const char *path, const char *suffix)
{
    size_t length = strlen(path), end = strlen(suffix);
    return length > end && strcmp(path + length - end, suffix) == 0;
}

bool bw_has_any_suffix(const char *path, const char *const *suffixes)
{
    size_t length = strlen(path);
    for (; *suffixes; suffixes++) {
        size_t end = strlen(*suffixes);
        if (length >= end && strcasecmp(path + length - end, *suffixes) == 0)
            return true;
    }
    return false;
}

char *bw_replace_suffix(bw_arena *arena, const char *path, const char *suffix)
{
    const char *dot = strrchr(bw_base_name(path), '.');
    int stem = (int)(dot ? (size_t)(dot - path) : strlen(path));
    return bw_arena_format(arena, "%.*s%s", stem, path, suffix);
}
