/**
 * Fuzz target of the readers of labels for conversion: the bytes are taken as a file of each format
 * that has one file, and as a label file beside a picture for the others. What is read can be
 * written.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The folder of the files, made once; each is written anew for each input. */
static char root[] = "/dev/shm/bw_fuzz_labels_XXXXXX"; /* in memory: writers wait for disks */

static const char *const names[] = {"x.txt", "x.xml", "x.json", "data.yaml", "x.bmp"};

static void remove_root(void)
{
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", root, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/annotations.csv", root);
    unlink(path);
    rmdir(root);
}

static void write_one(const char *name, const void *bytes, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    if (bw_write_file(path, bytes, size, NULL) != BW_OK)
        exit(1);
}

static void make_root(void)
{
    static const uint8_t picture[] = {
        'B', 'M', [10] = 54, [14] = 40, [18] = 8, [22] = 8, [26] = 1, [28] = 24, [300] = 0};
    if (!mkdtemp(root))
        exit(1);
    atexit(remove_root);
    write_one("x.bmp", picture, sizeof picture);
}

static void read_as(const char *format, const char *name)
{
    char path[128];
    bw_labels *labels;
    bw_labels_info info;
    bw_error error = {0};
    bw_labels_options options = {.format = format, .images = root};
    snprintf(path, sizeof path, "%s%s%s", root, *name ? "/" : "", name);
    bw_status status = bw_labels_read(&labels, path, &options, &error);
    if (status != BW_OK && (!error.message[0] || error.status != status))
        abort();
    if (status != BW_OK)
        return;
    bw_labels_describe(labels, &info);
    if (!info.format || (info.boxes > 0 && info.classes < 1))
        abort();
    if (bw_labels_track(labels, NULL, &error) != BW_OK ||
        bw_labels_write(labels, "csv", root, NULL, &error) != BW_OK) {
        fprintf(stderr, "%s: %s\n", format, error.message);
        abort();
    }
    bw_labels_close(&labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool made;
    bw_format_info format;
    if (!made)
        make_root();
    made = true;
    for (size_t i = 0; i < 4; i++)
        write_one(names[i], data, size);
    for (int i = 0; bw_format_describe(i, &format); i++)
        read_as(format.name, format.suffix ? "" : "x.json");
    read_as(NULL, "x.xml");
    return 0;
}
