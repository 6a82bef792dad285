/**
 * Windows and OS/2 bitmaps: 1, 4 and 8 bits with a palette, 16 and 32 bits with masks, 24 bits,
 * run-length codes RLE4 and RLE8, rows from the bottom or the top.
 *
 *     file header (14) | information header (12 … 124) | masks | palette | pixels
 *
 * Every size is checked against the file's length before pixels are allocated.
 */
#include <string.h>

#include "image/bytes.h"
#include "image/format.h"

enum {
    FILE_HEADER = 14,
    CORE_HEADER = 12, /* OS/2 1.x: 16-bit sizes, palette of three bytes an entry */
    INFO_HEADER = 40,
    MASKED_HEADER = 52, /* from here on the header itself holds the masks */
    MAX_HEADER = 124,
};

typedef enum bmp_compression {
    BMP_RGB,
    BMP_RLE8,
    BMP_RLE4,
    BMP_BITFIELDS,
    BMP_JPEG,
    BMP_PNG,
    BMP_ALPHA_BITFIELDS,
} bmp_compression;

/* One colour of a masked pixel: (pixel >> shift & maximum) × 255 / maximum. */
typedef struct bmp_channel {
    unsigned shift;
    uint32_t maximum;
} bmp_channel;

typedef struct bmp_file {
    const uint8_t *bytes;
    size_t size;
    uint32_t header_bytes;
    uint32_t width, height;
    bool top_down;
    uint32_t bits, compression, colours;
    size_t pixels;    /* where they begin */
    size_t row_bytes; /* of an uncompressed row, padding included */
    uint8_t palette[256][3];
    bmp_channel channels[3];
} bmp_file;

static bool matches(const uint8_t *bytes, size_t size)
{
    if (size < FILE_HEADER + 4 || bytes[0] != 'B' || bytes[1] != 'M')
        return false;
    uint32_t header = bw_little32(bytes + FILE_HEADER);
    return header >= CORE_HEADER && header <= MAX_HEADER;
}

static bw_status cut(bw_error *error)
{
    return bw_fail(error, BW_ERROR_FORMAT, "damaged BMP: the file ends too early");
}

static void read_core(bmp_file *bmp)
{
    const uint8_t *header = bmp->bytes + FILE_HEADER;
    bmp->width = bw_little16(header + 4);
    bmp->height = bw_little16(header + 6);
    bmp->bits = bw_little16(header + 10);
}

static void read_info(bmp_file *bmp)
{
    const uint8_t *header = bmp->bytes + FILE_HEADER;
    bmp->width = bw_little32(header + 4);
    bmp->height = bw_little32(header + 8);
    bmp->bits = bw_little16(header + 14);
    bmp->compression = bw_little32(header + 16);
    bmp->colours = bw_little32(header + 32);
    bmp->top_down = bmp->height > INT32_MAX;
    if (bmp->top_down)
        bmp->height = 0u - bmp->height;
}

static bool is_masked(const bmp_file *bmp)
{
    return bmp->compression == BMP_BITFIELDS || bmp->compression == BMP_ALPHA_BITFIELDS;
}

static bool is_run_length(const bmp_file *bmp)
{
    return bmp->compression == BMP_RLE8 || bmp->compression == BMP_RLE4;
}

static bool is_known_layout(const bmp_file *bmp)
{
    switch (bmp->compression) {
    case BMP_RGB:
        return bmp->bits == 1 || bmp->bits == 4 || bmp->bits == 8 || bmp->bits == 16 ||
               bmp->bits == 24 || bmp->bits == 32;
    case BMP_RLE8: return bmp->bits == 8 && !bmp->top_down;
    case BMP_RLE4: return bmp->bits == 4 && !bmp->top_down;
    case BMP_BITFIELDS:
    case BMP_ALPHA_BITFIELDS: return bmp->bits == 16 || bmp->bits == 32;
    default: return false;
    }
}

static bw_status read_header(bmp_file *bmp, bw_error *error)
{
    bmp->header_bytes = bw_little32(bmp->bytes + FILE_HEADER);
    if (bmp->header_bytes != CORE_HEADER && bmp->header_bytes < INFO_HEADER)
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "unsupported BMP: a header of %u bytes",
                       bmp->header_bytes);
    if (bmp->size - FILE_HEADER < bmp->header_bytes)
        return cut(error);
    if (bmp->header_bytes == CORE_HEADER)
        read_core(bmp);
    else
        read_info(bmp);
    if (!is_known_layout(bmp))
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "unsupported BMP: %u bits a pixel with compression %u", bmp->bits,
                       bmp->compression);
    bmp->pixels = bw_little32(bmp->bytes + 10);
    if (bmp->pixels < FILE_HEADER + bmp->header_bytes)
        return bw_fail(error, BW_ERROR_FORMAT, "damaged BMP: its pixels begin inside its header");
    return bmp->pixels < bmp->size ? BW_OK : cut(error);
}

