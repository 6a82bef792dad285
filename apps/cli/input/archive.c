#include "input/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/path.h"
#include "pipeline/walk.h"

enum { BLOCK_BYTES = 1 << 16, FIRST_CAPACITY = 1 << 16, MOST_EXPANSION = 200 };
#define FREE_EXPANSION ((uint64_t)1 << 30)

struct bw_archive {
    struct archive *reader;
    struct archive_entry *entry; /* where it stands; libarchive's */
    locale_t locale;             /* names are UTF-8, whatever the program's own locale */
    int file;
    bool compressed; /* as a whole, so that passing over bytes means to expand them */
    bool expanded;   /* the entry's content was read or passed over */
    bool any;        /* there was an entry */
    uint64_t file_bytes, limit;
    uint64_t content_bytes; /* expanded so far */
    char *name;
    size_t capacity;
};

bool bw_archive_is(const char *path)
{
    static const char *const suffixes[] = {
        ".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", NULL,
    };
    return bw_has_any_suffix(path, suffixes);
}

/* ---- Opening -------------------------------------------------------------------------------- */

static const char *reason(const bw_archive *archive)
{
    const char *text = archive_error_string(archive->reader);
    return text ? text : "damaged";
}

static bw_status open_file(bw_archive *archive, const char *path, bw_error *error)
{
    struct stat status;
    archive->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (archive->file < 0 || fstat(archive->file, &status) != 0)
        return bw_fail_errno(error, "open", path);
    if (!S_ISREG(status.st_mode))
        return bw_fail(error, BW_ERROR_IO, "'%s' is not a regular file", path);
    archive->file_bytes = (uint64_t)status.st_size;
    return BW_OK;
}

static bw_status open_reader(bw_archive *archive, const char *path, bw_error *error)
{
    archive->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    archive->reader = archive_read_new();
    if (!archive->reader || !archive->locale)
        return bw_fail_memory(error, BLOCK_BYTES, "an archive");
    archive_read_support_format_tar(archive->reader);
    archive_read_support_format_zip(archive->reader);
    archive_read_support_filter_gzip(archive->reader);
    archive_read_support_filter_bzip2(archive->reader);
    archive_read_support_filter_xz(archive->reader);
    archive_read_support_filter_zstd(archive->reader);
    if (archive_read_open_fd(archive->reader, archive->file, BLOCK_BYTES) != ARCHIVE_OK)
        return bw_fail(error, BW_ERROR_FORMAT, "'%s' cannot be read as a tar or zip archive: %s",
                       path, reason(archive));
    int filters = archive_filter_count(archive->reader);
    archive->compressed = filters > 1;
    if (filters > 2)
        return bw_fail(error, BW_ERROR_LIMIT,
                       "'%s' is compressed %d times over; unpack it to what it contains", path,
                       filters - 1);
    return BW_OK;
}

bw_status bw_archive_open(bw_archive **out, const char *path, uint64_t limit, bw_error *error)
{
    bw_archive *archive = *out = calloc(1, sizeof *archive);
    if (!archive)
        return bw_fail_memory(error, sizeof *archive, "an archive");
    archive->limit = limit;
    bw_status status = open_file(archive, path, error);
    if (status == BW_OK)
        status = open_reader(archive, path, error);
    if (status != BW_OK)
        bw_archive_close(out);
    return status;
}

void bw_archive_close(bw_archive **archive)
{
    if (!archive || !*archive)
        return;
    if ((*archive)->reader)
        archive_read_free((*archive)->reader);
    if ((*archive)->locale)
        freelocale((*archive)->locale);
    if ((*archive)->file >= 0)
        close((*archive)->file);
    free((*archive)->name);
    free(*archive);
    *archive = NULL;
}

/* ---- Names ---------------------------------------------------------------------------------- */

static bool is_nothing(const char *part, size_t length)
{
    return length == 0 || (length == 1 && part[0] == '.') ||
           (length == 2 && part[0] == '.' && part[1] == '.');
}

/*
 * Copies a member's path without what would lead out of the archive. `*hidden` tells whether some
 * part begins with a dot. False when there is no memory.
 */
static bool clean_name(bw_archive *archive, const char *path, bool *hidden)
{
    if (!bw_array_reserve((void **)&archive->name, &archive->capacity, strlen(path) + 1, 1))
        return false;
    char *end = archive->name;
    *hidden = false;
    for (size_t length; *path; path += length + (path[length] == '/')) {
        length = strcspn(path, "/");
        if (is_nothing(path, length))
            continue;
        *hidden |= path[0] == '.';
        if (end != archive->name)
            *end++ = '/';
        memcpy(end, path, length);
        end += length;
    }
    *end = '\0';
    return true;
}

/* The member's path: UTF-8 where the archive says what its bytes mean, its bytes as they are else.
 */
static const char *entry_name(const bw_archive *archive)
{
    const char *name = archive_entry_pathname(archive->entry);
    if (!name)
        name = archive_entry_pathname_utf8(archive->entry);
    return name ? name : "";
}

/* ---- Going on ------------------------------------------------------------------------------- */

/* Refuses an archive whose content outgrows it: a bomb. */
static bw_status check_expansion(const bw_archive *archive, bw_error *error)
{
    uint64_t expanded = archive->content_bytes;
    if (archive->compressed)
        expanded = (uint64_t)archive_filter_bytes(archive->reader, 0);
    if (expanded <= FREE_EXPANSION || expanded / MOST_EXPANSION <= archive->file_bytes)
        return BW_OK;
    return bw_fail(error, BW_ERROR_LIMIT,
                   "the archive unpacks to over %d times its size, as no archive of pictures "
                   "does; the rest of it is left out",
                   MOST_EXPANSION);
}

