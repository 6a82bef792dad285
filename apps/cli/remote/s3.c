#include "remote/s3.h"

#include <stdlib.h>
#include <string.h>

#include "base/xml.h"
#include "remote/url.h"

/* ---- Addresses ------------------------------------------------------------------------------ */

/* A variable that is set and not empty. */
static const char *variable(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

bw_s3_account bw_s3_environment(void)
{
    const char *region = variable("AWS_REGION", variable("AWS_DEFAULT_REGION", "us-east-1"));
    return (bw_s3_account){
        .key = variable("AWS_ACCESS_KEY_ID", NULL),
        .secret = variable("AWS_SECRET_ACCESS_KEY", NULL),
        .token = variable("AWS_SESSION_TOKEN", NULL),
        .endpoint = variable("AWS_ENDPOINT_URL_S3", variable("AWS_ENDPOINT_URL", NULL)),
        .region = region,
    };
}

/* Buckets are named by letters, digits, dots and dashes. */
static bool is_bucket(const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    size_t length = strlen(name);
    return length >= 3 && length <= 255 && name[strspn(name, good)] == '\0' && name[0] != '.';
}

/* Parts s3://bucket/key. */
static bw_status part(const char *name, bw_arena *arena, const char **bucket, const char **key,
                      bw_error *error)
{
    const char *begin = strstr(name, "://") + 3;
    size_t length = strcspn(begin, "/");
    *bucket = bw_arena_text(arena, begin, length);
    *key = begin[length] ? begin + length + 1 : begin + length;
    if (!*bucket)
        return bw_fail_memory(error, length, "a bucket's name");
    if (!is_bucket(*bucket))
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "'%.200s' names no bucket; the form is s3://bucket/key", name);
    return BW_OK;
}

/* Where a bucket is, without a slash at the end; a name with dots is in no certificate. */
static const char *bucket_url(const bw_s3_account *account, const char *bucket, bw_arena *arena)
{
    if (account->endpoint) {
        size_t length = strlen(account->endpoint);
        while (length > 0 && account->endpoint[length - 1] == '/')
            length--;
        return bw_arena_format(arena, "%.*s/%s", (int)length, account->endpoint, bucket);
    }
    return strchr(bucket, '.')
               ? bw_arena_format(arena, "https://s3.%s.amazonaws.com/%s", account->region, bucket)
               : bw_arena_format(arena, "https://%s.s3.%s.amazonaws.com", bucket, account->region);
}

static bw_status check_endpoint(const bw_s3_account *account, bw_error *error)
{
    if (!account->endpoint || bw_url_has_scheme(account->endpoint, "http") ||
        bw_url_has_scheme(account->endpoint, "https"))
        return BW_OK;
    return bw_fail(error, BW_ERROR_ARGUMENT,
                   "AWS_ENDPOINT_URL is '%.100s', but should begin with https:// or http://",
                   account->endpoint);
}

bw_status bw_s3_object_url(const bw_s3_account *account, const char *name, bw_arena *arena,
                           const char **url, bw_error *error)
{
    const char *bucket, *key;
    bw_status status = check_endpoint(account, error);
    if (status == BW_OK)
        status = part(name, arena, &bucket, &key, error);
    if (status != BW_OK)
        return status;
    if (*key == '\0')
        return bw_fail(error, BW_ERROR_ARGUMENT, "'%.200s' names a bucket, but no object in it",
                       name);
    const char *base = bucket_url(account, bucket, arena);
    const char *path = bw_url_encode(arena, key, true);
    *url = base && path ? bw_arena_format(arena, "%s/%s", base, path) : NULL;
    return *url ? BW_OK : bw_fail_memory(error, strlen(name), "a URL");
}

