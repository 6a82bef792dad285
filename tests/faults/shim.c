/**
 * System calls that fail, for tests: a library to be preloaded into a program (LD_PRELOAD). It
 * counts the calls that change files below one folder, and makes one of them fail, or all from one
 * on.
 *
 *     BW_FAULT_UNDER   the folder; calls for other files are neither counted nor touched
 *     BW_FAULT_CALL    which call: write, pwrite, fsync, fdatasync, syncfs, open, fopen, fflush,
 *                      fclose, close, rename, ftruncate, mkdir, look (open, to read), enter (open,
 *                      what must be a folder), read
 *     BW_FAULT_AT      the number of the first that fails, from 1; 0 or absent: none
 *     BW_FAULT_HOW     the number of the error, or "short": half of the bytes are written,
 *                      or "stop": the process stops (SIGSTOP) before the call
 *     BW_FAULT_LASTS   present: all later ones fail, too
 *     BW_FAULT_LOG     a file that tells the counts at the end, "write 12", and "failed 1",
 *                      and the first file of a call that failed, on a line of its own
 *
 * Files without a name do not count. Calls that the C library makes inside (those of stdio) are not
 * seen, but fopen, fflush and fclose are. SQLite's are seen: it calls through the C library.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The build hides what is not marked. */
#pragma GCC visibility push(default)

typedef enum call {
    WRITE,
    PWRITE,
    FSYNC,
    FDATASYNC,
    SYNCFS,
    OPEN,
    FOPEN,
    FFLUSH,
    FCLOSE,
    CLOSE,
    RENAME,
    FTRUNCATE,
    MKDIR,
    LOOK,
    ENTER,
    READ,
    CALLS
} call;

static const char *const names[CALLS] = {
    [WRITE] = "write",   [PWRITE] = "pwrite", [FSYNC] = "fsync",   [FDATASYNC] = "fdatasync",
    [SYNCFS] = "syncfs", [OPEN] = "open",     [FOPEN] = "fopen",   [FFLUSH] = "fflush",
    [FCLOSE] = "fclose", [CLOSE] = "close",   [RENAME] = "rename", [FTRUNCATE] = "ftruncate",
    [MKDIR] = "mkdir",   [LOOK] = "look",     [ENTER] = "enter",   [READ] = "read",
};

static atomic_int counts[CALLS], failures;
static char victim[PATH_MAX]; /* the file of the first call that failed */

/* The C library's own function of that name. */
static void find(void *function, const char *name)
{
    *(void **)function = dlsym(RTLD_NEXT, name);
    if (!*(void **)function)
        abort();
}

/* ---- Which call fails ----------------------------------------------------------------------- */

static bool is_under(const char *path)
{
    const char *folder = getenv("BW_FAULT_UNDER");
    return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static bool holds_file_under(int fd)
{
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    return is_under(path) && !strstr(path, " (deleted)");
}

static void note_victim(int fd, const char *path)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = path ? -1 : readlink(link, victim, sizeof victim - 1);
    if (path)
        snprintf(victim, sizeof victim, "%s", path);
    else
        victim[length > 0 ? length : 0] = '\0';
}

/* Counts a call for a descriptor or a path; true where it is to fail. */
static bool fails(call which, int fd, const char *path)
{
    int number = atomic_fetch_add(&counts[which], 1) + 1;
    const char *chosen = getenv("BW_FAULT_CALL"), *at = getenv("BW_FAULT_AT");
    if (!chosen || !at || strcmp(chosen, names[which]) != 0 || atoi(at) < 1)
        return false;
    if (number != atoi(at) && !(number > atoi(at) && getenv("BW_FAULT_LASTS")))
        return false;
    if (atomic_fetch_add(&failures, 1) == 0)
        note_victim(fd, path);
    const char *how = getenv("BW_FAULT_HOW");
    if (how && strcmp(how, "stop") == 0) {
        raise(SIGSTOP);
        return false;
    }
    return true;
}

static bool is_short(void)
{
    const char *how = getenv("BW_FAULT_HOW");
    return how && strcmp(how, "short") == 0;
}

static int set_error(void)
{
    const char *how = getenv("BW_FAULT_HOW");
    errno = how ? atoi(how) : EIO;
    return -1;
}

