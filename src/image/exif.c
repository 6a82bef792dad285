#include <string.h>

#include "image/bytes.h"
#include "image/format.h"

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, TYPE_LONG = 4, ENTRY_BYTES = 12 };

typedef struct tiff_reader {
    const uint8_t *bytes;
    size_t size;
    bool big;
} tiff_reader;

static uint32_t read16(const tiff_reader *tiff, size_t at)
{
    return tiff->big ? bw_big16(tiff->bytes + at) : bw_little16(tiff->bytes + at);
}

static uint32_t read32(const tiff_reader *tiff, size_t at)
{
    return tiff->big ? bw_big32(tiff->bytes + at) : bw_little32(tiff->bytes + at);
}

static bool open_tiff(tiff_reader *tiff, const uint8_t *bytes, size_t size)
{
    if (size >= 6 && memcmp(bytes, "Exif\0\0", 6) == 0) {
        bytes += 6;
        size -= 6;
    }
    if (size < 8)
        return false;
    *tiff = (tiff_reader){bytes, size, bytes[0] == 'M'};
    return memcmp(bytes, tiff->big ? "MM\0*" : "II*\0", 4) == 0;
}

/* The orientation that the directory entry at `at` holds; 0 when it is another tag or nonsense. */
static uint32_t entry_orientation(const tiff_reader *tiff, size_t at)
{
    if (read16(tiff, at) != TAG_ORIENTATION || read32(tiff, at + 4) == 0)
        return 0;
    uint32_t type = read16(tiff, at + 2);
    uint32_t value = type == TYPE_SHORT  ? read16(tiff, at + 8)
                     : type == TYPE_LONG ? read32(tiff, at + 8)
                                         : 0;
    return value <= 8 ? value : 0;
}

int bw_exif_orientation(const uint8_t *bytes, size_t size)
{
    tiff_reader tiff;
    if (!open_tiff(&tiff, bytes, size))
        return 1;
    size_t directory = read32(&tiff, 4);
    if (directory > tiff.size - 2)
        return 1;
    size_t entries = read16(&tiff, directory);
    size_t room = (tiff.size - directory - 2) / ENTRY_BYTES;
    for (size_t i = 0; i < entries && i < room; i++) {
        uint32_t value = entry_orientation(&tiff, directory + 2 + i * ENTRY_BYTES);
        if (value != 0)
            return (int)value;
    }
    return 1;
}
