#include "pipeline/list_remote.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "input/archive.h"

/* The objects below a prefix being visited. */
typedef struct prefix_walk {
    const bw_list_options *options;
    size_t skip; /* where names begin in a URL */
} prefix_walk;

static bool visit(const bw_list_options *options, bw_found *found)
{
    found->remote = true;
    found->frame = BW_NO_FRAME;
    return options->visit(options->context, found);
}

bool bw_list_visit_unopened(const bw_list_options *options, const char *url,
                            const bw_error *problem)
{
    bw_found found = {.path = url, .name = url, .problem = problem, .container = !problem};
    return visit(options, &found);
}

/* Visits an object, or says why it cannot be read. */
static bool visit_object(const bw_list_options *options, const char *url, const char *name)
{
    bw_error problem;
    bw_found found = {.path = url, .name = name};
    const char *what = bw_archive_is(name)             ? "archives"
                       : bw_walk_is_video(name, false) ? "videos"
                                                       : NULL;
    bw_arena arena = {0};
    const char *shown = bw_url_shown(&arena, url), *at = strchr(url, '@');
    bool named = at && at < url + strcspn(url, "/") + 2 + strcspn(strstr(url, "://") + 3, "/?#");
    if (what)
        bw_fail(&problem, BW_ERROR_UNSUPPORTED,
                "%.300s: %s are not read over a network; download it first", shown ? shown : "",
                what);
    else if (named && !bw_url_is_s3(url))
        bw_fail(&problem, BW_ERROR_ARGUMENT,
                "%.300s: a URL with a password is not taken, since it would stand in all results; "
                "name the picture without, or download it first",
                shown ? shown : "");
    if (what || (named && !bw_url_is_s3(url)))
        found.problem = &problem;
    bool on = visit(options, &found);
    bw_arena_free(&arena);
    return on;
}

static bool visit_listed(void *context, const char *url)
{
    const prefix_walk *walk = context;
    const char *name = url + walk->skip;
    if (walk->options->stopped(walk->options->context))
        return false;
    bool hidden = *bw_base_name(name) == '.';
    if (hidden || (!bw_walk_is_picture(name) && !bw_walk_is_video(name, false)))
        return true;
    return visit_object(walk->options, url, name);
}

static bw_status open_remote(bw_remote **remote, const bw_list_options *options,
                             const bw_sources *sources, bw_error *error)
{
    return bw_remote_open(remote, &sources->remote, options->stopped, options->context, error);
}

static bool visit_prefix(const bw_list_options *options, const bw_sources *sources,
                         const char *prefix)
{
    prefix_walk walk = {options, strlen(prefix)};
    bw_remote *remote = NULL;
    bool on = true;
    bw_status status = open_remote(&remote, options, sources, options->failure);
    if (status == BW_OK)
        status = bw_remote_list(remote, prefix, visit_listed, &walk, &on, options->failure);
    bw_remote_close(&remote);
    return status == BW_OK && on;
}

/* "s3://bucket" and "s3://bucket/photos" are folders without the slash that ends them. */
static bool is_prefix(const char *url)
{
    if (!bw_url_is_s3(url))
        return false;
    const char *slash = strrchr(url, '/'), *dot = strrchr(slash, '.');
    bool bucket = slash <= strstr(url, "://") + 2;
    return bucket || slash[1] == '\0' || !dot;
}

bool bw_list_visit_remote(const bw_list_options *options, const bw_sources *sources,
                          const char *url)
{
    bw_arena arena = {0};
    bool on = false;
    if (is_prefix(url)) {
        const char *end = url[strlen(url) - 1] == '/' ? "" : "/";
        const char *prefix = bw_arena_format(&arena, "%s%s", url, end);
        on = prefix && (options->closed ? bw_list_visit_unopened(options, prefix, NULL)
                                        : visit_prefix(options, sources, prefix));
    } else {
        const char *name = bw_url_name(&arena, url);
        on = name && visit_object(options, url, name);
    }
    bw_arena_free(&arena);
    return on;
}

bool bw_list_is_remote_list(const char *url)
{
    size_t length = bw_url_is_s3(url) ? strlen(url) : strcspn(url, "?#");
    return length > 4 && strncasecmp(url + length - 4, ".txt", 4) == 0;
}

uint8_t *bw_list_read_remote(const bw_list_options *options, const bw_sources *sources,
                             const char *url, size_t *size)
{
    bw_remote *remote = NULL;
    bw_remote_object object = {0};
    bw_status status = open_remote(&remote, options, sources, options->failure);
    if (status == BW_OK)
        status = bw_remote_read(remote, &object, url, options->failure);
    bw_remote_close(&remote);
    *size = object.size;
    return status == BW_OK && !object.bytes ? calloc(1, 1) : object.bytes;
}
