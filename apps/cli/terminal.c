#include "terminal.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void bw_print_clean(FILE *file, const char *text)
{
    char *clean = bw_utf8_clean(text, true);
    fputs(clean ? clean : "(out of memory)", file);
    free(clean);
}

void bw_print_message(const char *message)
{
    fputs("boxwright: ", stderr);
    bw_print_clean(stderr, message);
    fputc('\n', stderr);
}

void bw_print_warnings(const char *warnings)
{
    while (*warnings) {
        int length = (int)strcspn(warnings, "\n");
        char line[600];
        snprintf(line, sizeof line, "warning: %.*s", length, warnings);
        bw_print_message(line);
        warnings += length;
        warnings += *warnings == '\n';
    }
}
