#include "base/xml.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { BLOCK = 1 << 16, DEPTH_LIMIT = 32, PATH_LIMIT = 400, TEXT_LIMIT = 16 << 20 };

typedef struct xml_reader {
    XML_Parser parser;
    const bw_xml_visitor *visitor;
    void *context;
    locale_t locale;
    char path[PATH_LIMIT];
    char *text; /* since the last tag */
    size_t length, capacity;
    int depth;
    bw_status status; /* the first failure */
    bw_error *error;
} xml_reader;

static void settle(xml_reader *reader, bw_status status)
{
    if (status == BW_OK || reader->status != BW_OK)
        return;
    reader->status = status;
    bw_fail_prefix(reader->error, status, "line %zu",
                   (size_t)XML_GetCurrentLineNumber(reader->parser));
    XML_StopParser(reader->parser, XML_FALSE);
}

static void XMLCALL begin(void *context, const XML_Char *name, const XML_Char **attributes)
{
    xml_reader *reader = context;
    size_t used = strlen(reader->path), added = strlen(name);
    if (reader->status != BW_OK)
        return;
    if (reader->depth >= DEPTH_LIMIT || used + added + 2 > sizeof reader->path) {
        settle(reader, bw_fail(reader->error, BW_ERROR_FORMAT,
                               "elements are nested deeper, or named longer, than in any real "
                               "file"));
        return;
    }
    if (reader->depth++ > 0)
        reader->path[used++] = '/';
    memcpy(reader->path + used, name, added + 1);
    reader->length = 0;
    bw_xml_element element = {reader->path, attributes, NULL, reader->locale};
    if (reader->visitor->begin)
        settle(reader, reader->visitor->begin(reader->context, &element, reader->error));
}

static void XMLCALL end(void *context, const XML_Char *name)
{
    (void)name;
    xml_reader *reader = context;
    if (reader->status != BW_OK)
        return;
    char nothing[] = "";
    char *text = reader->length > 0 ? reader->text : nothing;
    bw_xml_element element = {reader->path, NULL, text, reader->locale};
    settle(reader, reader->visitor->end(reader->context, &element, reader->error));
    char *slash = strrchr(reader->path, '/');
    *(slash ? slash : reader->path) = '\0';
    reader->length = 0;
    reader->depth--;
}

static void XMLCALL take_text(void *context, const XML_Char *text, int length)
{
    xml_reader *reader = context;
    if (reader->status != BW_OK)
        return;
    size_t size = reader->length + (size_t)length + 1;
    if (size > TEXT_LIMIT) {
        settle(reader, bw_fail(reader->error, BW_ERROR_FORMAT, "<%s> has more than %d bytes",
                               reader->path, TEXT_LIMIT - 1));
        return;
    }
    if (!bw_array_reserve((void **)&reader->text, &reader->capacity, size, 1)) {
        settle(reader, bw_fail_memory(reader->error, size, "XML"));
        return;
    }
    memcpy(reader->text + reader->length, text, (size_t)length);
    reader->length += (size_t)length;
    reader->text[reader->length] = '\0';
}

static void XMLCALL refuse_type(void *context, const XML_Char *name, const XML_Char *system,
                                const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    xml_reader *reader = context;
    settle(reader, bw_fail(reader->error, BW_ERROR_FORMAT,
                           "has a document type, which is not read here; take the <!DOCTYPE …> "
                           "out"));
}

/* ---- The whole ------------------------------------------------------------------------------ */

static bw_status told(const xml_reader *reader)
{
    if (reader->status != BW_OK)
        return reader->status;
    enum XML_Error code = XML_GetErrorCode(reader->parser);
    if (code == XML_ERROR_NO_MEMORY)
        return bw_fail_memory(reader->error, BLOCK, "XML");
    return bw_fail(reader->error, BW_ERROR_FORMAT, "line %zu: is not XML: %s",
                   (size_t)XML_GetCurrentLineNumber(reader->parser), XML_ErrorString(code));
}

static bw_status read_blocks(xml_reader *reader, FILE *file, const char *path)
{
    for (bool last = false; !last;) {
        void *block = XML_GetBuffer(reader->parser, BLOCK);
        if (!block)
            return bw_fail_memory(reader->error, BLOCK, "XML");
        size_t got = fread(block, 1, BLOCK, file);
        if (ferror(file))
            return bw_fail_errno(reader->error, "read", path);
        last = got < BLOCK;
        if (XML_ParseBuffer(reader->parser, (int)got, last) != XML_STATUS_OK)
            return told(reader);
    }
    return BW_OK;
}

static bw_status read_file(xml_reader *reader, const char *path)
{
    if (bw_is_folder(path))
        return bw_fail(reader->error, BW_ERROR_IO, "is a folder, not an XML file");
    FILE *file = fopen(path, "re");
    if (!file)
        return bw_fail_errno(reader->error, "open", path);
    bw_status status = read_blocks(reader, file, path);
    fclose(file);
    return status;
}

static bw_status reader_open(xml_reader *reader, const bw_xml_visitor *visitor, void *context,
                             bw_error *error)
{
    *reader = (xml_reader){.visitor = visitor,
                           .context = context,
                           .error = error,
                           .parser = XML_ParserCreate(NULL),
                           .locale = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
    if (!reader->parser || reader->locale == (locale_t)0)
        return bw_fail_memory(error, BLOCK, "XML");
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, begin, end);
    XML_SetCharacterDataHandler(reader->parser, take_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, refuse_type);
    return BW_OK;
}

static void reader_close(xml_reader *reader)
{
    if (reader->parser)
        XML_ParserFree(reader->parser);
    if (reader->locale != (locale_t)0)
        freelocale(reader->locale);
    free(reader->text);
}

bw_status bw_xml_parse(const void *xml, size_t size, const bw_xml_visitor *visitor, void *context,
                       bw_error *error)
{
    xml_reader reader;
    if (size > INT_MAX)
        return bw_fail(error, BW_ERROR_LIMIT, "has %zu bytes, more than XML is read of", size);
    bw_status status = reader_open(&reader, visitor, context, error);
    if (status == BW_OK && XML_Parse(reader.parser, xml, (int)size, XML_TRUE) != XML_STATUS_OK)
        status = told(&reader);
    reader_close(&reader);
    return status;
}

bw_status bw_xml_read(const char *path, const bw_xml_visitor *visitor, void *context,
                      bw_error *error)
{
    xml_reader reader;
    bw_status status = reader_open(&reader, visitor, context, error);
    if (status == BW_OK)
        status = read_file(&reader, path);
    reader_close(&reader);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s", path);
}

/* ---- What visitors ask ---------------------------------------------------------------------- */

const char *bw_xml_trim(const bw_xml_element *element)
{
    static const char blanks[] = " \t\r\n";
    size_t length = strlen(element->text);
    while (length > 0 && strchr(blanks, element->text[length - 1]))
        element->text[--length] = '\0';
    return element->text + strspn(element->text, blanks);
}

const char *bw_xml_attribute(const bw_xml_element *element, const char *name)
{
    for (const char **pair = element->attributes; *pair; pair += 2)
        if (strcmp(pair[0], name) == 0)
            return pair[1];
    return NULL;
}

bw_status bw_xml_number(const bw_xml_element *element, const char *name, double *value,
                        bw_error *error)
{
    const char *text = bw_xml_attribute(element, name);
    char *end = NULL;
    *value = text ? strtod_l(text, &end, element->locale) : 0;
    if (text && end != text && !*end && fabs(*value) <= 1e9)
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT, "<%s> needs a number as its %s, not '%.40s'",
                   element->path, name, text ? text : "");
}
