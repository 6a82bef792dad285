/**
 * XML from outside, element by element, however long it is.
 *
 * It may have no document type, so that no entity can grow without bound, and neither be nested
 * deeper nor have longer texts than any real file. Messages name the line, also those of a visitor
 * that fails.
 */
#ifndef BW_BASE_XML_H
#define BW_BASE_XML_H

#include <locale.h>

#include "base/error.h"

/** An element, for the time of a visitor's call. */
typedef struct bw_xml_element {
    const char *path;        /* from the root, "annotations/image/box" */
    const char **attributes; /* in pairs, null-ended; NULL at its end */
    char *text;              /* since the last tag; NULL at its beginning */
    locale_t locale;         /* the plain one, for numbers */
} bw_xml_element;

/** What is called where an element begins, which may be NULL, and where it ends. */
typedef struct bw_xml_visitor {
    bw_status (*begin)(void *context, const bw_xml_element *element, bw_error *error);
    bw_status (*end)(void *context, const bw_xml_element *element, bw_error *error);
} bw_xml_visitor;

/** Parses a text of less than 2 GB. */
bw_status bw_xml_parse(const void *xml, size_t size, const bw_xml_visitor *visitor, void *context,
                       bw_error *error);

/** Reads the file at `path`, which messages name as well. */
bw_status bw_xml_read(const char *path, const bw_xml_visitor *visitor, void *context,
                      bw_error *error);

/** The text of an element that ends, from which the blanks around it are cut. */
const char *bw_xml_trim(const bw_xml_element *element);

/** An attribute's value; NULL where there is none. */
const char *bw_xml_attribute(const bw_xml_element *element, const char *name);

/** Reads an attribute that must be a number within ±10^9. */
bw_status bw_xml_number(const bw_xml_element *element, const char *name, double *value,
                        bw_error *error);

#endif