bw_status bw_s3_list_url(const bw_s3_account *account, const char *name, const char *continuation,
                         bw_arena *arena, const char **url, const char **bucket, bw_error *error)
{
    const char *key;
    bw_status status = check_endpoint(account, error);
    if (status == BW_OK)
        status = part(name, arena, bucket, &key, error);
    if (status != BW_OK)
        return status;
    const char *base = bucket_url(account, *bucket, arena);
    const char *prefix = bw_url_encode(arena, key, false);
    const char *token = bw_url_encode(arena, continuation, false);
    *url =
        base && prefix && token
            ? bw_arena_format(arena, "%s/?%s%s%slist-type=2&max-keys=1000&prefix=%s", base,
                              *token ? "continuation-token=" : "", token, *token ? "&" : "", prefix)
            : NULL;
    return *url ? BW_OK : bw_fail_memory(error, strlen(name), "a URL");
}

/* ---- Lists ---------------------------------------------------------------------------------- */

enum { MOST_KEYS = 10000 };

typedef struct list_reader {
    bw_s3_page *page;
    bool is_list, truncated;
} list_reader;

static bw_status add_key(bw_s3_page *page, const char *text, bw_error *error)
{
    size_t length = strlen(text);
    if (page->count == MOST_KEYS)
        return bw_fail(error, BW_ERROR_FORMAT, "it has more than %d objects", MOST_KEYS);
    const char *key = bw_arena_text(&page->arena, text, length);
    if (!key || !bw_array_reserve((void **)&page->keys, &page->capacity, page->count + 1,
                                  sizeof *page->keys))
        return bw_fail_memory(error, length, "an object's name");
    page->keys[page->count++] = key;
    return BW_OK;
}

static bw_status end_of_list(void *context, const bw_xml_element *element, bw_error *error)
{
    list_reader *reader = context;
    bw_s3_page *page = reader->page;
    const char *path = element->path, *text = element->text;
    if (strcmp(path, "ListBucketResult/Contents/Key") == 0)
        return add_key(page, text, error);
    if (strcmp(path, "ListBucketResult/IsTruncated") == 0)
        reader->truncated = strcmp(text, "true") == 0;
    else if (strcmp(path, "ListBucketResult/NextContinuationToken") == 0)
        page->continuation = bw_arena_text(&page->arena, text, strlen(text));
    else if (strcmp(path, "ListBucketResult") == 0)
        reader->is_list = true;
    return BW_OK;
}

bw_status bw_s3_page_read(bw_s3_page *page, const void *xml, size_t size, bw_error *error)
{
    static const bw_xml_visitor visitor = {NULL, end_of_list};
    list_reader reader = {.page = page};
    *page = (bw_s3_page){0};
    bw_status status = bw_xml_parse(xml, size, &visitor, &reader, error);
    if (status != BW_OK)
        return bw_fail_prefix(error, status, "the server's list of objects cannot be read");
    if (!reader.is_list)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "the server's answer is no list of objects; does it speak S3's protocol?");
    if (!reader.truncated)
        page->continuation = NULL;
    else if (!page->continuation || !*page->continuation)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "the server's list of objects is cut off and does not say how it goes on");
    return BW_OK;
}

void bw_s3_page_clear(bw_s3_page *page)
{
    bw_arena_free(&page->arena);
    free(page->keys);
    *page = (bw_s3_page){0};
}

/* ---- Errors --------------------------------------------------------------------------------- */

typedef struct code_reader {
    bw_arena *arena;
    const char *code;
} code_reader;

static bw_status end_of_error(void *context, const bw_xml_element *element, bw_error *error)
{
    code_reader *reader = context;
    (void)error;
    if (strcmp(element->path, "Error/Code") == 0)
        reader->code = bw_arena_text(reader->arena, element->text, strlen(element->text));
    return BW_OK;
}

const char *bw_s3_error_code(bw_arena *arena, const void *xml, size_t size)
{
    static const bw_xml_visitor visitor = {NULL, end_of_error};
    code_reader reader = {.arena = arena};
    bw_xml_parse(xml, size, &visitor, &reader, NULL);
    return reader.code;
}
