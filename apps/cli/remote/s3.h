/**
 * S3: where its objects are, by the environment's variables, and what its lists say.
 */
#ifndef BW_CLI_REMOTE_S3_H
#define BW_CLI_REMOTE_S3_H

#include "base/error.h"
#include "base/memory.h"

/** What the environment says; borrowed from it. */
typedef struct bw_s3_account {
    const char *key, *secret;     /* NULL: requests are not signed */
    const char *token, *endpoint; /* NULL for none */
    const char *region;
} bw_s3_account;

bw_s3_account bw_s3_environment(void);

/**
 * The URL to ask for an object s3://bucket/key; in `arena`. Fails where that names no bucket or no
 * key.
 */
bw_status bw_s3_object_url(const bw_s3_account *account, const char *name, bw_arena *arena,
                           const char **url, bw_error *error);

/**
 * The URL to ask for a page of the objects below s3://bucket/prefix, the one that `continuation`
 * names; "" for the first. Its query is sorted and encoded as the signature wants it: libcurl's
 * before 8 takes it as it is. `*bucket` is the bucket's name.
 */
bw_status bw_s3_list_url(const bw_s3_account *account, const char *name, const char *continuation,
                         bw_arena *arena, const char **url, const char **bucket, bw_error *error);

/** A page of a list. Its texts are the arena's. */
typedef struct bw_s3_page {
    bw_arena arena;
    const char **keys;
    size_t count, capacity;
    const char *continuation; /* of the next page; NULL where this is the last */
} bw_s3_page;

/**
 * Reads the XML of a ListObjectsV2 answer, which is untrusted. The page is to be cleared also after
 * a failure.
 */
bw_status bw_s3_page_read(bw_s3_page *page, const void *xml, size_t size, bw_error *error);
void bw_s3_page_clear(bw_s3_page *page);

/** The code of S3's error answer, such as "NoSuchKey", in `arena`; NULL where it is none. */
const char *bw_s3_error_code(bw_arena *arena, const void *xml, size_t size);

#endif
