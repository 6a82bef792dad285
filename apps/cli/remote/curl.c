/* What remote.h tells, by libcurl. */
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "remote/remote.h"
#include "remote/s3.h"

enum { MOST_REDIRECTS = 5, ERROR_BYTES = 1 << 16, PAGE_BYTES = 1 << 24, SLICE_MS = 50 };

struct bw_remote {
    CURL *curl;
    bw_remote_options options;
    bw_remote_stopped *stopped;
    void *context;
    bw_s3_account account;
    const char *authorities;    /* the file of their certificates; NULL: the system's */
    struct curl_slist *headers; /* of S3's requests */
    uint8_t *bytes;             /* of the answer */
    size_t size, capacity;
    uint64_t limit;
    bool too_large, no_memory;
    char message[CURL_ERROR_SIZE];
};

bw_status bw_remote_version(const char **version, bw_error *error)
{
    (void)error;
    *version = curl_version_info(CURLVERSION_NOW)->version;
    return BW_OK;
}

/* ---- Opening -------------------------------------------------------------------------------- */

static pthread_once_t initialised = PTHREAD_ONCE_INIT;

static void initialise(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool add_header(bw_remote *remote, const char *header)
{
    struct curl_slist *longer = header ? curl_slist_append(remote->headers, header) : NULL;
    if (longer)
        remote->headers = longer;
    return longer;
}

/* The hash of an empty body, which S3 wants to be told. */
static bool make_headers(bw_remote *remote)
{
    static const char empty[] =
        "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    bw_arena arena = {0};
    bool made = add_header(remote, empty);
    if (made && remote->account.token)
        made = add_header(
            remote, bw_arena_format(&arena, "x-amz-security-token: %s", remote->account.token));
    bw_arena_free(&arena);
    return made;
}

bw_status bw_remote_open(bw_remote **out, const bw_remote_options *options,
                         bw_remote_stopped *stopped, void *context, bw_error *error)
{
    pthread_once(&initialised, initialise);
    bw_remote *remote = *out = calloc(1, sizeof *remote);
    if (!remote)
        return bw_fail_memory(error, sizeof *remote, "a connection");
    remote->options = *options;
    if (remote->options.timeout <= 0)
        remote->options.timeout = 30;
    if (remote->options.retries < 0)
        remote->options.retries = 4;
    remote->stopped = stopped;
    remote->context = context;
    remote->account = bw_s3_environment();
    const char *authorities = getenv("SSL_CERT_FILE");
    remote->authorities = authorities && authorities[0] ? authorities : NULL;
    remote->curl = curl_easy_init();
    if (remote->curl && make_headers(remote))
        return BW_OK;
    bw_remote_close(out);
    return bw_fail_memory(error, sizeof *remote, "a connection");
}

void bw_remote_close(bw_remote **remote)
{
    if (!remote || !*remote)
        return;
    curl_easy_cleanup((*remote)->curl);
    curl_slist_free_all((*remote)->headers);
    free((*remote)->bytes);
    free(*remote);
    *remote = NULL;
}

/* ---- One request ---------------------------------------------------------------------------- */

static size_t on_bytes(char *bytes, size_t one, size_t count, void *context)
{
    bw_remote *remote = context;
    long code = 0;
    curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE, &code);
    bool refused = code >= 300;
    if (refused && count > ERROR_BYTES - remote->size)
        return one * count; /* enough of what a server says about an error */
    remote->too_large = !refused && count > remote->limit - remote->size;
    if (remote->too_large)
        return 0;
    remote->no_memory =
        !bw_array_reserve((void **)&remote->bytes, &remote->capacity, remote->size + count, 1);
    if (remote->no_memory)
        return 0;
    memcpy(remote->bytes + remote->size, bytes, count);
    remote->size += count;
    return count;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const bw_remote *remote = context;
    (void)a, (void)b, (void)c, (void)d;
    return remote->stopped && remote->stopped(remote->context);
}

static void set_limits(bw_remote *remote)
{
    enum { SLOWEST = 100 /* bytes a second */, WHOLE = 20 /* timeouts that a transfer may take */ };
    CURL *curl = remote->curl;
    long milliseconds = (long)((double)remote->options.timeout * 1000);
    long seconds = (milliseconds + 999) / 1000;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, seconds);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds * WHOLE);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)remote->limit);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, remote);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, remote);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