/* Refuses masks with gaps: nothing writes them. A colour without a mask is black. */
static bool set_channel(bmp_channel *channel, uint32_t mask)
{
    *channel = (bmp_channel){0, 0};
    if (mask == 0)
        return true;
    channel->shift = (unsigned)__builtin_ctz(mask);
    channel->maximum = mask >> channel->shift;
    return (channel->maximum & (channel->maximum + 1)) == 0;
}

static bw_status read_masks(bmp_file *bmp, bw_error *error)
{
    static const uint32_t usual[2][3] = {{0x7C00, 0x03E0, 0x001F}, {0xFF0000, 0xFF00, 0xFF}};
    const uint8_t *given = bmp->bytes + FILE_HEADER + INFO_HEADER;
    if (is_masked(bmp) && bmp->pixels < FILE_HEADER + MASKED_HEADER)
        return bw_fail(error, BW_ERROR_FORMAT, "damaged BMP: its colour masks are missing");
    for (int i = 0; i < 3; i++) {
        uint32_t mask = is_masked(bmp) ? bw_little32(given + i * 4) : usual[bmp->bits == 32][i];
        if (!set_channel(&bmp->channels[i], mask))
            return bw_fail(error, BW_ERROR_FORMAT, "damaged BMP: a colour mask of %#x", mask);
    }
    return BW_OK;
}

/* Indices beyond a short palette are black. */
static void read_palette(bmp_file *bmp)
{
    size_t entry = bmp->header_bytes == CORE_HEADER ? 3 : 4;
    size_t start = FILE_HEADER + bmp->header_bytes, room = (bmp->pixels - start) / entry;
    size_t count = (size_t)1 << bmp->bits;
    if (bmp->colours != 0 && bmp->colours < count)
        count = bmp->colours;
    if (count > room)
        count = room;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *blue = bmp->bytes + start + i * entry;
        bmp->palette[i][0] = blue[2];
        bmp->palette[i][1] = blue[1];
        bmp->palette[i][2] = blue[0];
    }
}

/* Padding after the last row is missing from some files, and not missed. */
static bool has_all_rows(const bmp_file *bmp)
{
    uint64_t bits = (uint64_t)bmp->width * bmp->bits, used = (bits + 7) / 8;
    uint64_t left = bmp->size - bmp->pixels;
    return used <= left && (bmp->height - 1) <= (left - used) / bmp->row_bytes;
}

static uint8_t *target_row(const bmp_file *bmp, const bw_image *out, uint32_t row)
{
    return out->pixels + (bmp->top_down ? row : bmp->height - 1 - row) * out->stride;
}

static void copy_palette_row(const bmp_file *bmp, uint8_t *out, const uint8_t *row)
{
    unsigned bits = bmp->bits, mask = (1u << bits) - 1;
    for (size_t x = 0; x < bmp->width; x++, out += 3) {
        size_t bit = x * bits;
        unsigned index = (unsigned)row[bit / 8] >> (8 - bits - bit % 8) & mask;
        memcpy(out, bmp->palette[index], 3);
    }
}

static void copy_masked_row(const bmp_file *bmp, uint8_t *out, const uint8_t *row)
{
    size_t bytes = bmp->bits / 8;
    for (size_t x = 0; x < bmp->width; x++, out += 3, row += bytes) {
        uint32_t pixel = bytes == 2 ? bw_little16(row) : bw_little32(row);
        for (int i = 0; i < 3; i++) {
            uint64_t maximum = bmp->channels[i].maximum;
            uint64_t value = pixel >> bmp->channels[i].shift & maximum;
            out[i] = (uint8_t)(maximum ? (value * 255 + maximum / 2) / maximum : 0);
        }
    }
}

static void copy_bgr_row(const bmp_file *bmp, uint8_t *out, const uint8_t *row)
{
    for (size_t x = 0; x < bmp->width; x++, out += 3, row += 3) {
        out[0] = row[2];
        out[1] = row[1];
        out[2] = row[0];
    }
}

static void copy_rows(const bmp_file *bmp, const bw_image *out)
{
    void (*copy)(const bmp_file *, uint8_t *, const uint8_t *) = bmp->bits <= 8 ? copy_palette_row
                                                                 : bmp->bits == 24
                                                                     ? copy_bgr_row
                                                                     : copy_masked_row;
    for (uint32_t y = 0; y < bmp->height; y++)
        copy(bmp, target_row(bmp, out, y), bmp->bytes + bmp->pixels + y * bmp->row_bytes);
}

/* Where the run-length decoder reads and writes. */
typedef struct bmp_runs {
    const bmp_file *bmp;
    const bw_image *out;
    const uint8_t *next, *end;
    uint32_t x, y;
} bmp_runs;

