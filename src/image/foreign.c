/**
 * Content that people put into folders of pictures but that is not decoded: named, so that the
 * list of failed files says what to do about each.
 */
#include <string.h>
#include <strings.h>

#include "image/format.h"

#define CONVERT "which is not supported; convert it to PNG or JPEG"
#define FETCH "not a picture; the download failed, or the address is not the picture's own"

typedef struct signature {
    size_t offset, length;
    const char *magic;
    const char *what, *advice;
} signature;

static const signature signatures[] = {
    {0, 4, "GIF8", "a GIF picture", CONVERT},
    {0, 4, "II*\0", "a TIFF picture", CONVERT},
    {0, 4, "MM\0*", "a TIFF picture", CONVERT},
    {0, 4, "II+\0", "a BigTIFF picture", CONVERT},
    {4, 8, "ftypheic", "a HEIC picture", CONVERT},
    {4, 8, "ftypheix", "a HEIC picture", CONVERT},
    {4, 8, "ftypmif1", "a HEIF picture", CONVERT},
    {4, 8, "ftypmsf1", "a HEIF picture", CONVERT},
    {4, 8, "ftypavif", "an AVIF picture", CONVERT},
    {4, 8, "ftypavis", "an AVIF picture", CONVERT},
    {4, 4, "ftyp", "a video", "not a picture; extract its frames first"},
    {0, 2, "\xFF\x0A", "a JPEG XL picture", CONVERT},
    {4, 4, "JXL ", "a JPEG XL picture", CONVERT},
    {4, 4, "jP  ", "a JPEG 2000 picture", CONVERT},
    {0, 4, "8BPS", "a Photoshop document", CONVERT},
    {0, 4, "\0\0\1\0", "an icon file", CONVERT},
    {0, 3, "P5\n", "a PGM picture", CONVERT},
    {0, 3, "P6\n", "a PPM picture", CONVERT},
    {0, 4, "\x76\x2F\x31\x01", "an OpenEXR picture", CONVERT},
    {0, 4, "%PDF", "a PDF document", "not a picture; export its pages as PNG or JPEG"},
    {0, 4, "PK\3\4", "a ZIP archive", "not a picture; name it to have its pictures read"},
    {0, 2, "\x1F\x8B", "a gzip archive", "not a picture; unpack it"},
    {0, 23, "version https://git-lfs", "a Git LFS pointer", "not a picture; run git lfs pull"},
};

static const signature texts[] = {
    {0, 14, "<!doctype html", "an HTML page", FETCH},
    {0, 5, "<html", "an HTML page", FETCH},
    {0, 4, "<svg", "an SVG drawing", CONVERT},
    {0, 5, "<?xml", "an XML document", "not a picture that can be decoded"},
};

static bw_status refuse_as(const signature *found, bw_error *error)
{
    return bw_fail(error, BW_ERROR_UNSUPPORTED, "this is %s, %s", found->what, found->advice);
}

static bool begins(const signature *candidate, const uint8_t *bytes, size_t size)
{
    return candidate->offset <= size && candidate->length <= size - candidate->offset &&
           memcmp(bytes + candidate->offset, candidate->magic, candidate->length) == 0;
}

/* Markup may follow a byte order mark and white space, in any case of letters. */
static const signature *find_text(const uint8_t *bytes, size_t size)
{
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    while (size > 0 && (*bytes == ' ' || *bytes == '\t' || *bytes == '\r' || *bytes == '\n')) {
        bytes++;
        size--;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].length <= size &&
            strncasecmp((const char *)bytes, texts[i].magic, texts[i].length) == 0)
            return &texts[i];
    }
    return NULL;
}

/* Whether it begins with text, of more than a few characters. */
static bool is_plain_text(const uint8_t *bytes, size_t size)
{
    size_t i = 0;
    while (i < size && i < 512 && (bytes[i] >= ' ' || (bytes[i] >= '\t' && bytes[i] <= '\r')))
        i++;
    return size >= 8 && (i == size || i == 512);
}

static bool all_zero(const uint8_t *bytes, size_t size)
{
    size_t i = 0;
    while (i < size && bytes[i] == 0)
        i++;
    return i == size;
}

bw_status bw_image_refuse(const uint8_t *bytes, size_t size, bw_error *error)
{
    if (size == 0)
        return bw_fail(error, BW_ERROR_FORMAT, "the file is empty");
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        if (begins(&signatures[i], bytes, size))
            return refuse_as(&signatures[i], error);
    }
    const signature *text = find_text(bytes, size);
    if (text)
        return refuse_as(text, error);
    if (all_zero(bytes, size))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "the file holds nothing but zeros: it was never written completely");
    if (is_plain_text(bytes, size))
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "this is text, not a picture; if it is a list of pictures, name it with "
                       "--list");
    return bw_fail(error, BW_ERROR_UNSUPPORTED,
                   "this is no picture of a known format; JPEG, PNG, WebP and BMP are supported");
}
