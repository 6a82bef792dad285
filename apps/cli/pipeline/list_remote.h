/**
 * Pictures in a network, as the command line and lists name them.
 */
#ifndef BW_CLI_LIST_REMOTE_H
#define BW_CLI_LIST_REMOTE_H

#include "pipeline/list.h"

/**
 * Visits an object by its URL, or the pictures below an s3 prefix: a bucket, or what ends with a
 * slash or does not look like a file. False when the list is to end.
 */
bool bw_list_visit_remote(const bw_list_options *options, const bw_sources *sources,
                          const char *url);

/** Whether a URL is that of a list: it ends with .txt. */
bool bw_list_is_remote_list(const char *url);

/** Reads a list; NULL where the list of pictures is to end. The caller frees it. */
uint8_t *bw_list_read_remote(const bw_list_options *options, const bw_sources *sources,
                             const char *url, size_t *size);

/** Visits the URL as a container that was not opened, or as what has a problem, if not NULL. */
bool bw_list_visit_unopened(const bw_list_options *options, const char *url,
                            const bw_error *problem);

#endif