/* S3 answers where a bucket is, and a signature is for one host: it is not led elsewhere. */
static void set_s3(bw_remote *remote, bw_arena *arena)
{
    const bw_s3_account *account = &remote->account;
    CURL *curl = remote->curl;
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    if (!account->key || !account->secret)
        return;
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4,
                     bw_arena_format(arena, "aws:amz:%s:s3", account->region));
    curl_easy_setopt(curl, CURLOPT_USERNAME, account->key);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, account->secret);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, remote->headers);
}

static CURLcode perform(bw_remote *remote, const char *url, bool s3, bw_arena *arena)
{
    CURL *curl = remote->curl;
    bool secure = bw_url_has_scheme(url, "https");
    curl_easy_reset(curl);
    remote->size = 0;
    remote->too_large = remote->no_memory = false;
    remote->message[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, remote->message);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (remote->authorities)
        curl_easy_setopt(curl, CURLOPT_CAINFO, remote->authorities);
    curl_easy_setopt(curl, CURLOPT_FILETIME, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "boxwright");
    set_limits(remote);
    if (s3)
        set_s3(remote, arena);
    return curl_easy_perform(curl);
}

/* ---- What came of it ------------------------------------------------------------------------- */

typedef enum outcome { GOOD, AGAIN, FINAL } outcome;

/* What a server says about where the bucket is; NULL where it does not. */
static const char *bucket_region(bw_remote *remote)
{
    struct curl_header *header;
    bool told = curl_easy_header(remote->curl, "x-amz-bucket-region", 0, CURLH_HEADER, -1,
                                 &header) == CURLHE_OK;
    return told ? header->value : NULL;
}

static void fail_s3(bw_remote *remote, const char *shown, long code, bw_arena *arena,
                    bw_error *error)
{
    const char *region = bucket_region(remote);
    const char *word = bw_s3_error_code(arena, remote->bytes, remote->size);
    if ((code == 301 || code == 307 || code == 400) && region &&
        strcmp(region, remote->account.region) != 0)
        bw_fail(error, BW_ERROR_IO,
                "%.250s: the bucket is in the region %.40s, not %.40s; set AWS_REGION", shown,
                region, remote->account.region);
    else if (code == 404)
        bw_fail(error, BW_ERROR_IO, "%.300s: there is no such %s (404)", shown,
                word && strcmp(word, "NoSuchBucket") == 0 ? "bucket" : "object");
    else if (code == 403 && !remote->account.key)
        bw_fail(error, BW_ERROR_IO,
                "%.250s: access is denied (403); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                shown);
    else if (code == 403)
        bw_fail(error, BW_ERROR_IO,
                "%.250s: access is denied (403%s%.40s); the key of AWS_ACCESS_KEY_ID may not read "
                "this, or has expired",
                shown, word ? ", " : "", word ? word : "");
    else
        bw_fail(error, BW_ERROR_IO, "%.250s: the server answers %ld%s%.40s", shown, code,
                word ? ", " : "", word ? word : "");
}

static outcome judge_answer(bw_remote *remote, const char *shown, bool s3, bw_arena *arena,
                            bw_error *error)
{
    long code = 0;
    curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code >= 200 && code < 300)
        return GOOD;
    if (code == 429 || code >= 500) {
        bw_fail(
            error, BW_ERROR_IO,
            "%.300s: the server answers %ld again and again; try later, the same command goes on",
            shown, code);
        return AGAIN;
    }
    if (s3)
        fail_s3(remote, shown, code, arena, error);
    else if (code == 404)
        bw_fail(error, BW_ERROR_IO, "%.300s: there is no such object (404)", shown);
    else if (code == 401 || code == 403)
        bw_fail(error, BW_ERROR_IO,
                "%.300s: access is denied (%ld); the server wants to know who asks", shown, code);
    else
        bw_fail(error, BW_ERROR_IO, "%.300s: the server answers %ld", shown, code);
    return FINAL;
}

/* What libraries for TLS call a fault of a certificate, and what it means. */
typedef struct certificate_fault {
    const char *word, *what, *remedy;
} certificate_fault;

