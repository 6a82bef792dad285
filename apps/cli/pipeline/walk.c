#include "pipeline/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/path.h"

/* A folder on the way from the root to where the walk stands. */
typedef struct ancestor {
    const struct ancestor *parent;
    dev_t device;
    ino_t inode;
} ancestor;

typedef struct folder_id {
    dev_t device;
    ino_t inode;
} folder_id;

typedef struct walk {
    bw_walk_visitor *visit;
    void *context;
    size_t root_length; /* with its slash: where names begin */
    folder_id *linked;  /* folders that were entered through a link */
    size_t linked_count, linked_capacity;
} walk;

/* The names in a folder that matter, one after the other, each after a byte for its kind. */
typedef struct listing {
    char *bytes;
    size_t used, capacity;
    size_t *offsets;
    size_t count, offset_capacity;
    bool is_run; /* holds a run.db */
} listing;

enum { KIND_FILE = 'f', KIND_FOLDER = 'd', KIND_LINK = 'l' };

bool bw_walk_is_picture(const char *name)
{
    static const char *const suffixes[] = {
        ".jpg", ".jpeg", ".jpe",  ".jfif", ".png",  ".webp", ".bmp", ".dib",
        ".gif", ".tif",  ".tiff", ".heic", ".heif", ".avif", NULL,
    };
    return bw_has_any_suffix(name, suffixes);
}

bool bw_walk_is_video(const char *name, bool named)
{
    static const char *const suffixes[] = {
        ".ts",   ".mp4",  ".m4v", ".mov",   ".mkv",  ".webm", ".avi", ".mpg",  ".mpeg",
        ".mts",  ".m2ts", ".flv", ".wmv",   ".asf",  ".ogv",  ".3gp", ".h264", ".h265",
        ".hevc", ".ivf",  ".y4m", ".mjpeg", ".mjpg", ".mxf",  ".dv",  NULL,
    };
    return bw_has_any_suffix(name, named ? suffixes : suffixes + 1);
}

static bool is_looked_for(const char *name)
{
    return bw_walk_is_picture(name) || bw_walk_is_video(name, false);
}

/* ---- One folder ----------------------------------------------------------------------------- */

static bool listing_add(listing *list, char kind, const char *name)
{
    size_t size = strlen(name) + 1;
    if (!bw_array_reserve((void **)&list->bytes, &list->capacity, list->used + size + 1, 1) ||
        !bw_array_reserve((void **)&list->offsets, &list->offset_capacity, list->count + 1,
                          sizeof *list->offsets))
        return false;
    list->offsets[list->count++] = list->used;
    list->bytes[list->used] = kind;
    memcpy(list->bytes + list->used + 1, name, size);
    list->used += size + 1;
    return true;
}

static void listing_free(listing *list)
{
    free(list->bytes);
    free(list->offsets);
}

static int compare_offsets(const void *a, const void *b, void *bytes)
{
    const char *left = (const char *)bytes + *(const size_t *)a;
    const char *right = (const char *)bytes + *(const size_t *)b;
    return strcmp(left + 1, right + 1);
}

static char entry_kind(DIR *folder, const struct dirent *entry)
{
    if (entry->d_type == DT_LNK)
        return KIND_LINK;
    if (entry->d_type == DT_DIR)
        return KIND_FOLDER;
    struct stat status;
    if (entry->d_type != DT_UNKNOWN ||
        fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return KIND_FILE;
    if (S_ISLNK(status.st_mode))
        return KIND_LINK;
    return S_ISDIR(status.st_mode) ? KIND_FOLDER : KIND_FILE;
}

static bool list_entry(listing *list, DIR *folder, const struct dirent *entry)
{
    if (entry->d_name[0] == '.')
        return true;
    list->is_run |= strcmp(entry->d_name, "run.db") == 0;
    char kind = entry_kind(folder, entry);
    if (kind == KIND_FILE && !is_looked_for(entry->d_name))
        return true;
    return listing_add(list, kind, entry->d_name);
}

/* Reads the folder's names, sorted. 0, or the errno of what failed. */
static int list_folder(listing *list, const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return errno;
    const struct dirent *entry;
    int problem = 0;
    while (errno = 0, problem == 0 && (entry = readdir(folder)))
        problem = list_entry(list, folder, entry) ? 0 : ENOMEM;
    if (problem == 0)
        problem = errno;
    closedir(folder);
    if (list->count > 1)
        qsort_r(list->offsets, list->count, sizeof *list->offsets, compare_offsets, list->bytes);
    return problem;
}

/* ---- The tree ------------------------------------------------------------------------------- */

static bool report(walk *state, const char *path, int code)
{
    bw_error problem;
    errno = code;
    bw_fail_errno(&problem, "read the folder", path);
    size_t length = strlen(path);
    size_t skip = state->root_length < length ? state->root_length : 0;
    return state->visit(state->context, path, path + skip, &problem);
}

/* Whether a folder met through a link is to be entered; remembers that it was. */
static bool enter_link(walk *state, const struct stat *status)
{
    for (size_t i = 0; i < state->linked_count; i++)
        if (state->linked[i].device == status->st_dev && state->linked[i].inode == status->st_ino)
            return false;
    if (!bw_array_reserve((void **)&state->linked, &state->linked_capacity, state->linked_count + 1,
                          sizeof *state->linked))
        return false;
    state->linked[state->linked_count++] = (folder_id){status->st_dev, status->st_ino};
    return true;
}

static bool is_ancestor(const ancestor *chain, const struct stat *status)
{
    for (; chain; chain = chain->parent)
        if (chain->device == status->st_dev && chain->inode == status->st_ino)
            return true;
    return false;
}

static bool walk_folder(walk *state, const char *path, const ancestor *parent);

static bool visit_folder(walk *state, const char *path, bool linked, const struct stat *status,
                         const ancestor *parent)
{
    if (is_ancestor(parent, status) || (linked && !enter_link(state, status)))
        return true;
    ancestor here = {parent, status->st_dev, status->st_ino};
    return walk_folder(state, path, &here);
}

static bool visit_entry(walk *state, const char *path, char kind, const ancestor *parent)
{
    struct stat status;
    if (kind != KIND_FILE && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return visit_folder(state, path, kind == KIND_LINK, &status, parent);
    if (kind == KIND_FOLDER)
        return report(state, path, errno);
    if (!is_looked_for(path))
        return true;
    return state->visit(state->context, path, path + state->root_length, NULL);
}

static bool walk_folder(walk *state, const char *path, const ancestor *parent)
{
    listing list = {0};
    int problem = list_folder(&list, path);
    bool on = problem == 0 || report(state, path, problem);
    size_t length = strlen(path);
    const char *slash = length && path[length - 1] == '/' ? "" : "/";
    for (size_t i = 0; on && i < list.count; i++) {
        const char *entry = list.bytes + list.offsets[i];
        if (list.is_run && strcmp(entry + 1, "drawn") == 0)
            continue;
        char *child;
        on = asprintf(&child, "%s%s%s", path, slash, entry + 1) >= 0;
        if (!on)
            break;
        on = visit_entry(state, child, entry[0], parent);
        free(child);
    }
    listing_free(&list);
    return on;
}

bool bw_walk(const char *root, bw_walk_visitor *visit, void *context)
{
    size_t length = strlen(root);
    bool slash = length && root[length - 1] == '/';
    walk state = {.visit = visit, .context = context, .root_length = length + !slash};
    struct stat status;
    bool on;
    if (stat(root, &status) != 0)
        on = report(&state, root, errno);
    else
        on = visit_folder(&state, root, false, &status, NULL);
    free(state.linked);
    return on;
}
