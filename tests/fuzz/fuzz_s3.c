/**
 * The lists and errors of S3 servers, and URLs: as untrusted bytes.
 */
#include <string.h>

#include "remote/s3.h"
#include "remote/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_text(bw_arena *arena, const char *text)
{
    const bw_s3_account account = {.region = "r"};
    const char *url, *bucket;
    if (!bw_url_is_remote(text))
        return;
    bw_url_name(arena, text);
    bw_url_shown(arena, text);
    bw_url_resolve(arena, text, "a/b");
    bw_url_resolve(arena, "http://h/list.txt?q", text);
    if (bw_url_is_s3(text)) {
        bw_s3_object_url(&account, text, arena, &url, NULL);
        bw_s3_list_url(&account, text, text, arena, &url, &bucket, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bw_s3_page page;
    bw_arena arena = {0};
    bw_s3_page_read(&page, data, size, NULL);
    bw_s3_page_clear(&page);
    bw_s3_error_code(&arena, data, size);
    const char *text = bw_arena_text(&arena, (const char *)data, size);
    if (text)
        use_text(&arena, text);
    bw_arena_free(&arena);
    return 0;
}
