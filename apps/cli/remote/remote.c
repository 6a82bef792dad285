/* What remote.h tells, by the module, which is loaded for the first name in a network. */
#include "module.h"
#include "remote/functions.h"

static bw_module_use module = {
    .file = "boxwright-remote.so",
    .failing = "nothing is read over a network",
    .remedy =
        "install what is missing: boxwright-remote.so comes with a Boxwright that was built where "
        "libcurl4-openssl-dev is, all else with libcurl4; or download the pictures first",
};

/* Once the module is loaded. */
static const bw_remote_functions *functions(void)
{
    return module.table;
}

bw_status bw_remote_version(const char **version, bw_error *error)
{
    bw_status status = bw_module_load(&module, error);
    return status == BW_OK ? functions()->version(version, error) : status;
}

bw_status bw_remote_open(bw_remote **out, const bw_remote_options *options,
                         bw_remote_stopped *stopped, void *context, bw_error *error)
{
    *out = NULL;
    bw_status status = bw_module_load(&module, error);
    return status == BW_OK ? functions()->open(out, options, stopped, context, error) : status;
}

bw_status bw_remote_read(bw_remote *remote, bw_remote_object *object, const char *url,
                         bw_error *error)
{
    return functions()->read(remote, object, url, error);
}

bw_status bw_remote_list(bw_remote *remote, const char *url, bw_remote_visitor *visit,
                         void *context, bool *on, bw_error *error)
{
    return functions()->list(remote, url, visit, context, on, error);
}

void bw_remote_close(bw_remote **remote)
{
    if (remote && *remote)
        functions()->close(remote);
}
