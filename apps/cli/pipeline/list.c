#include "pipeline/list.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_PATH = 8192, POLL_MILLISECONDS = 200 };

typedef struct lister {
    bw_walk_visitor *visit;
    bw_list_stopped *stopped;
    void *context;
    bool null_separated;
} lister;

static bool visit_source(const lister *state, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return bw_walk(path, state->visit, state->context);
    const char *slash = strrchr(path, '/');
    return state->visit(state->context, path, slash && slash[1] ? slash + 1 : path, NULL);
}

/* ---- A list on standard input --------------------------------------------------------------- */

/* A path being put together from what was read; `length` counts what does not fit, too. */
typedef struct list_line {
    char path[LONGEST_PATH];
    size_t length;
} list_line;

static bool visit_line(const lister *state, list_line *line)
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
    return state->visit(state->context, line->path, line->path, &problem);
}

static bool take_bytes(const lister *state, list_line *line, const char *bytes, size_t size)
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
static ssize_t read_some(const lister *state, char *bytes, size_t size)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (;;) {
        if (state->stopped(state->context))
            return -1;
        int ready = poll(&input, 1, POLL_MILLISECONDS);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        ssize_t got = read(STDIN_FILENO, bytes, size);
        if (got >= 0 || errno != EINTR)
            return got;
    }
}

static bool visit_list(const lister *state)
{
    list_line line = {.length = 0};
    char bytes[4096];
    ssize_t got;
    while ((got = read_some(state, bytes, sizeof bytes)) > 0)
        if (!take_bytes(state, &line, bytes, (size_t)got))
            return false;
    return got == 0 && visit_line(state, &line);
}

bool bw_list_sources(const bw_sources *sources, bw_walk_visitor *visit, bw_list_stopped *stopped,
                     void *context)
{
    lister state = {visit, stopped, context, sources->null_separated};
    for (int i = 0; i < sources->count; i++) {
        bool is_list = strcmp(sources->paths[i], "-") == 0;
        if (!(is_list ? visit_list(&state) : visit_source(&state, sources->paths[i])))
            return false;
    }
    return true;
}

bool bw_list_is_countable(const bw_sources *sources)
{
    for (int i = 0; i < sources->count; i++)
        if (strcmp(sources->paths[i], "-") == 0)
            return false;
    return true;
}
