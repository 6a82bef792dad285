#include "base/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"

static const char *temporary_name(bw_arena *arena, const char *path)
{
    return bw_arena_format(arena, "%s.part", path);
}

bw_status bw_stage_file(bw_staging *staging, const char *path, const void *bytes, size_t size,
                        bw_error *error)
{
    const char *kept = bw_arena_text(&staging->arena, path, strlen(path));
    if (!kept || !bw_array_reserve((void **)&staging->paths, &staging->capacity, staging->count + 1,
                                   sizeof *staging->paths))
        return bw_fail_memory(error, strlen(path), "a file name");
    bw_status status = bw_write_part(path, bytes, size, error);
    if (status == BW_OK)
        staging->paths[staging->count++] = kept;
    return status;
}

static bool same_folder(const char *a, const char *b)
{
    size_t length = bw_folder_length(a);
    return length == bw_folder_length(b) && memcmp(a, b, length) == 0;
}

static int open_folder(const char *path)
{
    char folder[PATH_MAX];
    size_t length = bw_folder_length(path);
    if (length >= sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(folder, path, length);
    memcpy(folder + length, length == 0 ? "." : "", length == 0 ? 2 : 1);
    return open(length == 0 && path[0] == '/' ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Waits until all that the file systems of the staged files hold is on their disks. */
static bw_status sync_all(const bw_staging *staging, bw_error *error)
{
    dev_t synced = 0;
    bool any = false;
    for (size_t index = 0; index < staging->count; index++) {
        const char *path = staging->paths[index];
        if (index > 0 && same_folder(path, staging->paths[index - 1]))
            continue;
        int fd = open_folder(path);
        struct stat status;
        bool good = fd >= 0 && fstat(fd, &status) == 0;
        if (good && (!any || status.st_dev != synced)) {
            good = syncfs(fd) == 0;
            synced = status.st_dev;
            any = true;
        }
        int code = errno;
        if (fd >= 0)
            close(fd);
        errno = code;
        if (!good)
            return bw_fail_errno(error, "make durable", path);
    }
    return BW_OK;
}

static bw_status rename_all(bw_staging *staging, bw_error *error)
{
    for (size_t index = 0; index < staging->count; index++) {
        const char *temporary = temporary_name(&staging->arena, staging->paths[index]);
        if (!temporary)
            return bw_fail_memory(error, strlen(staging->paths[index]), "a file name");
        if (rename(temporary, staging->paths[index]) != 0)
            return bw_fail_errno(error, "write", staging->paths[index]);
    }
    return BW_OK;
}

static void forget(bw_staging *staging)
{
    staging->count = 0;
    bw_arena_free(&staging->arena);
}

static void remove_temporaries(bw_staging *staging)
{
    for (size_t index = 0; index < staging->count; index++) {
        const char *temporary = temporary_name(&staging->arena, staging->paths[index]);
        if (temporary)
            unlink(temporary);
    }
}

bw_status bw_staging_publish(bw_staging *staging, bw_error *error)
{
    bw_status status = sync_all(staging, error);
    if (status == BW_OK)
        status = rename_all(staging, error);
    if (status == BW_OK)
        status = sync_all(staging, error);
    if (status != BW_OK)
        remove_temporaries(staging);
    forget(staging);
    return status;
}

void bw_staging_clear(bw_staging *staging)
{
    remove_temporaries(staging);
    forget(staging);
    free((void *)staging->paths);
    *staging = (bw_staging){0};
}
