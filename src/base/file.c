#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/memory.h"

/* O_NONBLOCK keeps a FIFO from hanging the open; regular files ignore it. */
static bw_status open_regular(int *descriptor, size_t *size, const char *path, bw_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return bw_fail_errno(error, "open", path);
    struct stat status;
    if (fstat(fd, &status) != 0) {
        bw_fail_errno(error, "examine", path);
        close(fd);
        return BW_ERROR_IO;
    }
    if (!S_ISREG(status.st_mode)) {
        close(fd);
        return bw_fail(error, BW_ERROR_IO, "'%s' is not a regular file", path);
    }
    *descriptor = fd;
    *size = (size_t)status.st_size;
    return BW_OK;
}

bw_status bw_map_file(bw_mapping *out, const char *path, bw_error *error)
{
    *out = (bw_mapping){0};
    int fd;
    size_t size;
    bw_status status = open_regular(&fd, &size, path, error);
    if (status != BW_OK)
        return status;
    void *data = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (data == MAP_FAILED) {
        bw_fail_errno(error, "map", path);
        close(fd);
        return BW_ERROR_IO;
    }
    close(fd);
    *out = (bw_mapping){data, size};
    return BW_OK;
}

void bw_unmap_file(bw_mapping *mapping)
{
    if (mapping->data)
        munmap((void *)(uintptr_t)mapping->data, mapping->size);
    *mapping = (bw_mapping){0};
}

/* Reads until `size` bytes or the end; what a file lost since it was measured is simply absent. */
static ssize_t read_all(int fd, uint8_t *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(fd, bytes + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

bw_status bw_read_file(uint8_t **bytes, size_t *size, const char *path, uint64_t limit,
                       bw_error *error)
{
    *bytes = NULL;
    *size = 0;
    int fd;
    size_t length;
    bw_status status = open_regular(&fd, &length, path, error);
    if (status != BW_OK)
        return status;
    uint8_t *content = NULL;
    ssize_t got = -1;
    if (length > limit || length > SSIZE_MAX - 1)
        status = bw_fail(error, BW_ERROR_LIMIT, "'%s' has %zu bytes, more than the limit of %llu",
                         path, length, (unsigned long long)limit);
    else if (!(content = malloc(length + 1)))
        status = bw_fail_memory(error, length + 1, path);
    else if ((got = read_all(fd, content, length)) < 0)
        status = bw_fail_errno(error, "read", path);
    close(fd);
    if (status != BW_OK) {
        free(content);
        return status;
    }
    content[got] = 0;
    *bytes = content;
    *size = (size_t)got;
    return BW_OK;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

static bool write_whole(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    bool written = write_all(fd, bytes, size);
    int code = errno;
    if (close(fd) != 0 && written) {
        written = false;
        code = errno;
    }
    if (!written)
        unlink(path);
    errno = code;
    return written;
}

bw_status bw_write_part(const char *path, const void *bytes, size_t size, bw_error *error)
{
    bw_arena arena = {0};
    const char *temporary = bw_arena_format(&arena, "%s.part", path);
    bw_status status = BW_OK;
    if (!temporary)
        status = bw_fail_memory(error, strlen(path) + 6, "a file name");
    else if (!write_whole(temporary, bytes, size))
        status = bw_fail_errno(error, "write", path);
    bw_arena_free(&arena);
    return status;
}

bw_status bw_write_file(const char *path, const void *bytes, size_t size, bw_error *error)
{
    bw_arena arena = {0};
    const char *temporary = bw_arena_format(&arena, "%s.part", path);
    bw_status status = temporary ? bw_write_part(path, bytes, size, error)
                                 : bw_fail_memory(error, strlen(path) + 6, "a file name");
    if (status == BW_OK && rename(temporary, path) != 0) {
        status = bw_fail_errno(error, "write", path);
        unlink(temporary);
    }
    bw_arena_free(&arena);
    return status;
}

/* Creates a file beside `path` that nobody else writes. */
static int create_temporary(const char **name, bw_arena *arena, const char *path)
{
    enum { TRIES = 16 };
    int fd = -1;
    for (int attempt = 0; fd < 0 && attempt < TRIES; attempt++) {
        unsigned long long moment = (unsigned long long)bw_clock();
        *name = bw_arena_format(arena, "%s.%d-%llx.part", path, (int)getpid(), moment);
        errno = ENOMEM;
        if (*name)
            fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

bw_status bw_write_spans(const char *path, const bw_span *spans, size_t count, bw_error *error)
{
    bw_arena arena = {0};
    const char *temporary = NULL;
    int fd = create_temporary(&temporary, &arena, path);
    bool written = fd >= 0;
    for (size_t index = 0; written && index < count; index++)
        written = write_all(fd, spans[index].bytes, spans[index].size);
    int code = errno;
    if (fd >= 0 && close(fd) != 0 && written) {
        written = false;
        code = errno;
    }
    if (written && rename(temporary, path) != 0) {
        written = false;
        code = errno;
    }
    if (!written && fd >= 0)
        unlink(temporary);
    bw_arena_free(&arena);
    errno = code;
    return written ? BW_OK : bw_fail_errno(error, "write", path);
}

static bw_status make_folder(const char *path, bw_error *error)
{
    struct stat found;
    if (mkdir(path, 0777) == 0)
        return BW_OK;
    int code = errno;
    bool there = stat(path, &found) == 0;
    if (there && S_ISDIR(found.st_mode))
        return BW_OK;
    errno = there ? ENOTDIR : code;
    return bw_fail_errno(error, "create the folder", path);
}

bw_status bw_make_folders(const char *path, bw_error *error)
{
    char *copy = strdup(path);
    if (!copy)
        return bw_fail_memory(error, strlen(path) + 1, "a folder name");
    bw_status status = BW_OK;
    size_t length = strlen(copy);
    for (size_t end = 1; status == BW_OK && end <= length; end++) {
        char saved = copy[end];
        if (saved != '/' && saved != '\0')
            continue;
        copy[end] = '\0';
        status = make_folder(copy, error);
        copy[end] = saved;
    }
    free(copy);
    return status;
}

bool bw_is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}
