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

#include "base/file.h"
#include "base/path.h"
#include "input/archive.h"
#include "pipeline/expand.h"
#include "pipeline/list_remote.h"

enum { LONGEST_PATH = 8192, POLL_MILLISECONDS = 200 };

typedef struct lister {
    const bw_list_options *options;
    const bw_sources *sources;
    const char *base; /* the URL of the list that is being read; NULL for none */
} lister;

/* ---- Files, folders and patterns ------------------------------------------------------------ */

static bool visit_path(const lister *state, bw_found *found, bool named)
{
    bool archive = named && bw_archive_is(found->path);
    bool video = !found->problem && bw_walk_is_video(found->path, named);
    found->container = archive || video;
    if (!found->container || state->options->closed)
        return state->options->visit(state->options->context, found);
    return archive ? bw_expand_archive(state->options, found)
                   : bw_expand_video(state->options, &state->sources->frames, found);
}

static bool visit_walked(void *context, const char *path, const char *name, const bw_error *problem)
{
    bw_found found = {.path = path, .name = name, .problem = problem, .frame = BW_NO_FRAME};
    return visit_path(context, &found, false);
}

static bool visit_list_url(lister *state, const char *url);

/* What a list in a network names is in a network: it opens no file of this machine. */
static bool visit_listed_url(lister *state, const char *line)
{
    bw_arena arena = {0};
    const char *url = bw_url_resolve(&arena, state->base, line);
    bool on = url && bw_list_visit_remote(state->options, state->sources, url);
    bw_arena_free(&arena);
    return on;
}

/* A path that was named itself: only such ones can be archives. */
static bool visit_source(lister *state, const char *path)
{
    if (state->base)
        return visit_listed_url(state, path);
    if (bw_url_is_remote(path))
        return bw_list_is_remote_list(path)
                   ? visit_list_url(state, path)
                   : bw_list_visit_remote(state->options, state->sources, path);
    if (bw_is_folder(path))
        return bw_walk(path, visit_walked, state);
    const char *name = bw_base_name(path);
    bw_found found = {.path = path, .name = *name ? name : path, .frame = BW_NO_FRAME};
    return visit_path(state, &found, true);
}

static bool is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

bool bw_list_exists(const char *path)
{
    glob_t matches;
    if (is_there(path) || bw_url_is_remote(path))
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
    if (bw_url_is_remote(path) || is_there(path) || glob(path, 0, NULL, &matches) != 0)
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
    if (!state->sources->null_separated && length > 0 && line->path[length - 1] == '\r')
        length--;
    line->path[length] = '\0';
    if (length == 0)
        return true;
    if (!too_long)
        return visit_source(state, line->path);
    bw_error problem;
    bw_fail(&problem, BW_ERROR_LIMIT, "a path in the list has over %d bytes", LONGEST_PATH - 1);
    line->path[64] = '\0';
    return visit_walked(state, line->path, line->path, &problem);
}

static bool take_bytes(lister *state, list_line *line, const char *bytes, size_t size)
{
    char end = state->sources->null_separated ? '\0' : '\n';
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == end) {
            if (!visit_line(state, line))
                return false;
        } else if (state->sources->null_separated || bytes[i] != '\0') {
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

static bool visit_list_url(lister *state, const char *url)
{
    size_t size;
    if (state->options->closed)
        return bw_list_visit_unopened(state->options, url, NULL);
    uint8_t *bytes = bw_list_read_remote(state->options, state->sources, url, &size);
    if (!bytes)
        return false;
    list_line line = {.length = 0};
    state->base = url;
    bool on = take_bytes(state, &line, (const char *)bytes, size) && visit_line(state, &line);
    state->base = NULL;
    free(bytes);
    return on;
}

static bool visit_list_file(lister *state, const char *path)
{
    if (bw_url_is_remote(path))
        return visit_list_url(state, path);
    if (strcmp(path, "-") == 0)
        return visit_list(state, STDIN_FILENO);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        bw_error problem;
        bw_fail_errno(&problem, "open the list", path);
        return visit_walked(state, path, path, &problem);
    }
    bool on = visit_list(state, file);
    close(file);
    return on;
}

bool bw_list_sources(const bw_sources *sources, const bw_list_options *options)
{
    lister state = {options, sources, NULL};
    for (int i = 0; i < sources->count; i++) {
        bool is_list = strcmp(sources->paths[i], "-") == 0;
        if (!(is_list ? visit_list(&state, STDIN_FILENO)
                      : visit_operand(&state, sources->paths[i])))
            return false;
    }
    return !sources->list || visit_list_file(&state, sources->list);
}

bool bw_list_may_be_remote(const bw_sources *sources)
{
    for (int i = 0; i < sources->count; i++)
        if (strcmp(sources->paths[i], "-") == 0 || bw_url_is_remote(sources->paths[i]))
            return true;
    return sources->list;
}

bool bw_list_is_countable(const bw_sources *sources)
{
    struct stat status;
    for (int i = 0; i < sources->count; i++)
        if (strcmp(sources->paths[i], "-") == 0)
            return false;
    return !sources->list || (stat(sources->list, &status) == 0 && S_ISREG(status.st_mode));
}
