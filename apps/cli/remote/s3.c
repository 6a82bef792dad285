#include "remote/s3.h"

#include <expat.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- XML ------------------------------------------------------------------------------------ */

enum { MOST_KEYS = 10000, MOST_DEPTH = 16, LONGEST_TEXT = 8192 };

/* A document being read: which element it is in, and the text of that so far. */
typedef struct reader {
    XML_Parser parser;
    bw_s3_page *page;
    bool is_list, truncated, failed;
    const char *code;
    bw_arena *code_arena;
    const char *wrong; /* why it cannot be taken */
    int depth;
    char names[MOST_DEPTH][32];
    char text[LONGEST_TEXT];
    size_t length;
} reader;

static void stop(reader *state, const char *wrong)
{
    state->wrong = wrong;
    XML_StopParser(state->parser, XML_FALSE);
}

static void XMLCALL on_start(void *context, const char *name, const char **attributes)
{
    reader *state = context;
    (void)attributes;
    if (state->depth == MOST_DEPTH) {
        stop(state, "its elements lie too deep in each other");
        return;
    }
    snprintf(state->names[state->depth++], sizeof state->names[0], "%s", name);
    state->length = 0;
    if (state->depth == 1)
        state->is_list = strcmp(name, "ListBucketResult") == 0;
}

static void XMLCALL on_text(void *context, const char *text, int length)
{
    reader *state = context;
    if ((size_t)length > sizeof state->text - 1 - state->length) {
        stop(state, "a text in it is too long");
        return;
    }
    memcpy(state->text + state->length, text, (size_t)length);
    state->length += (size_t)length;
}

static bool is_at(const reader *state, const char *outer, const char *inner)
{
    return state->depth >= 2 && strcmp(state->names[state->depth - 2], outer) == 0 &&
           strcmp(state->names[state->depth - 1], inner) == 0;
}

static void add_key(reader *state)
{
    bw_s3_page *page = state->page;
    if (page->count == MOST_KEYS) {
        stop(state, "it lists too many objects");
        return;
    }
    const char *key = bw_arena_text(&page->arena, state->text, state->length);
    if (!key || !bw_array_reserve((void **)&page->keys, &page->capacity, page->count + 1,
                                  sizeof *page->keys)) {
        state->failed = true;
        stop(state, "there is no memory for it");
        return;
    }
    page->keys[page->count++] = key;
}

static void XMLCALL on_end(void *context, const char *name)
{
    reader *state = context;
    (void)name;
    state->text[state->length] = '\0';
    if (state->page && is_at(state, "Contents", "Key"))
        add_key(state);
    else if (state->page && is_at(state, "ListBucketResult", "IsTruncated"))
        state->truncated = strcmp(state->text, "true") == 0;
    else if (state->page && is_at(state, "ListBucketResult", "NextContinuationToken"))
        state->page->continuation = bw_arena_text(&state->page->arena, state->text, state->length);
    else if (state->code_arena && is_at(state, "Error", "Code"))
        state->code = bw_arena_text(state->code_arena, state->text, state->length);
    state->depth--;
    state->length = 0;
}

/* Parses what there is; false where it is no XML or was stopped. */
static bool parse(reader *state, const void *xml, size_t size)
{
    state->parser = XML_ParserCreate(NULL);
    if (!state->parser || size > INT_MAX) {
        state->failed = true;
        return false;
    }
    XML_SetUserData(state->parser, state);
    XML_SetElementHandler(state->parser, on_start, on_end);
    XML_SetCharacterDataHandler(state->parser, on_text);
    bool good = XML_Parse(state->parser, xml, (int)size, XML_TRUE) == XML_STATUS_OK;
    if (!good && !state->wrong)
        state->wrong = XML_ErrorString(XML_GetErrorCode(state->parser));
    XML_ParserFree(state->parser);
    return good;
}

bw_status bw_s3_page_read(bw_s3_page *page, const void *xml, size_t size, bw_error *error)
{
    reader *state = calloc(1, sizeof *state);
    *page = (bw_s3_page){0};
    if (!state)
        return bw_fail_memory(error, sizeof *state, "a list of objects");
    state->page = page;
    bool good = parse(state, xml, size);
    bw_status status = BW_OK;
    if (state->failed)
        status = bw_fail_memory(error, size, "a list of objects");
    else if (!good)
        status = bw_fail(error, BW_ERROR_FORMAT, "the server's list of objects cannot be read: %s",
                         state->wrong);
    else if (!state->is_list)
        status = bw_fail(error, BW_ERROR_FORMAT,
                         "the server's answer is no list of objects; does it speak S3's protocol?");
    else if (state->truncated && (!page->continuation || !*page->continuation))
        status = bw_fail(error, BW_ERROR_FORMAT,
                         "the server's list of objects is cut off and does not say how it goes on");
    if (!state->truncated)
        page->continuation = NULL;
    free(state);
    return status;
}

void bw_s3_page_clear(bw_s3_page *page)
{
    bw_arena_free(&page->arena);
    free(page->keys);
    *page = (bw_s3_page){0};
}

const char *bw_s3_error_code(bw_arena *arena, const void *xml, size_t size)
{
    reader *state = calloc(1, sizeof *state);
    if (!state)
        return NULL;
    state->code_arena = arena;
    parse(state, xml, size);
    const char *code = state->code;
    free(state);
    return code;
}