/* Pixels beyond the edge are dropped. */
static void put(bmp_runs *runs, unsigned index)
{
    const bmp_file *bmp = runs->bmp;
    if (runs->x < bmp->width && runs->y < bmp->height)
        memcpy(target_row(bmp, runs->out, runs->y) + (size_t)runs->x * 3, bmp->palette[index], 3);
    if (runs->x < bmp->width)
        runs->x++;
}

static unsigned nibble(unsigned byte, unsigned position)
{
    return position % 2 == 0 ? byte >> 4 : byte & 15;
}

static void put_run(bmp_runs *runs, unsigned count, unsigned value)
{
    for (unsigned i = 0; i < count; i++)
        put(runs, runs->bmp->bits == 8 ? value : nibble(value, i));
}

/* `count` pixels as they are, padded to a multiple of two bytes. */
static bool put_literals(bmp_runs *runs, unsigned count)
{
    unsigned bytes = runs->bmp->bits == 8 ? count : (count + 1) / 2;
    if ((size_t)(runs->end - runs->next) < bytes)
        return false;
    for (unsigned i = 0; i < count; i++)
        put(runs, runs->bmp->bits == 8 ? runs->next[i] : nibble(runs->next[i / 2], i));
    bytes += bytes % 2;
    size_t left = (size_t)(runs->end - runs->next);
    runs->next += left < bytes ? left : bytes;
    return true;
}

static bool move(bmp_runs *runs)
{
    if (runs->end - runs->next < 2)
        return false;
    uint32_t across = runs->next[0], down = runs->next[1];
    runs->next += 2;
    runs->x = across < runs->bmp->width - runs->x ? runs->x + across : runs->bmp->width;
    runs->y = down < runs->bmp->height - runs->y ? runs->y + down : runs->bmp->height;
    return true;
}

/* Ends at the end-of-bitmap code or below the last row; false when the codes end before. */
static bool decode_runs(bmp_runs *runs)
{
    while (runs->y < runs->bmp->height && runs->end - runs->next >= 2) {
        unsigned count = runs->next[0], value = runs->next[1];
        runs->next += 2;
        if (count > 0) {
            put_run(runs, count, value);
        } else if (value == 0) {
            runs->x = 0;
            runs->y++;
        } else if (value == 1) {
            return true;
        } else if (!(value == 2 ? move(runs) : put_literals(runs, value))) {
            return false;
        }
    }
    return runs->y >= runs->bmp->height;
}

/* Pixels that the codes skip have the palette's first colour. */
static bw_status decode_run_length(const bmp_file *bmp, const bw_image *out, bw_error *error)
{
    for (uint32_t y = 0; y < bmp->height; y++) {
        uint8_t *row = target_row(bmp, out, y);
        for (size_t x = 0; x < bmp->width; x++)
            memcpy(row + x * 3, bmp->palette[0], 3);
    }
    bmp_runs runs = {bmp, out, bmp->bytes + bmp->pixels, bmp->bytes + bmp->size, 0, 0};
    return decode_runs(&runs) ? BW_OK : cut(error);
}

static bw_status decode(bw_image *out, const uint8_t *bytes, size_t size,
                        const bw_decode_options *options, bw_error *error)
{
    bmp_file bmp = {.bytes = bytes, .size = size};
    bw_status status = read_header(&bmp, error);
    if (status == BW_OK)
        status = read_masks(&bmp, error);
    if (status != BW_OK)
        return status;
    bmp.row_bytes = (size_t)(((uint64_t)bmp.width * bmp.bits + 31) / 32 * 4);
    bool measured = bmp.width > 0 && bmp.height > 0 && !is_run_length(&bmp);
    if (measured && bmp.width <= options->limits.image_pixels / bmp.height && !has_all_rows(&bmp))
        return cut(error);
    status = bw_image_allocate(out, bmp.width, bmp.height, &options->limits, error);
    if (status != BW_OK)
        return status;
    if (bmp.bits <= 8)
        read_palette(&bmp);
    if (is_run_length(&bmp))
        return decode_run_length(&bmp, out, error);
    copy_rows(&bmp, out);
    return BW_OK;
}

static bw_status measure(bw_image *out, const uint8_t *bytes, size_t size, bw_error *error)
{
    bmp_file bmp = {.bytes = bytes, .size = size};
    bw_status status = read_header(&bmp, error);
    if (status != BW_OK)
        return status;
    if (bmp.width > INT32_MAX || bmp.height > INT32_MAX)
        return bw_fail(error, BW_ERROR_LIMIT, "the BMP claims %u × %u pixels", bmp.width,
                       bmp.height);
    out->width = (int)bmp.width;
    out->height = (int)bmp.height;
    return BW_OK;
}

const bw_image_format bw_format_bmp = {"bmp", matches, decode, measure};
