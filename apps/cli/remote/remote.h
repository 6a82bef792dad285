/**
 * Objects in a network, read by libcurl: http(s) URLs, and S3 buckets of AWS or of servers that
 * speak its protocol, listed (ListObjectsV2, a page at a time) and read.
 *
 * S3 is set up by the variables that AWS's own tools know: AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3
 * or AWS_ENDPOINT_URL (whose buckets are named in the path). Without a key requests are not signed,
 * as public buckets allow.
 *
 * Servers are untrusted: certificates are always verified; redirects stay with http and https and
 * never lead from https to http; an object has at most `limit` bytes; what does not answer, or too
 * slowly, is given up after `timeout`. Timeouts, broken connections, 429 and 5xx are tried again,
 * after a wait that doubles each time. Messages name URLs without credentials and queries.
 *
 * The program has these functions from a module, boxwright-remote.so, that the first call of
 * bw_remote_open loads, or bw_remote_version. A build without libcurl makes none.
 */
#ifndef BW_CLI_REMOTE_H
#define BW_CLI_REMOTE_H

#include "base/error.h"
#include "remote/url.h"

typedef struct bw_remote_options {
    float timeout;  /* seconds without an answer or without progress; 0: 30 */
    int retries;    /* after the first try; negative: 4 */
    uint64_t limit; /* bytes of an object */
} bw_remote_options;

/** libcurl's version; lasts as long as the program. Fails where it is missing. */
bw_status bw_remote_version(const char **version, bw_error *error);

/** Asked now and then; true ends the transfer. */
typedef bool bw_remote_stopped(void *context);

/** A connection, and all that is kept from one request to the next. For one thread. */
typedef struct bw_remote bw_remote;

bw_status bw_remote_open(bw_remote **out, const bw_remote_options *options,
                         bw_remote_stopped *stopped, void *context, bw_error *error);

/** An object that was read; the caller frees `bytes`. */
typedef struct bw_remote_object {
    uint8_t *bytes;
    size_t size;
    int64_t modified_ns; /* since 1970; 0 where the server does not tell */
    bool unreachable;    /* after a failure: the server did not answer, or only with 429 and 5xx */
} bw_remote_object;

bw_status bw_remote_read(bw_remote *remote, bw_remote_object *object, const char *url,
                         bw_error *error);

/** Takes an object's URL, s3://bucket/key; false ends the list. */
typedef bool bw_remote_visitor(void *context, const char *url);

/**
 * Visits all objects whose keys begin as s3://bucket/prefix says, in the order of the keys' bytes.
 * `*on` is false where the visitor ended it.
 */
bw_status bw_remote_list(bw_remote *remote, const char *url, bw_remote_visitor *visit,
                         void *context, bool *on, bw_error *error);

void bw_remote_close(bw_remote **remote);

#endif