__attribute__((destructor)) static void tell(void)
{
    const char *log = getenv("BW_FAULT_LOG");
    int fd = -1;
    int (*real)(const char *, int, ...);
    find(&real, "open");
    if (log)
        fd = real(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    for (int which = 0; fd >= 0 && which < CALLS; which++)
        dprintf(fd, "%s %d\n", names[which], atomic_load(&counts[which]));
    if (fd >= 0)
        dprintf(fd, "failed %d\n%s\n", atomic_load(&failures), victim);
}

/* ---- Calls by descriptor -------------------------------------------------------------------- */

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t (*real)(int, const void *, size_t);
    find(&real, "write");
    if (!holds_file_under(fd) || !fails(WRITE, fd, NULL))
        return real(fd, bytes, size);
    return is_short() ? real(fd, bytes, size / 2 + 1) : set_error();
}

ssize_t read(int fd, void *bytes, size_t size)
{
    ssize_t (*real)(int, void *, size_t);
    find(&real, "read");
    if (!holds_file_under(fd) || !fails(READ, fd, NULL))
        return real(fd, bytes, size);
    return is_short() ? real(fd, bytes, size / 2 + 1) : set_error();
}

static ssize_t write_at(const char *name, int fd, const void *bytes, size_t size, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t);
    find(&real, name);
    if (!holds_file_under(fd) || !fails(PWRITE, fd, NULL))
        return real(fd, bytes, size, offset);
    return is_short() ? real(fd, bytes, size / 2 + 1, offset) : set_error();
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    return write_at("pwrite", fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    return write_at("pwrite64", fd, bytes, size, offset);
}

static int by_descriptor(call which, int fd)
{
    int (*real)(int);
    find(&real, names[which]);
    return holds_file_under(fd) && fails(which, fd, NULL) ? set_error() : real(fd);
}

int fsync(int fd)
{
    return by_descriptor(FSYNC, fd);
}

int fdatasync(int fd)
{
    return by_descriptor(FDATASYNC, fd);
}

int syncfs(int fd)
{
    return by_descriptor(SYNCFS, fd);
}

/* The descriptor is closed whatever close says. */
int close(int fd)
{
    int (*real)(int);
    find(&real, "close");
    bool failing = holds_file_under(fd) && fails(CLOSE, fd, NULL);
    int result = real(fd);
    return failing ? set_error() : result;
}

static int truncate_to(const char *name, int fd, off_t size)
{
    int (*real)(int, off_t);
    find(&real, name);
    return holds_file_under(fd) && fails(FTRUNCATE, fd, NULL) ? set_error() : real(fd, size);
}

int ftruncate(int fd, off_t size)
{
    return truncate_to("ftruncate", fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return truncate_to("ftruncate64", fd, size);
}

/* ---- Calls by path -------------------------------------------------------------------------- */

static int open_path(const char *name, const char *path, int flags, mode_t mode)
{
    int (*real)(const char *, int, ...);
    find(&real, name);
    call which = (flags & O_ACCMODE) != O_RDONLY ? OPEN : flags & O_DIRECTORY ? ENTER : LOOK;
    return is_under(path) && fails(which, -1, path) ? set_error() : real(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_path("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_path("open64", path, flags, mode);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);
    find(&real, "rename");
    return is_under(to) && fails(RENAME, -1, to) ? set_error() : real(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    int (*real)(const char *, mode_t);
    find(&real, "mkdir");
    return is_under(path) && fails(MKDIR, -1, path) ? set_error() : real(path, mode);
}

/* ---- Streams -------------------------------------------------------------------------------- */

static FILE *open_stream(const char *name, const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *);
    find(&real, name);
    if (!is_under(path) || mode[0] == 'r' || !fails(FOPEN, -1, path))
        return real(path, mode);
    set_error();
    return NULL;
}

FILE *fopen(const char *path, const char *mode)
{
    return open_stream("fopen", path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    return open_stream("fopen64", path, mode);
}

int fflush(FILE *file)
{
    int (*real)(FILE *);
    find(&real, "fflush");
    return file && holds_file_under(fileno(file)) && fails(FFLUSH, fileno(file), NULL) ? set_error()
                                                                                       : real(file);
}

int fclose(FILE *file)
{
    int (*real)(FILE *);
    find(&real, "fclose");
    bool failing = holds_file_under(fileno(file)) && fails(FCLOSE, fileno(file), NULL);
    int result = real(file);
    return failing ? set_error() : result;
}
