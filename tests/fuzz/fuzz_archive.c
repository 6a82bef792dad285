/**
 * Reads any bytes as an archive of pictures, with each way to go on: reading each picture or
 * passing over it, to the end or until it is stopped.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "input/archive.h"
#include "pipeline/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 1 << 16, MOST_MEMBERS = 64, MOST_QUESTIONS = 4096 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Archives are opened by name; this is that of a file in memory. */
static int make_file(char *path, size_t path_size, const uint8_t *data, size_t size)
{
    int file = memfd_create("archive", MFD_CLOEXEC);
    require(file >= 0 && write(file, data, size) == (ssize_t)size);
    snprintf(path, path_size, "/proc/self/fd/%d", file);
    return file;
}

static bool stopped(void *context)
{
    int *questions = context;
    return ++*questions > MOST_QUESTIONS;
}

/* No part of a name is empty, hidden, or leads up; the whole looks like a picture's. */
static void check_name(const char *name)
{
    require(bw_walk_is_picture(name));
    for (;;) {
        size_t length = strcspn(name, "/");
        require(length > 0 && name[0] != '.');
        if (name[length] == '\0')
            return;
        name += length + 1;
    }
}

static void read_member(bw_archive *archive)
{
    uint8_t *bytes;
    size_t size;
    bw_error error;
    if (bw_archive_read(archive, &bytes, &size, &error) == BW_OK) {
        require(bytes && size <= LIMIT);
        free(bytes);
    } else {
        require(!bytes && error.message[0] != '\0');
    }
}

/* Reads each picture, or, with a step of 2, every other one. */
static void walk(const char *path, int step)
{
    bw_archive *archive;
    bw_member member;
    bw_error error;
    int questions = 0;
    bw_status status = bw_archive_open(&archive, path, LIMIT, &error);
    require((status == BW_OK) == (archive != NULL));
    for (int i = 0; status == BW_OK && i < MOST_MEMBERS; i++) {
        status = bw_archive_next(archive, &member, stopped, &questions, &error);
        if (status != BW_OK || !member.name)
            break;
        check_name(member.name);
        if (member.problem.status == BW_OK && i % step == 0)
            read_member(archive);
    }
    bw_archive_close(&archive);
    require(!archive);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[40];
    int file = make_file(path, sizeof path, data, size);
    walk(path, 1);
    walk(path, 2);
    close(file);
    return 0;
}
