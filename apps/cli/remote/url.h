/**
 * Names of what lies in a network: http(s)://host/path and s3://bucket/key.
 *
 * A key is taken as it is written; the path of an http URL is percent-encoded, as URLs are.
 */
#ifndef BW_CLI_REMOTE_URL_H
#define BW_CLI_REMOTE_URL_H

#include "base/error.h"
#include "base/memory.h"

/** Whether a path is such a name. */
bool bw_url_is_remote(const char *path);
bool bw_url_is_s3(const char *path);

/** Whether text was written like the scheme of one, in whatever case. */
bool bw_url_has_scheme(const char *path, const char *scheme);

/**
 * What a picture of this URL is called in results: for http the last part of its path, decoded; for
 * s3 the last part of its key. In `arena`; NULL for lack of memory.
 */
const char *bw_url_name(bw_arena *arena, const char *url);

/** The URL without user, password, query and fragment, for messages; in `arena`. */
const char *bw_url_shown(bw_arena *arena, const char *url);

/** The URL that a line of a list stands for, the list being at `base`; in `arena`. */
const char *bw_url_resolve(bw_arena *arena, const char *base, const char *line);

/** Text as AWS encodes it: all but letters, digits and "-_.~", and '/' where that stays. */
const char *bw_url_encode(bw_arena *arena, const char *text, bool keep_slash);

#endif
