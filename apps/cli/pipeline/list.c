#include "pipeline/list.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/archive.h"

enum { LONGEST_PATH = 8192, POLL_MILLISECONDS = 200 };

typedef struct lister {
    const bw_list_options *options;
    bool null_separated;
} lister;

static bool visit(const lister *state, const bw_found *found)
{
    return state->options->visit(state->options->context, found);
}

/* ---- Archives ------------------------------------------------------------------------------- */

static bw_status read_member(void *reader, uint8_t **bytes, size_t *size, bw_error *error)
{
    return bw_archive_read(reader, bytes, size, error);
}

/* `name` is that of the archive. */
static bool visit_member(const lister *state, const bw_found *archive, bw_archive *reader,
                         bw_member *member)
{
    char *path;
    if (asprintf(&path, "%s/%s", archive->path, member->name) < 0)
        return false;
    bool usable = member->problem.status == BW_OK;
    if (!usable)
        bw_fail_prefix(&member->problem, member->problem.status, "%s", path);
    bw_found found = {.path = path,
                      .name = path + (archive->name - archive->path),
                      .source = archive->path,
                      .problem = usable ? NULL : &member->problem,
                      .read = usable ? read_member : NULL,
                      .reader = reader};
    bool on = visit(state, &found);
    free(path);
    return on;
}

static bool visit_damaged(const lister *state, const bw_found *archive, const bw_error *problem)
{
    bw_found found = *archive;
    found.problem = problem;
    return visit(state, &found);
}

static bool visit_archive(const lister *state, const bw_found *archive)
{
    bw_archive *reader;
    bw_member member;
    bw_error error;
    bw_limits limits;
    bw_limits_init(&limits);
    bool on = true;
    if (bw_archive_open(&reader, archive->path, limits.image_bytes, &error) != BW_OK)
        return visit_damaged(state, archive, &error);
    do {
        if (bw_archive_next(reader, &member, state->options->stopped, state->options->context,
                            &error) != BW_OK) {
            bw_fail_prefix(&error, error.status, "%s", archive->path);
            on = visit_damaged(state, archive, &error);
            break;
        }
        if (member.name)
            on = visit_member(state, archive, reader, &member);
    } while (on && member.name);
    bw_archive_close(&reader);
    return on && !state->options->stopped(state->options->context);
}

/* ---- Files, folders and patterns ------------------------------------------------------------ */

static bool visit_file(void *context, const char *path, const char *name, const bw_error *problem)
{
    bw_found found = {.path = path, .name = name, .problem = problem};
    return visit(context, &found);
}

/* A path that was named itself: only such ones can be archives. */
static bool visit_source(lister *state, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return bw_walk(path, visit_file, state);
    const char *slash = strrchr(path, '/');
    bw_found found = {.path = path, .name = slash && slash[1] ? slash + 1 : path};
    found.container = bw_archive_is(path);
    return found.container && !state->options->closed ? visit_archive(state, &found)
                                                      : visit(state, &found);
}

static bool is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

bool bw_list_exists(const char *path)
{
    glob_t matches;
    if (is_there(path))
        return true;
    bool found = glob(path, GLOB_NOSORT, NULL, &matches) == 0;
    if (found)
        globfree(&matches);
    return found;
}

/* A path that does not exist is taken as a pattern; one that nothing matches as itself. */
static bool visit_operand(lister *state, const char *path)
{
    glob_t matches;
    if (is_there(path) || glob(path, 0, NULL, &matches) != 0)
        return visit_source(state, path);
    bool on = true;
    for (size_t i = 0; on && i < matches.gl_pathc; i++)
        on = visit_source(state, matches.gl_pathv[i]);
    globfree(&matches);
    return on;
}

/* ---- Lists ---------------------------------------------------------------------------------- */

/* A path being put together from what was read; `length` counts what does not fit, too. */
typedef struct list_line {
    char path[LONGEST_PATH];
    size_t length;
} list_line;

static bool visit_line(lister *state, list_line *line)
{
    bool too_long = line->length >= LONGEST_PATH;
    size_t length = too_long ? LONGEST_PATH - 1 : line->length;
    line->length = 0;
    if (!state->null_separated && length > 0 && line->path[length - 1] == '\r')
        length--;
    line->path[length] = '\0';
    if (length == 0)
        return true;
    if (!too_long)
        return visit_source(state, line->path);
    bw_error problem;
    bw_fail(&problem, BW_ERROR_LIMIT, "a path in the list has over %d bytes", LONGEST_PATH - 1);
    line->path[64] = '\0';
    return visit_file(state, line->path, line->path, &problem);
}

static bool take_bytes(lister *state, list_line *line, const char *bytes, size_t size)
{
    char end = state->null_separated ? '\0' : '\n';
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == end) {
            if (!visit_line(state, line))
                return false;
        } else if (state->null_separated || bytes[i] != '\0') {
            if (line->length < LONGEST_PATH)
                line->path[line->length] = bytes[i];
            line->length++;
        }
    }
    return true;
}

/* Reads what there is, as soon as there is some. 0 at the end, -1 when stopped or on an error. */
static ssize_t read_some(const lister *state, int file, char *bytes, size_t size)
{
    struct pollfd input = {.fd = file, .events = POLLIN};
    for (;;) {
        if (state->options->stopped(state->options->context))
            return -1;
        int ready = poll(&input, 1, POLL_MILLISECONDS);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        ssize_t got = read(file, bytes, size);
        if (got >= 0 || errno != EINTR)
            return got;
    }
}

static bool visit_list(lister *state, int file)
{
    list_line line = {.length = 0};
    char bytes[4096];
    ssize_t got;
    while ((got = read_some(state, file, bytes, sizeof bytes)) > 0)
        if (!take_bytes(state, &line, bytes, (size_t)got))
            return false;
    return got == 0 && visit_line(state, &line);
}

static bool visit_list_file(lister *state, const char *path)
{
    if (strcmp(path, "-") == 0)
        return visit_list(state, STDIN_FILENO);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        bw_error problem;
        bw_fail_errno(&problem, "open the list", path);
        return visit_file(state, path, path, &problem);
    }
    bool on = visit_list(state, file);
    close(file);
    return on;
}

bool bw_list_sources(const bw_sources *sources, const bw_list_options *options)
{
    lister state = {options, sources->null_separated};
    for (int i = 0; i < sources->count; i++) {
        bool is_list = strcmp(sources->paths[i], "-") == 0;
        if (!(is_list ? visit_list(&state, STDIN_FILENO)
                      : visit_operand(&state, sources->paths[i])))
            return false;
    }
    return !sources->list || visit_list_file(&state, sources->list);
}

bool bw_list_is_countable(const bw_sources *sources)
{
    struct stat status;
    for (int i = 0; i < sources->count; i++)
        if (strcmp(sources->paths[i], "-") == 0)
            return false;
    return !sources->list || (stat(sources->list, &status) == 0 && S_ISREG(status.st_mode));
}
