/* What remote.h tells, in a build without libcurl. */
#include "remote/remote.h"

static bw_status fail(bw_error *error)
{
    return bw_fail(
        error, BW_ERROR_UNSUPPORTED,
        "this Boxwright was built without libcurl, so it reads nothing over a network; "
        "install libcurl4-openssl-dev and build it again, or download the pictures first");
}

bw_status bw_remote_open(bw_remote **out, const bw_remote_options *options,
                         bw_remote_stopped *stopped, void *context, bw_error *error)
{
    (void)options, (void)stopped, (void)context;
    *out = NULL;
    return fail(error);
}

bw_status bw_remote_read(bw_remote *remote, bw_remote_object *object, const char *url,
                         bw_error *error)
{
    (void)remote, (void)url;
    *object = (bw_remote_object){0};
    return fail(error);
}

bw_status bw_remote_list(bw_remote *remote, const char *url, bw_remote_visitor *visit,
                         void *context, bool *on, bw_error *error)
{
    (void)remote, (void)url, (void)visit, (void)context;
    *on = true;
    return fail(error);
}

void bw_remote_close(bw_remote **remote)
{
    *remote = NULL;
}
