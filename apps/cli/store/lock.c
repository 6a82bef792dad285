#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bw_status refuse(int fd, const char *directory, bw_error *error)
{
    char holder[24] = "";
    ssize_t got = pread(fd, holder, sizeof holder - 1, 0);
    long process = got > 0 ? strtol(holder, NULL, 10) : 0;
    if (process > 0)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "another run, process %ld, is writing to '%s'; wait for its end or choose "
                       "another folder",
                       process, directory);
    return bw_fail(error, BW_ERROR_ARGUMENT,
                   "another process is using '%s'; wait for its end or choose another folder",
                   directory);
}

static void write_holder(int fd)
{
    char holder[24];
    int length = snprintf(holder, sizeof holder, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0 && pwrite(fd, holder, (size_t)length, 0) < 0)
        errno = 0; /* only the message of a second run is poorer for it */
}

/* Whether the file that is locked is still the one of that name: its holder may have removed it. */
static bool is_current(int fd, const char *path)
{
    struct stat ours, named;
    return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_dev == named.st_dev &&
           ours.st_ino == named.st_ino;
}

/*
 * Opens and locks the file, `how` being LOCK_EX or LOCK_SH; -1 and errno where that fails.
 * `*opened` is then what was opened.
 */
static int lock_file(const char *path, int how, int *opened)
{
    for (;;) {
        int fd = *opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0 && how == LOCK_SH)
            fd = *opened = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || flock(fd, how | LOCK_NB) != 0)
            return -1;
        if (is_current(fd, path))
            return fd;
        close(fd);
    }
}

static bw_status lock_folder(bw_lock *lock, const char *directory, int how, bw_error *error)
{
    *lock = (bw_lock){.file = -1};
    if (asprintf(&lock->path, "%s/run.lock", directory) < 0) {
        lock->path = NULL;
        return bw_fail_memory(error, strlen(directory), "a file name");
    }
    int opened;
    lock->file = lock_file(lock->path, how, &opened);
    if (lock->file >= 0)
        return BW_OK;
    bool unwritable = opened < 0 && (errno == EACCES || errno == EROFS || errno == ENOENT);
    if (how == LOCK_SH && unwritable)
        return BW_OK;
    bw_status status = opened >= 0 && errno == EWOULDBLOCK
                           ? refuse(opened, directory, error)
                           : bw_fail_errno(error, "lock", lock->path);
    if (opened >= 0)
        close(opened);
    bw_lock_release(lock);
    return status;
}

bw_status bw_lock_take(bw_lock *lock, const char *directory, bw_error *error)
{
    bw_status status = lock_folder(lock, directory, LOCK_EX, error);
    if (status == BW_OK)
        write_holder(lock->file);
    return status;
}

/* A killed writer's number would be told to the next one as that of who holds the lock. */
bw_status bw_lock_share(bw_lock *lock, const char *directory, bw_error *error)
{
    bw_status status = lock_folder(lock, directory, LOCK_SH, error);
    if (status == BW_OK && lock->file >= 0 && ftruncate(lock->file, 0) != 0)
        errno = 0; /* only that message is wrong then */
    return status;
}

void bw_lock_release(bw_lock *lock)
{
    if (lock->file >= 0) {
        if (flock(lock->file, LOCK_EX | LOCK_NB) == 0)
            unlink(lock->path);
        close(lock->file);
    }
    free(lock->path);
    *lock = (bw_lock){.file = -1};
}
