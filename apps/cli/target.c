#include "target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "program.h"

static bw_status check_writable(bw_arena *arena, const char *path, bw_error *error)
{
    const char *folder = strchr(path, '/') ? bw_folder_of(arena, path) : ".";
    int reason = 0;
    if (bw_is_folder(path))
        reason = EISDIR;
    else if (folder && access(*folder ? folder : "/", W_OK | X_OK) != 0)
        reason = errno;
    return reason ? bw_fail(error, BW_ERROR_IO, "cannot write '%s': %s", path, strerror(reason))
                  : BW_OK;
}

static bool is_same_file(const char *path, const char *other)
{
    struct stat first, second;
    return other && stat(path, &first) == 0 && stat(other, &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static bw_status check_other(bw_arena *arena, const char *path, const char *model,
                             const bw_model_choice *choice, bw_error *error)
{
    static const char *const suffixes[] = {".weights", ".names", ".boxwright"};
    bool same = is_same_file(path, model) || is_same_file(path, choice->weights) ||
                is_same_file(path, choice->names);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        same = same || is_same_file(path, bw_replace_suffix(arena, model, suffixes[i]));
    return same ? bw_fail(error, BW_ERROR_ARGUMENT,
                          "'%s' would be replaced, which the model '%s' is read from; choose "
                          "another name",
                          path, model)
                : BW_OK;
}

static bw_status check(bw_arena *arena, const char *path, const bw_model_choice *choice,
                       bw_error *error)
{
    char *model;
    bw_status status = check_writable(arena, path, error);
    if (status == BW_OK)
        status = bw_model_find(&model, choice->model ? choice->model : BW_DEFAULT_MODEL, error);
    if (status != BW_OK)
        return status;
    status = check_other(arena, path, model, choice, error);
    free(model);
    return status;
}

bw_status bw_target_check(const char *path, const bw_model_choice *choice, bw_error *error)
{
    bw_arena arena = {0};
    bw_status status = check(&arena, path, choice, error);
    bw_arena_free(&arena);
    return status;
}

bw_status bw_target_check_beside(const char *path, const char *suffix,
                                 const bw_model_choice *choice, bw_error *error)
{
    bw_arena arena = {0};
    const char *other = bw_replace_suffix(&arena, path, suffix);
    bw_status status = other ? check(&arena, other, choice, error)
                             : bw_fail_memory(error, strlen(path), "a file name");
    bw_arena_free(&arena);
    return status;
}
