#include "plan/cursor.h"

#include <limits.h>
#include <string.h>

/* The next `size` bytes: room to write to, or NULL after a failure. */
static uint8_t *make_room(bw_cursor *cursor, size_t size)
{
    if (cursor->failed || size > SIZE_MAX - cursor->size ||
        !bw_array_reserve((void **)&cursor->bytes, &cursor->capacity, cursor->size + size, 1)) {
        cursor->failed = true;
        return NULL;
    }
    uint8_t *room = cursor->bytes + cursor->size;
    cursor->size += size;
    return room;
}

/* The next `size` bytes to read, or NULL after a failure. */
static const uint8_t *take(bw_cursor *cursor, size_t size)
{
    if (cursor->failed || size > cursor->left) {
        cursor->failed = true;
        return NULL;
    }
    const uint8_t *bytes = cursor->from;
    cursor->from += size;
    cursor->left -= size;
    return bytes;
}

/* A number of `size` bytes, the least significant first. */
static uint64_t move_number(bw_cursor *cursor, uint64_t value, size_t size)
{
    if (cursor->writing) {
        uint8_t *room = make_room(cursor, size);
        for (size_t index = 0; room && index < size; index++)
            room[index] = (uint8_t)(value >> 8 * index);
        return value;
    }
    const uint8_t *bytes = take(cursor, size);
    value = 0;
    for (size_t index = 0; bytes && index < size; index++)
        value |= (uint64_t)bytes[index] << 8 * index;
    return value;
}

void bw_move_u32(bw_cursor *cursor, uint32_t *value)
{
    *value = (uint32_t)move_number(cursor, *value, 4);
}

void bw_move_u64(bw_cursor *cursor, uint64_t *value)
{
    *value = move_number(cursor, *value, 8);
}

void bw_move_int(bw_cursor *cursor, int *value)
{
    *value = (int)(uint32_t)move_number(cursor, (uint32_t)*value, 4);
}

void bw_move_size(bw_cursor *cursor, size_t *value)
{
    *value = move_number(cursor, *value, 8);
}

void bw_move_float(bw_cursor *cursor, float *value)
{
    uint32_t bits;
    memcpy(&bits, value, sizeof bits);
    bw_move_u32(cursor, &bits);
    memcpy(value, &bits, sizeof bits);
}

void bw_move_bytes(bw_cursor *cursor, void *bytes, size_t size)
{
    if (cursor->writing) {
        uint8_t *room = make_room(cursor, size);
        if (room && size)
            memcpy(room, bytes, size);
        return;
    }
    const uint8_t *from = take(cursor, size);
    if (from && size)
        memcpy(bytes, from, size);
    else if (size)
        memset(bytes, 0, size);
}

static void read_text(bw_cursor *cursor, const char **text, size_t length)
{
    const uint8_t *bytes = take(cursor, length);
    *text = "";
    if (!bytes)
        return;
    const char *copy = NULL;
    if (length == 0 || !memchr(bytes, 0, length))
        copy = bw_arena_text(cursor->arena, (const char *)bytes, length);
    if (copy)
        *text = copy;
    else
        cursor->failed = true;
}

void bw_move_text(bw_cursor *cursor, const char **text)
{
    size_t length = cursor->writing ? strlen(*text) : 0;
    length = move_number(cursor, length, 4);
    if (cursor->writing)
        bw_move_bytes(cursor, (void *)(uintptr_t)*text, length);
    else
        read_text(cursor, text, length);
}

void bw_move_count(bw_cursor *cursor, int *count, size_t least)
{
    uint64_t value = move_number(cursor, (uint64_t)*count, 4);
    if (!cursor->writing && (value > INT_MAX || value > cursor->left / least)) {
        cursor->failed = true;
        value = 0;
    }
    *count = (int)value;
}
