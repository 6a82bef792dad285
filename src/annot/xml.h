/**
 * XML files, element by element, however long they are.
 */
#ifndef BW_ANNOT_XML_H
#define BW_ANNOT_XML_H

#include <locale.h>

#include "base/error.h"

/** An element: its path from the root, "annotations/image/box", and its attributes in pairs. */
typedef struct bw_xml_element {
    const char *path;
    const char **attributes;
    locale_t locale; /* the plain one, for numbers */
} bw_xml_element;

typedef struct bw_xml_visitor {
    bw_status (*begin)(void *context, const bw_xml_element *element, bw_error *error);

    /** Gets the text of the element alone, without the blanks around it. */
    bw_status (*end)(void *context, const char *path, const char *text, bw_error *error);
} bw_xml_visitor;

/**
 * Reads the file at `path`. It may have no document type, so that no entity can grow without bound,
 * and neither be nested deeper nor have longer texts than any real file. Messages name file and
 * line.
 */
bw_status bw_xml_read(const char *path, const bw_xml_visitor *visitor, void *context,
                      bw_error *error);

/** An attribute's value; NULL where there is none. */
const char *bw_xml_attribute(const bw_xml_element *element, const char *name);

/** Reads an attribute that must be a number within ±10^9. */
bw_status bw_xml_number(const bw_xml_element *element, const char *name, double *value,
                        bw_error *error);

#endif
