#include "remote/functions.h"

BW_API extern const bw_remote_functions bw_module;

const bw_remote_functions bw_module = {
    .version = bw_remote_version,
    .open = bw_remote_open,
    .read = bw_remote_read,
    .list = bw_remote_list,
    .close = bw_remote_close,
};
