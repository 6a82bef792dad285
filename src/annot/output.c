#include "annot/output.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annot/writer.h"
#include "base/file.h"

enum { COPY_BYTES = 1 << 16, MOST_STAGED = 1024 };

/* Makes the folders above `path`, which is left as it was. */
static bw_status make_parents(char *path, bw_error *error)
{
    char *slash = strrchr(path, '/');
    *slash = '\0';
    bw_status status = bw_make_folders(path, error);
    *slash = '/';
    return status;
}

bw_status bw_output_open(bw_output *out, const char *directory, const char *name, bw_error *error)
{
    *out = (bw_output){0};
    if (asprintf(&out->path, "%s/%s", directory, name) < 0)
        out->path = NULL;
    if (!out->path || asprintf(&out->temporary, "%s.part", out->path) < 0)
        out->temporary = NULL;
    bw_status status =
        out->temporary ? BW_OK : bw_fail_memory(error, strlen(directory), "a file name");
    if (status == BW_OK && strchr(name, '/'))
        status = make_parents(out->path, error);
    if (status == BW_OK) {
        out->file = fopen(out->temporary, "we");
        status = out->file ? BW_OK : bw_fail_errno(error, "create", out->temporary);
    }
    if (status != BW_OK)
        bw_output_close(out, false, NULL);
    return status;
}

bw_status bw_output_write(bw_output *out, bw_text *text, bw_error *error)
{
    bw_status status = bw_text_check(text, error);
    if (status == BW_OK && text->length > 0 &&
        fwrite(text->bytes, 1, text->length, out->file) != text->length)
        status = bw_fail_errno(error, "write", out->temporary);
    bw_text_clear(text);
    return status;
}

bw_status bw_output_append(bw_output *out, FILE *spool, bw_error *error)
{
    if (fflush(spool) != 0)
        return bw_fail_errno(error, "write", out->temporary);
    rewind(spool);
    char *buffer = malloc(COPY_BYTES);
    if (!buffer)
        return bw_fail_memory(error, COPY_BYTES, "a buffer");
    bw_status status = BW_OK;
    size_t got;
    while (status == BW_OK && (got = fread(buffer, 1, COPY_BYTES, spool)) > 0)
        if (fwrite(buffer, 1, got, out->file) != got)
            status = bw_fail_errno(error, "write", out->temporary);
    if (status == BW_OK && ferror(spool))
        status = bw_fail_errno(error, "read back what belongs into", out->temporary);
    free(buffer);
    return status;
}

bw_status bw_output_close(bw_output *out, bool commit, bw_error *error)
{
    bw_status status = BW_OK;
    if (out->file) {
        assert(out->path && out->temporary);
        bool written = !ferror(out->file);
        if (commit)
            written &= fflush(out->file) == 0 && fsync(fileno(out->file)) == 0;
        written &= fclose(out->file) == 0;
        if (commit && (!written || rename(out->temporary, out->path) != 0))
            status = bw_fail_errno(error, "write", out->path);
        if (!commit || status != BW_OK)
            unlink(out->temporary);
    }
    free(out->path);
    free(out->temporary);
    *out = (bw_output){0};
    return status;
}

bw_status bw_stream_open(void **out, size_t size, const char *directory, const char *name,
                         const bw_writer_options *options, bw_error *error)
{
    bw_stream *stream = calloc(1, size);
    if (!stream)
        return bw_fail_memory(error, size, "an annotation writer");
    stream->directory = directory;
    stream->options = options;
    bw_status status = bw_output_open(&stream->out, directory, name, error);
    if (status != BW_OK) {
        free(stream);
        return status;
    }
    *out = stream;
    return BW_OK;
}

const char *bw_stream_separator(bw_stream *stream)
{
    return stream->count++ ? ",\n" : "[\n";
}

bw_status bw_stream_write(bw_stream *stream, bw_error *error)
{
    return bw_output_write(&stream->out, &stream->text, error);
}

