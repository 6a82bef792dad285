/**
 * The functions of remote.h as a table: what the module boxwright-remote.so gives the program,
 * which loads it with libcurl when something lies in a network.
 */
#ifndef BW_CLI_REMOTE_FUNCTIONS_H
#define BW_CLI_REMOTE_FUNCTIONS_H

#include "remote/remote.h"

typedef struct bw_remote_functions {
    bw_status (*version)(const char **version, bw_error *error);
    bw_status (*open)(bw_remote **out, const bw_remote_options *options, bw_remote_stopped *stopped,
                      void *context, bw_error *error);
    bw_status (*read)(bw_remote *remote, bw_remote_object *object, const char *url,
                      bw_error *error);
    bw_status (*list)(bw_remote *remote, const char *url, bw_remote_visitor *visit, void *context,
                      bool *on, bw_error *error);
    void (*close)(bw_remote **remote);
} bw_remote_functions;

#endif