static const certificate_fault *fault_of(const char *why)
{
    static const char trust[] = "install that of its authority in the system, or have "
                                "SSL_CERT_FILE name a file that holds it";
    static const certificate_fault faults[] = {
        {"expired", "has expired", "its owner must renew it, or this machine's clock is wrong"},
        {"not yet valid", "is not valid yet", "this machine's clock may be wrong"},
        {"subject name", "is for another host", "use a name that it is for"},
        {"does not match", "is for another host", "use a name that it is for"},
        {"self-signed", "is signed by nobody that is trusted here", trust},
        {"self signed", "is signed by nobody that is trusted here", trust},
        {"", "is not trusted", trust},
    };
    const certificate_fault *fault = faults;
    while (!strstr(why, fault->word))
        fault++;
    return fault;
}

static outcome judge_failure(bw_remote *remote, CURLcode code, const char *shown, bw_error *error)
{
    const char *why = remote->message[0] ? remote->message : curl_easy_strerror(code);
    if (remote->no_memory) {
        bw_fail_memory(error, remote->capacity, "an object");
        return FINAL;
    }
    switch (code) {
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_WRITE_ERROR:
        bw_fail(error, BW_ERROR_LIMIT, "%.300s: is larger than the limit of %llu bytes", shown,
                (unsigned long long)remote->limit);
        return FINAL;
    case CURLE_ABORTED_BY_CALLBACK:
        bw_fail(error, BW_ERROR_IO, "%.300s: the transfer was stopped", shown);
        return FINAL;
    case CURLE_PEER_FAILED_VERIFICATION:
        bw_fail(error, BW_ERROR_IO, "%.180s: the server's certificate %s (%.120s); %s", shown,
                fault_of(why)->what, why, fault_of(why)->remedy);
        return FINAL;
    case CURLE_SSL_CACERT_BADFILE:
        bw_fail(error, BW_ERROR_IO,
                "%.150s: the certificates of authorities cannot be read (%.150s); install "
                "ca-certificates, or have SSL_CERT_FILE name a file that holds them",
                shown, why);
        return FINAL;
    case CURLE_SSL_CONNECT_ERROR:
        bw_fail(error, BW_ERROR_IO,
                "%.200s: no secure connection comes about (%.150s); does the server speak https "
                "at this port?",
                shown, why);
        return AGAIN;
    case CURLE_UNSUPPORTED_PROTOCOL:
        bw_fail(error, BW_ERROR_UNSUPPORTED,
                "%.200s: leads to a place that is not followed (%.150s); redirects go to http and "
                "https, and never from https to http",
                shown, why);
        return FINAL;
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_URL_MALFORMAT:
        bw_fail(error, BW_ERROR_ARGUMENT, "%.200s: %.200s", shown, why);
        return FINAL;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        bw_fail(error, BW_ERROR_IO, "%.200s: %.150s; is there a network, and is the name right?",
                shown, why);
        return AGAIN;
    default:
        bw_fail(error, BW_ERROR_IO, "%.200s: %.150s; try later, the same command goes on", shown,
                why);
        return AGAIN;
    }
}

/* ---- Again and again ------------------------------------------------------------------------ */

/* Waits twice as long each time, or what the server asks for; false when stopped. */
static bool wait_for_retry(bw_remote *remote, int tries)
{
    const double first = 0.5, longest = 20, part = 10;
    double seconds = first;
    if ((double)remote->options.timeout / part < first)
        seconds = (double)remote->options.timeout / part;
    seconds *= (double)(1 << (tries < 8 ? tries : 8));
    curl_off_t asked = 0;
    curl_easy_getinfo(remote->curl, CURLINFO_RETRY_AFTER, &asked);
    if ((double)asked > seconds)
        seconds = (double)asked;
    if (seconds > longest)
        seconds = longest;
    const struct timespec slice = {.tv_nsec = SLICE_MS * 1000000L};
    for (int i = 0; i < (int)(seconds * 1000 / SLICE_MS) + 1; i++) {
        if (remote->stopped && remote->stopped(remote->context))
            return false;
        nanosleep(&slice, NULL);
    }
    return true;
}

