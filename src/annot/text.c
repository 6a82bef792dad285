#include "annot/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annot/writer.h"
#include "base/memory.h"
#include "base/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

void bw_text_free(bw_text *text)
{
    free(text->bytes);
    *text = (bw_text){0};
}

void bw_text_clear(bw_text *text)
{
    text->length = 0;
    text->failed = false;
}

static bool reserve(bw_text *text, size_t more)
{
    size_t wanted;
    if (!text->failed)
        text->failed = !bw_size_add(&wanted, text->length, more) ||
                       !bw_array_reserve((void **)&text->bytes, &text->capacity, wanted, 1);
    return !text->failed;
}

static void add_bytes(bw_text *text, const char *bytes, size_t count)
{
    if (count == 0 || !reserve(text, count))
        return;
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
}

void bw_text_add(bw_text *text, const char *string)
{
    add_bytes(text, string, strlen(string));
}

void bw_text_format(bw_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0 && reserve(text, (size_t)length + 1)) {
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

void bw_text_fixed(bw_text *text, double value, int decimals)
{
    char number[BW_FIXED_SIZE];
    bw_text_add(text, bw_format_fixed(number, value, decimals));
}

bw_status bw_text_check(const bw_text *text, bw_error *error)
{
    return text->failed ? bw_fail_memory(error, text->length, "a text to be written") : BW_OK;
}

/* ---- Escaping ------------------------------------------------------------------------------- */

/* The code point of a valid UTF-8 character. */
static uint32_t code_point(const char *at, size_t length)
{
    static const unsigned char first[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = (unsigned char)*at & first[length];
    for (size_t i = 1; i < length; i++)
        code = code << 6 | ((unsigned char)at[i] & 0x3F);
    return code;
}

/* Writes one character as its format wants it. */
typedef void character_writer(bw_text *text, uint32_t code, const char *bytes, size_t length);

static void add_escaped(bw_text *text, const char *string, character_writer *write)
{
    size_t rest = strlen(string);
    while (rest > 0) {
        size_t length = bw_utf8_length(string, rest);
        if (length > 0)
            write(text, code_point(string, length), string, length);
        else
            bw_text_add(text, REPLACEMENT);
        string += length ? length : 1;
        rest -= length ? length : 1;
    }
}

/* What YAML does not hold unescaped, and ends of lines of JavaScript. */
static bool needs_escape(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
           code == 0xFEFF || code == 0xFFFE || code == 0xFFFF;
}

static void write_quoted(bw_text *text, uint32_t code, const char *bytes, size_t length)
{
    if (code == '"' || code == '\\')
        bw_text_add(text, "\\");
    if (needs_escape(code))
        bw_text_format(text, "\\u%04x", code);
    else
        add_bytes(text, bytes, length);
}

void bw_text_quote(bw_text *text, const char *string)
{
    bw_text_add(text, "\"");
    add_escaped(text, string, write_quoted);
    bw_text_add(text, "\"");
}

static void write_xml(bw_text *text, uint32_t code, const char *bytes, size_t length)
{
    if (code == '&')
        bw_text_add(text, "&amp;");
    else if (code == '<')
        bw_text_add(text, "&lt;");
    else if (code == '>')
        bw_text_add(text, "&gt;");
    else if (code == '"')
        bw_text_add(text, "&quot;");
    else if (code == '\t' || code == '\n' || code == '\r')
        bw_text_format(text, "&#%u;", code);
    else if (code < 0x20 || code == 0xFFFE || code == 0xFFFF)
        bw_text_add(text, REPLACEMENT);
    else
        add_bytes(text, bytes, length);
}

void bw_text_xml(bw_text *text, const char *string)
{
    add_escaped(text, string, write_xml);
}

static void write_field(bw_text *text, uint32_t code, const char *bytes, size_t length)
{
    if (code == '"')
        bw_text_add(text, "\"");
    add_bytes(text, bytes, length);
}

void bw_text_csv(bw_text *text, const char *string)
{
    size_t length = strlen(string);
    bool blank = length > 0 && (string[0] == ' ' || string[length - 1] == ' ');
    bool quoted = blank || string[strcspn(string, ",\"\r\n")] != '\0';
    bw_text_add(text, quoted ? "\"" : "");
    add_escaped(text, string, write_field);
    bw_text_add(text, quoted ? "\"" : "");
}

void bw_text_url(bw_text *text, const char *string)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-_.~/";
    for (; *string; string++) {
        if (strchr(plain, *string))
            add_bytes(text, string, 1);
        else
            bw_text_format(text, "%%%02X", (unsigned)(unsigned char)*string);
    }
}
