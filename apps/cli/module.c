#include "module.h"

#include <dlfcn.h>
#include <unistd.h>

#include "program.h"

/* Where a module is, or where it should have been installed. */
static const char *path_of(const bw_module_use *module, bw_arena *arena)
{
    const char *folder = bw_program_folder(arena);
    const char *beside = folder ? bw_arena_format(arena, "%s/%s", folder, module->file) : NULL;
    if (!beside || access(beside, F_OK) == 0)
        return beside;
    return bw_arena_format(arena, "%s/" BW_MODULE_FOLDER "/%s", folder, module->file);
}

bw_status bw_module_load(bw_module_use *module, bw_error *error)
{
    if (module->table)
        return BW_OK;
    bw_arena arena = {0};
    const char *path = path_of(module, &arena);
    void *loaded = path ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : NULL;
    const void *table = loaded ? dlsym(loaded, "bw_module") : NULL;
    bw_status status = BW_OK;
    if (table)
        module->table = table;
    else if (path)
        status = bw_fail(error, BW_ERROR_UNSUPPORTED, "%s: %s; %s", module->failing, dlerror(),
                         module->remedy);
    else
        status = bw_fail(error, BW_ERROR_IO,
                         "%s: the program's own folder is not known; is /proc "
                         "mounted?",
                         module->failing);
    bw_arena_free(&arena);
    return status;
}
