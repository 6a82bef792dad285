#include "plan_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/path.h"

enum { ABANDONED_SECONDS = 3600 }; /* age of a temporary file that nobody writes any more */

/* ---- Places --------------------------------------------------------------------------------- */

static const char *find_folder(bw_arena *arena)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache == '/')
        return bw_arena_format(arena, "%s/boxwright/plans", cache);
    return home && *home == '/' ? bw_arena_format(arena, "%s/.cache/boxwright/plans", home) : NULL;
}

static uint64_t digest_names(const bw_model_info *info)
{
    uint64_t digest = 0;
    for (int i = 0; i < info->classes; i++)
        digest = XXH3_64bits_withSeed(info->names[i], strlen(info->names[i]) + 1, digest);
    return digest;
}

/* All that a plan depends on; a program that was compiled anew may pack weights in another way. */
static const char *describe(bw_arena *arena, const bw_model *model, const bw_build_options *options,
                            uint64_t calibration)
{
    struct stat program = {0};
    bw_model_info info;
    bw_model_describe(model, &info);
    if (stat("/proc/self/exe", &program) != 0)
        return NULL;
    return bw_arena_format(arena, "%s|%lld|%lld.%09ld|%s|%dx%d|%llx|%d|%d|%llx|%x|%s", bw_version(),
                           (long long)program.st_size, (long long)program.st_mtim.tv_sec,
                           program.st_mtim.tv_nsec, info.fingerprint, info.width, info.height,
                           (unsigned long long)digest_names(&info), options->batch,
                           (int)options->precision, (unsigned long long)calibration,
                           options->cpu_mask & bw_cpu_features(), bw_cpu_name());
}

char *bw_plan_cache_place(const bw_model *model, const bw_build_options *options,
                          uint64_t calibration)
{
    bw_arena arena = {0};
    char *place = NULL;
    const char *folder = find_folder(&arena);
    const char *text = folder ? describe(&arena, model, options, calibration) : NULL;
    if (text) {
        XXH128_hash_t hash = XXH3_128bits(text, strlen(text));
        const char *path =
            bw_arena_format(&arena, "%s/%016llx%016llx.bwp", folder,
                            (unsigned long long)hash.high64, (unsigned long long)hash.low64);
        place = path ? strdup(path) : NULL;
    }
    bw_arena_free(&arena);
    return place;
}

bool bw_plan_cache_load(bw_plan **out, const char *place)
{
    if (bw_plan_load(out, place, NULL) != BW_OK)
        return false;
    utimensat(AT_FDCWD, place, NULL, 0);
    return true;
}

/* ---- Room ----------------------------------------------------------------------------------- */

/* What a look through the folder finds. */
typedef struct stock {
    uint64_t bytes;
    char oldest[64]; /* name of the plan not used for longest; "" for none */
    struct timespec oldest_use;
} stock;

static bool is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

static void count_plan(stock *found, const char *name, const struct stat *status)
{
    found->bytes += (uint64_t)status->st_size;
    size_t length = strlen(name);
    if (length < sizeof found->oldest &&
        (!*found->oldest || is_before(status->st_mtim, found->oldest_use))) {
        memcpy(found->oldest, name, length + 1);
        found->oldest_use = status->st_mtim;
    }
}

static void look_at(stock *found, int folder, const char *name)
{
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
        return;
    if (bw_has_suffix(name, ".bwp"))
        count_plan(found, name, &status);
    else if (bw_has_suffix(name, ".part") && status.st_mtim.tv_sec < time(NULL) - ABANDONED_SECONDS)
        unlinkat(folder, name, 0);
}

/* Counts the plans but for `kept`, and removes what an ended process left half written. */
static stock take_stock(const char *folder, const char *kept)
{
    stock found = {0};
    DIR *entries = opendir(folder);
    if (!entries)
        return found;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (strcmp(entry->d_name, kept) != 0)
            look_at(&found, dirfd(entries), entry->d_name);
    closedir(entries);
    return found;
}

/* A plan that another process has mapped lives on without its name. */
static void make_room(const char *folder, const char *kept, uint64_t size)
{
    stock found = take_stock(folder, kept);
    while (found.bytes + size > BW_PLAN_CACHE_LIMIT && *found.oldest) {
        bw_arena arena = {0};
        const char *path = bw_arena_format(&arena, "%s/%s", folder, found.oldest);
        bool removed = path && unlink(path) == 0;
        bw_arena_free(&arena);
        if (!removed)
            return;
        found = take_stock(folder, kept);
    }
}

void bw_plan_cache_save(const bw_plan *plan, const char *place)
{
    char *folder = strdup(place);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash) {
        *slash = '\0';
        bw_plan_info info;
        bw_plan_describe(plan, &info);
        if (bw_make_folders(folder, NULL) == BW_OK && bw_plan_save(plan, place, NULL) == BW_OK)
            make_room(folder, slash + 1, info.weight_bytes);
    }
    free(folder);
}
