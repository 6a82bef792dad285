#include "module.h"

#include <dlfcn.h>
#include <unistd.h>

#include "program.h"

/* Where a module is, or where it should have been installed. */
static const char *path_of(const bw_module_description *module, bw_arena *arena)
{
    const char *folder = bw_program_folder(arena);
    const char *beside = folder ? bw_arena_format(arena, "%s/%s", folder, module->file) : NULL;
    if (!beside || access(beside, F_OK) == 0)
        return beside;
    return bw_arena_format(arena, "%s/" BW_MODULE_FOLDER "/%s", folder, module->file);
}

bw_status bw_module_load(const void **table, const bw_module_description *module, bw_error *error)
{
    bw_arena arena = {0};
    const char *path = path_of(module, &arena);
    void *loaded = path ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : NULL;
    *table = loaded ? dlsym(loaded, "bw_module") : NULL;
    bw_status status = BW_OK;
    if (!path)
        status = bw_fail(error, BW_ERROR_IO,
                         "%s: the program's own folder is not known; is /proc "
                         "mounted?",
                         module->failing);
    else if (!*table)
        status = bw_fail(error, BW_ERROR_UNSUPPORTED, "%s: %s; %s", module->failing, dlerror(),
                         module->remedy);
    bw_arena_free(&arena);
    return status;
}
