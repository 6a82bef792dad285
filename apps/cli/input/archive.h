/**
 * Pictures in tar and zip archives, streamed: one member at a time is in memory, and nothing is
 * unpacked to disk. A tar archive may be compressed once by gzip, bzip2, xz or zstd.
 *
 * Archives are untrusted. Members are found by their names, as files in folders are: what is hidden
 * or does not look like a picture is passed over. Names never lead out of the archive. Links,
 * encrypted members and members beyond the limit are refused one by one, an archive that unpacks to
 * over 200 times its size (and over 1 GiB) is refused from there on.
 */
#ifndef BW_CLI_ARCHIVE_H
#define BW_CLI_ARCHIVE_H

#include "base/error.h"

typedef struct bw_archive bw_archive;

/** A picture in an archive. */
typedef struct bw_member {
    const char *name; /* its path inside, without parts that are empty, `.` or `..`; any bytes */
    bw_error problem; /* why it cannot be read; its status is BW_OK where it can */
} bw_member;

/** Asked now and then while bytes are passed over; true ends the archive. */
typedef bool bw_archive_stopped(void *context);

/** Whether a file's name ends as an archive's does: .zip, .tar, .tgz, .tar.gz, … */
bool bw_archive_is(const char *path);

/** Opens an archive whose members may have `limit` bytes each; recognised by its content. */
bw_status bw_archive_open(bw_archive **out, const char *path, uint64_t limit, bw_error *error);

/**
 * Goes to the next picture. `member->name`, valid until the next call, is NULL at the end. Fails
 * where the archive is damaged so that nothing more can be found in it.
 */
bw_status bw_archive_next(bw_archive *archive, bw_member *member, bw_archive_stopped *stopped,
                          void *context, bw_error *error);

/** Reads the picture that the last call went to; the caller frees `*bytes`. */
bw_status bw_archive_read(bw_archive *archive, uint8_t **bytes, size_t *size, bw_error *error);

void bw_archive_close(bw_archive **archive);

#endif