/* A request and its repetitions; `name` is what messages call the object. */
static bw_status request(bw_remote *remote, const char *url, const char *name, bool *unreachable,
                         bw_error *error)
{
    bw_arena arena = {0};
    const char *shown = bw_url_shown(&arena, name);
    bool s3 = bw_url_is_s3(name), again = shown;
    *unreachable = false;
    bw_status status = shown ? BW_OK : bw_fail_memory(error, strlen(name), "a URL");
    for (int tries = 0; again; tries++) {
        CURLcode code = perform(remote, url, s3, &arena);
        outcome result = code == CURLE_OK ? judge_answer(remote, shown, s3, &arena, error)
                                          : judge_failure(remote, code, shown, error);
        if (result == GOOD)
            error->status = BW_OK; /* nothing is left of tries that failed */
        status = error->status;
        again = result == AGAIN && tries < remote->options.retries && wait_for_retry(remote, tries);
        *unreachable = result == AGAIN;
    }
    bw_arena_free(&arena);
    return status;
}

bw_status bw_remote_read(bw_remote *remote, bw_remote_object *object, const char *url,
                         bw_error *error)
{
    bw_arena arena = {0};
    const char *address = url;
    bw_status status = BW_OK;
    *object = (bw_remote_object){0};
    if (bw_url_is_s3(url))
        status = bw_s3_object_url(&remote->account, url, &arena, &address, error);
    remote->limit = remote->options.limit;
    if (status == BW_OK)
        status = request(remote, address, url, &object->unreachable, error);
    if (status == BW_OK) {
        curl_off_t modified = -1;
        curl_easy_getinfo(remote->curl, CURLINFO_FILETIME_T, &modified);
        object->modified_ns = modified > 0 ? (int64_t)modified * INT64_C(1000000000) : 0;
        object->bytes = remote->bytes;
        object->size = remote->size;
        remote->bytes = NULL;
        remote->capacity = 0;
    }
    bw_arena_free(&arena);
    return status;
}

/* ---- Lists ---------------------------------------------------------------------------------- */

/* Visits the objects of a page; false where the visitor ended it or there is no memory. */
static bool visit_page(const bw_s3_page *page, const char *bucket, bw_remote_visitor *visit,
                       void *context)
{
    bool on = true;
    bw_arena arena = {0};
    for (size_t i = 0; on && i < page->count; i++) {
        const char *url = bw_arena_format(&arena, "s3://%s/%s", bucket, page->keys[i]);
        on = url && visit(context, url);
        bw_arena_free(&arena);
    }
    return on;
}

static bw_status read_page(bw_remote *remote, const char *name, const char *continuation,
                           bw_arena *arena, bw_s3_page *page, const char **bucket, bw_error *error)
{
    const char *url;
    bool unreachable;
    *page = (bw_s3_page){0};
    remote->limit = PAGE_BYTES;
    bw_status status =
        bw_s3_list_url(&remote->account, name, continuation, arena, &url, bucket, error);
    if (status == BW_OK)
        status = request(remote, url, name, &unreachable, error);
    if (status != BW_OK)
        return status;
    status = bw_s3_page_read(page, remote->bytes, remote->size, error);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%.250s", name);
}

bw_status bw_remote_list(bw_remote *remote, const char *url, bw_remote_visitor *visit,
                         void *context, bool *on, bw_error *error)
{
    bw_arena arena = {0};
    const char *continuation = "", *bucket;
    bw_status status = BW_OK;
    *on = true;
    while (status == BW_OK && *on && continuation) {
        bw_s3_page page;
        bw_arena next = {0};
        status = read_page(remote, url, continuation, &arena, &page, &bucket, error);
        if (status == BW_OK)
            *on = visit_page(&page, bucket, visit, context);
        continuation = NULL;
        if (status == BW_OK && page.continuation) {
            continuation = bw_arena_text(&next, page.continuation, strlen(page.continuation));
            if (!continuation)
                status = bw_fail_memory(error, strlen(page.continuation), "a list of objects");
        }
        bw_s3_page_clear(&page);
        bw_arena_free(&arena);
        arena = next;
    }
    bw_arena_free(&arena);
    return status;
}