/* Passes over an entry block by block, so that a huge one can be left, and told from a bomb. */
static bw_status pass_over(bw_archive *archive, bw_archive_stopped *stopped, void *context,
                           bw_error *error)
{
    const void *block;
    size_t bytes;
    la_int64_t offset;
    if (!archive->entry || archive->expanded || !archive->compressed)
        return BW_OK;
    while (archive_read_data_block(archive->reader, &block, &bytes, &offset) == ARCHIVE_OK) {
        if (stopped(context))
            return BW_OK;
        bw_status status = check_expansion(archive, error);
        if (status != BW_OK)
            return status;
    }
    return BW_OK;
}

static bw_status check_entry(const bw_archive *archive, bw_error *problem)
{
    struct archive_entry *entry = archive->entry;
    if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) == AE_IFLNK)
        return bw_fail(problem, BW_ERROR_UNSUPPORTED,
                       "is a link, which is not followed inside an archive");
    if (archive_entry_filetype(entry) != AE_IFREG)
        return bw_fail(problem, BW_ERROR_FORMAT, "is not a regular file");
    if (archive_entry_is_encrypted(entry))
        return bw_fail(problem, BW_ERROR_UNSUPPORTED,
                       "is encrypted; unpack the archive with its password first");
    if (archive_entry_size_is_set(entry) && (uint64_t)archive_entry_size(entry) > archive->limit)
        return bw_fail(
            problem, BW_ERROR_LIMIT, "claims %llu bytes, more than the limit of %llu for a picture",
            (unsigned long long)archive_entry_size(entry), (unsigned long long)archive->limit);
    problem->status = BW_OK;
    return BW_OK;
}

/* Describes the entry that was met; a name of NULL means that it is not looked for. */
static bw_status describe_entry(bw_archive *archive, bw_member *member, bw_error *error)
{
    bool hidden;
    member->name = NULL;
    if (archive_entry_filetype(archive->entry) == AE_IFDIR)
        return BW_OK;
    if (!clean_name(archive, entry_name(archive), &hidden))
        return bw_fail_memory(error, BLOCK_BYTES, "a name in an archive");
    if (hidden || !bw_walk_is_picture(archive->name))
        return BW_OK;
    member->name = archive->name;
    check_entry(archive, &member->problem);
    return BW_OK;
}

static bw_status next_entry(bw_archive *archive, bool *at_end, bw_error *error)
{
    int result;
    do
        result = archive_read_next_header(archive->reader, &archive->entry);
    while (result == ARCHIVE_RETRY);
    *at_end = result == ARCHIVE_EOF;
    archive->expanded = false;
    if (*at_end && !archive->any)
        return bw_fail(error, BW_ERROR_FORMAT, "the archive is empty: it holds no file at all");
    archive->any = true;
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN || result == ARCHIVE_EOF)
        return BW_OK;
    archive->entry = NULL;
    return bw_fail(error, BW_ERROR_FORMAT,
                   "the archive is damaged or cut off, and what follows is lost: %s",
                   reason(archive));
}

static bw_status find_picture(bw_archive *archive, bw_member *member, bw_archive_stopped *stopped,
                              void *context, bw_error *error)
{
    bw_status status;
    bool at_end = false;
    member->name = NULL;
    do {
        status = pass_over(archive, stopped, context, error);
        if (status == BW_OK)
            status = check_expansion(archive, error);
        if (status != BW_OK || stopped(context))
            return status;
        status = next_entry(archive, &at_end, error);
        if (status == BW_OK && !at_end)
            status = describe_entry(archive, member, error);
    } while (status == BW_OK && !at_end && !member->name);
    return status;
}

bw_status bw_archive_next(bw_archive *archive, bw_member *member, bw_archive_stopped *stopped,
                          void *context, bw_error *error)
{
    locale_t before = uselocale(archive->locale);
    bw_status status = find_picture(archive, member, stopped, context, error);
    uselocale(before);
    return status;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Reads until the entry ends or `limit` is passed. */
static bw_status read_entry(bw_archive *archive, uint8_t **bytes, size_t *size, bw_error *error)
{
    size_t capacity = 0;
    la_ssize_t got;
    if (archive_entry_size_is_set(archive->entry))
        capacity = (size_t)archive_entry_size(archive->entry) + 1;
    if (capacity > FREE_EXPANSION || capacity < FIRST_CAPACITY || capacity > archive->file_bytes)
        capacity = FIRST_CAPACITY;
    *bytes = malloc(capacity);
    do {
        if (!*bytes || !bw_array_reserve((void **)bytes, &capacity, *size + 1, 1))
            return bw_fail_memory(error, capacity, "a picture in an archive");
        got = archive_read_data(archive->reader, *bytes + *size, capacity - *size);
        *size += got > 0 ? (size_t)got : 0;
        if (*size > archive->limit)
            return bw_fail(error, BW_ERROR_LIMIT, "unpacks to more than the limit of %llu bytes",
                           (unsigned long long)archive->limit);
    } while (got > 0 || got == ARCHIVE_RETRY);
    if (got == 0)
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT, "is damaged or cut off in the archive: %s",
                   reason(archive));
}

bw_status bw_archive_read(bw_archive *archive, uint8_t **bytes, size_t *size, bw_error *error)
{
    *bytes = NULL;
    *size = 0;
    archive->expanded = true;
    bw_status status = read_entry(archive, bytes, size, error);
    archive->content_bytes += *size;
    if (status == BW_OK)
        return BW_OK;
    free(*bytes);
    *bytes = NULL;
    return status;
}
