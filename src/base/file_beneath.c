#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

static bw_status refuse(const char *relative, bw_error *error)
{
    return bw_fail(error, BW_ERROR_FORMAT,
                   "'%s' leads outside the folder; only files below it are read, and no links",
                   relative);
}

/* One step down: a folder, or at the end a regular file; links are not followed. */
static int descend(int folder, const char *name, bool last)
{
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    bool right = last ? S_ISREG(status.st_mode) : S_ISDIR(status.st_mode);
    if (!right) {
        errno = S_ISLNK(status.st_mode) ? ELOOP : EINVAL;
        return -1;
    }
    return openat(folder, name,
                  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (last ? 0 : O_DIRECTORY));
}

/* Opens `path`, whose separators become NULs, step by step. */
static bw_status open_beneath(int *descriptor, int folder, char *path, const char *relative,
                              bw_error *error)
{
    int at = folder;
    for (char *name = path, *next; name; name = next) {
        char *slash = strchr(name, '/');
        next = slash ? slash + 1 : NULL;
        if (slash)
            *slash = '\0';
        bool stays = *name && strcmp(name, "..") != 0;
        int below = stays ? descend(at, name, !next) : -1;
        int code = errno;
        if (at != folder)
            close(at);
        at = below;
        if (!stays || (below < 0 && (code == ELOOP || code == EINVAL || code == ENOTDIR)))
            return refuse(relative, error);
        errno = code;
        if (below < 0)
            return bw_fail_errno(error, "open", relative);
    }
    *descriptor = at;
    return BW_OK;
}

static bw_status map(bw_mapping *out, int fd, const char *relative, bw_error *error)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return bw_fail_errno(error, "examine", relative);
    if (!S_ISREG(status.st_mode))
        return refuse(relative, error);
    size_t size = (size_t)status.st_size;
    void *data = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (data == MAP_FAILED)
        return bw_fail_errno(error, "map", relative);
    *out = (bw_mapping){data, size};
    return BW_OK;
}

bw_status bw_map_file_beneath(bw_mapping *out, const char *beside, const char *relative,
                              bw_error *error)
{
    *out = (bw_mapping){0};
    const char *slash = strrchr(beside, '/');
    bw_arena arena = {0};
    char *folder = slash ? bw_arena_text(&arena, beside, (size_t)(slash - beside) + 1)
                         : bw_arena_text(&arena, ".", 1);
    char *path = bw_arena_text(&arena, relative, strlen(relative));
    int root = -1, fd = -1;
    bw_status status = BW_OK;
    if (!folder || !path)
        status = bw_fail_memory(error, strlen(beside) + strlen(relative), "a file name");
    else if ((root = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)) < 0)
        status = bw_fail_errno(error, "open the folder", folder);
    else
        status = open_beneath(&fd, root, path, relative, error);
    if (status == BW_OK)
        status = map(out, fd, relative, error);
    if (fd >= 0)
        close(fd);
    if (root >= 0)
        close(root);
    bw_arena_free(&arena);
    return status;
}
