#include "terminal.h"

#include <stdlib.h>

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
