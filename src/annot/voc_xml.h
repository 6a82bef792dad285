/**
 * Pascal VOC's annotation files (Everingham et al. 2010): XML, one a picture,
 * `annotation/{filename, size/{width, height}, object…/{name, difficult, bndbox/{xmin, ymin, xmax,
 * ymax}}}`. Coordinates are pixels counted from 1, and the last ones belong to the box. What else a
 * file holds, such as the parts of an object, is passed over.
 */
#ifndef BW_ANNOT_VOC_XML_H
#define BW_ANNOT_VOC_XML_H

#include "base/error.h"
#include "base/memory.h"

/** An object; the corners are those of the file. */
typedef struct bw_voc_object {
    const char *name;
    double left, top, right, bottom;
    bool difficult; /* may be found, need not be */
} bw_voc_object;

/** A file; the arena owns its texts. */
typedef struct bw_voc_file {
    bw_arena arena;
    const char *file_name; /* of the picture; "" where it is not told */
    int width, height;     /* of the picture; 0 where they are not told */
    bw_voc_object *objects;
    size_t count, capacity;
} bw_voc_file;

/**
 * Parses a text of at most 16 MB, see base/xml.h for what else is refused. Messages name the line.
 * `out` is to be freed in every case.
 */
bw_status bw_voc_parse(bw_voc_file *out, const void *text, size_t size, bw_error *error);

/** Reads the file at `path`, which messages name as well. */
bw_status bw_voc_read(bw_voc_file *out, const char *path, bw_error *error);

void bw_voc_free(bw_voc_file *file);

#endif