bw_status bw_stream_close(bw_stream *stream, bool commit, bw_error *error)
{
    bw_status status = commit ? bw_stream_write(stream, error) : BW_OK;
    bw_status closed = bw_output_close(&stream->out, commit && status == BW_OK, error);
    bw_text_free(&stream->text);
    free(stream);
    return status == BW_OK ? closed : status;
}

/* A file without a name from the beginning, or, where the file system has no such, soon after. */
static int open_nameless(const char *directory)
{
    int nameless = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (nameless >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return nameless;
    char *path;
    if (asprintf(&path, "%s/waiting-XXXXXX.part", directory) < 0)
        return -1;
    int named = mkostemps(path, (int)strlen(".part"), O_CLOEXEC);
    int code = errno;
    if (named >= 0)
        unlink(path);
    free(path);
    errno = code;
    return named;
}

bw_status bw_spool_open(FILE **out, const char *directory, bw_error *error)
{
    int descriptor = open_nameless(directory);
    *out = descriptor >= 0 ? fdopen(descriptor, "w+") : NULL;
    if (*out)
        return BW_OK;
    bw_status status = bw_fail_errno(error, "create a file in", directory);
    if (descriptor >= 0)
        close(descriptor);
    return status;
}

/* ---- A file for each picture ---------------------------------------------------------------- */

/* Creates the folder of the path unless it is the one of the file before. */
static bw_status make_folder(bw_label_files *files, bw_error *error)
{
    size_t length = (size_t)(strrchr(files->path.bytes, '/') - files->path.bytes);
    if (files->known && strlen(files->known) == length &&
        memcmp(files->known, files->path.bytes, length) == 0)
        return BW_OK;
    if (!bw_array_reserve((void **)&files->known, &files->known_capacity, length + 1, 1))
        return bw_fail_memory(error, length + 1, "the name of a label folder");
    memcpy(files->known, files->path.bytes, length);
    files->known[length] = '\0';
    bw_status status = bw_make_folders(files->known, error);
    if (status != BW_OK)
        files->known[0] = '\0';
    return status;
}

bw_status bw_label_files_place(bw_label_files *files, const char *label, bw_error *error)
{
    if (!bw_label_is_safe(label))
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "the label '%.200s' does not stay below the folder of labels", label);
    bw_text_clear(&files->path);
    bw_text_format(&files->path, "%s/%s/%s%s", files->directory, files->folder, label,
                   files->suffix);
    bw_status status = bw_text_check(&files->path, error);
    return status == BW_OK ? make_folder(files, error) : status;
}

bw_status bw_label_files_write(bw_label_files *files, const char *label, bw_text *text,
                               bw_error *error)
{
    bw_status status = bw_text_check(text, error);
    if (status == BW_OK)
        status = bw_label_files_place(files, label, error);
    if (status == BW_OK)
        status =
            bw_stage_file(&files->staging, files->path.bytes, text->bytes, text->length, error);
    if (status == BW_OK && files->staging.count >= MOST_STAGED)
        status = bw_staging_publish(&files->staging, error);
    bw_text_clear(text);
    return status;
}

void bw_label_files_free(bw_label_files *files)
{
    bw_staging_clear(&files->staging);
    bw_text_free(&files->path);
    free(files->known);
    files->known = NULL;
}

bw_status bw_label_writer_open(bw_label_writer **out, const char *directory, const char *folder,
                               const char *suffix, const bw_writer_options *options,
                               bw_error *error)
{
    bw_label_writer *writer = calloc(1, sizeof *writer);
    *out = writer;
    if (!writer)
        return bw_fail_memory(error, sizeof *writer, "an annotation writer");
    writer->options = options;
    writer->files = (bw_label_files){.directory = directory, .folder = folder, .suffix = suffix};
    return BW_OK;
}

bw_status bw_label_writer_flush(void *state, bw_error *error)
{
    bw_label_writer *writer = state;
    return bw_staging_publish(&writer->files.staging, error);
}

bw_status bw_label_writer_close(void *state, bool commit, bw_error *error)
{
    bw_label_writer *writer = state;
    bw_status status = commit ? bw_label_writer_flush(writer, error) : BW_OK;
    bw_label_files_free(&writer->files);
    bw_text_free(&writer->text);
    free(writer);
    return status;
}
