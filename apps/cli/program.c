#include "program.h"

#include <string.h>
#include <unistd.h>

const char *bw_program_folder(bw_arena *arena)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    return length > 0 ? bw_folder_of(arena, bw_arena_text(arena, path, (size_t)length)) : NULL;
}

const char *bw_folder_of(bw_arena *arena, const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? bw_arena_text(arena, path, (size_t)(slash - path)) : NULL;
}
