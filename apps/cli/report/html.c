#include "report/html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "boxwright/boxwright.h"
#include "report/style.h"

void bw_html_begin(FILE *file, const char *title)
{
    fprintf(file,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n"
            "<title>%s</title>\n<style>\n",
            title);
    for (const char *const *line = bw_report_style; *line; line++)
        fprintf(file, "%s\n", *line);
    fputs("</style>\n</head>\n<body>\n", file);
}

void bw_html_text(FILE *file, const char *text)
{
    char *clean = bw_utf8_clean(text, true);
    for (const char *at = clean ? clean : ""; *at; at++) {
        switch (*at) {
        case '&': fputs("&amp;", file); break;
        case '<': fputs("&lt;", file); break;
        case '>': fputs("&gt;", file); break;
        case '"': fputs("&quot;", file); break;
        case '\'': fputs("&#39;", file); break;
        default: fputc(*at, file);
        }
    }
    free(clean);
}

static void write_base64(FILE *file, const uint8_t *bytes, size_t size)
{
    enum { PART = 3 * 256 }; /* bytes, whole groups of three */
    char text[PART / 3 * 4];
    for (size_t at = 0; at < size; at += PART) {
        size_t part = size - at < PART ? size - at : PART;
        bw_base64_encode(text, bytes + at, part);
        fwrite(text, 1, bw_base64_length(part), file);
    }
}

void bw_html_data(FILE *file, const char *type, const uint8_t *bytes, size_t size)
{
    fprintf(file, "data:%s;base64,", type);
    write_base64(file, bytes, size);
}

void bw_html_number(FILE *file, int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    for (int i = 0; i < length; i++) {
        if (i > 0 && digits[i - 1] != '-' && (length - i) % 3 == 0)
            fputs("&#8239;", file);
        fputc(digits[i], file);
    }
}

const char *bw_html_class_color(char *text, size_t size, int class_id)
{
    snprintf(text, size, "#%06" PRIx32, bw_class_colour(class_id));
    return text;
}
