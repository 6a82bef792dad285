#include "import/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bw_status append_line(bw_warnings *warnings, const char *line, bw_error *error)
{
    size_t length = strlen(line);
    size_t wanted = warnings->length + length + 2;
    if (!bw_array_reserve((void **)&warnings->text, &warnings->capacity, wanted, 1))
        return bw_fail_memory(error, wanted, "warnings");
    memcpy(warnings->text + warnings->length, line, length);
    warnings->length += length;
    warnings->text[warnings->length++] = '\n';
    warnings->text[warnings->length] = '\0';
    return BW_OK;
}

bw_status bw_warnings_add(bw_warnings *warnings, bw_error *error, const char *format, ...)
{
    if (warnings->count++ >= BW_WARNING_LIMIT)
        return BW_OK;
    char line[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return append_line(warnings, line, error);
}

bw_status bw_warnings_finish(bw_warnings *warnings, char **text, bw_error *error)
{
    *text = NULL;
    if (warnings->count > BW_WARNING_LIMIT) {
        char line[64];
        snprintf(line, sizeof line, "… and %zu more", warnings->count - BW_WARNING_LIMIT);
        bw_status status = append_line(warnings, line, error);
        if (status != BW_OK)
            return status;
    }
    *text = warnings->text;
    *warnings = (bw_warnings){0};
    return BW_OK;
}

void bw_warnings_free(bw_warnings *warnings)
{
    free(warnings->text);
    *warnings = (bw_warnings){0};
}
