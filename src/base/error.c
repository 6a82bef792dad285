#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *bw_version(void)
{
#define BW_TEXT(x) #x
#define BW_DOTTED(a, b, c) BW_TEXT(a) "." BW_TEXT(b) "." BW_TEXT(c)
    return BW_DOTTED(BW_VERSION_MAJOR, BW_VERSION_MINOR, BW_VERSION_PATCH);
}

const char *bw_status_name(bw_status status)
{
    switch (status) {
    case BW_OK: return "success";
    case BW_ERROR_ARGUMENT: return "invalid argument";
    case BW_ERROR_MEMORY: return "out of memory";
    case BW_ERROR_IO: return "input/output error";
    case BW_ERROR_FORMAT: return "damaged input";
    case BW_ERROR_LIMIT: return "limit exceeded";
    case BW_ERROR_UNSUPPORTED: return "not supported";
    }
    return "unknown status";
}

bw_status bw_fail(bw_error *error, bw_status status, const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

bw_status bw_fail_memory(bw_error *error, size_t bytes, const char *what)
{
    return bw_fail(error, BW_ERROR_MEMORY, "cannot allocate %zu bytes for %s", bytes, what);
}

bw_status bw_fail_errno(bw_error *error, const char *verb, const char *path)
{
    int code = errno;
    return bw_fail(error, BW_ERROR_IO, "cannot %s '%s': %s", verb, path, strerror(code));
}

bw_status bw_fail_prefix(bw_error *error, bw_status status, const char *format, ...)
{
    if (error) {
        char message[sizeof error->message], prefix[sizeof error->message];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(prefix, sizeof prefix, format, arguments);
        va_end(arguments);
        memcpy(message, error->message, sizeof message);
        int length = snprintf(error->message, sizeof error->message, "%s: ", prefix);
        if (length >= 0 && (size_t)length < sizeof error->message)
            snprintf(error->message + length, sizeof error->message - (size_t)length, "%s",
                     message);
        error->status = status;
    }
    return status;
}
