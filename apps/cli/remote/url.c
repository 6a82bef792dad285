#include "remote/url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool bw_url_has_scheme(const char *path, const char *scheme)
{
    size_t length = strlen(scheme);
    return strncasecmp(path, scheme, length) == 0 && strncmp(path + length, "://", 3) == 0;
}

bool bw_url_is_s3(const char *path)
{
    return bw_url_has_scheme(path, "s3");
}

bool bw_url_is_remote(const char *path)
{
    return bw_url_has_scheme(path, "http") || bw_url_has_scheme(path, "https") ||
           bw_url_is_s3(path);
}

/* Where the part after "scheme://host" begins, or the end. */
static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    return host + strcspn(host, bw_url_is_s3(url) ? "/" : "/?#");
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes in place; what would end the text or start a folder stays encoded. */
static void decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in; in++) {
        int high = *in == '%' ? hex_digit(in[1]) : -1;
        int low = high >= 0 ? hex_digit(in[2]) : -1;
        int byte = low >= 0 ? high * 16 + low : 0;
        if (byte != 0 && byte != '/') {
            *out++ = (char)byte;
            in += 2;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
}

const char *bw_url_name(bw_arena *arena, const char *url)
{
    const char *path = path_of(url);
    bool s3 = bw_url_is_s3(url);
    size_t length = s3 ? strlen(path) : strcspn(path, "?#");
    while (length > 0 && path[length - 1] == '/')
        length--;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (start == length)
        return bw_arena_text(arena, "index", strlen("index"));
    char *name = bw_arena_text(arena, path + start, length - start);
    if (name && !s3)
        decode(name);
    return name;
}

const char *bw_url_shown(bw_arena *arena, const char *url)
{
    const char *host = strstr(url, "://"), *path = path_of(url);
    if (!host || bw_url_is_s3(url))
        return bw_arena_text(arena, url, strlen(url));
    host += 3;
    for (const char *at = host; at < path; at++)
        if (*at == '@')
            host = at + 1;
    int scheme = (int)strcspn(url, ":"), end = (int)strcspn(path, "?#");
    return bw_arena_format(arena, "%.*s://%.*s%.*s", scheme, url, (int)(path - host), host, end,
                           path);
}

const char *bw_url_resolve(bw_arena *arena, const char *base, const char *line)
{
    if (bw_url_is_remote(line))
        return bw_arena_text(arena, line, strlen(line));
    const char *path = path_of(base);
    int root = (int)(path - base);
    if (strncmp(line, "//", 2) == 0)
        return bw_arena_format(arena, "%.*s:%s", (int)strcspn(base, ":"), base, line);
    if (line[0] == '/')
        return bw_arena_format(arena, "%.*s%s", root, base, line);
    size_t length = bw_url_is_s3(base) ? strlen(path) : strcspn(path, "?#");
    while (length > 0 && path[length - 1] != '/')
        length--;
    return bw_arena_format(arena, "%.*s%s%s", root + (int)length, base, length == 0 ? "/" : "",
                           line);
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-_.~", c));
}

const char *bw_url_encode(bw_arena *arena, const char *text, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = bw_arena_array(arena, strlen(text) + 1, 3), *out = encoded;
    for (; encoded && *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (is_plain(*text) || (keep_slash && *text == '/')) {
            *out++ = *text;
            continue;
        }
        *out++ = '%';
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }
    return encoded;
}
