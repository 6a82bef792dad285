#include "tensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { REDZONE = 1024 };

static const uint32_t pattern = 0x7fc5a5a5; /* not a number, and not the one arithmetic makes */

static void *need(void *memory)
{
    if (!memory) {
        fputs("the tests are out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static uint64_t random_next(random_source *random)
{
    uint64_t x = random->state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

int random_between(random_source *random, int low, int high)
{
    return low + (int)(random_next(random) % (uint64_t)(high - low + 1));
}

bool random_once_in(random_source *random, int times)
{
    return random_between(random, 1, times) == 1;
}

static float random_unit(random_source *random)
{
    return (float)(random_next(random) >> 40) * 0x1p-24f;
}

const char *fill_name(fill kind)
{
    static const char *const names[FILL_COUNT] = {"ordinary", "zero",  "denormal", "large",
                                                  "negative", "mixed", "most",     "least"};
    return names[kind];
}

static float random_number(random_source *random, fill kind)
{
    float sign = random_once_in(random, 2) ? 1.0f : -1.0f, unit = random_unit(random);
    switch (kind) {
    case FILL_ZERO: return 0.0f;
    case FILL_DENORMAL: return sign * unit * 1e-38f;
    case FILL_LARGE: return sign * (0.5f + unit) * 1e12f;
    case FILL_NEGATIVE: return -2.0f * unit;
    case FILL_MIXED: return sign * powf(10.0f, 12.0f * unit - 6.0f);
    case FILL_MOST: return 1e6f;
    case FILL_LEAST: return -1e6f;
    case FILL_ORDINARY:
    case FILL_COUNT: break;
    }
    return sign * unit;
}

void fill_numbers(random_source *random, fill kind, float *to, size_t count)
{
    for (size_t index = 0; index < count; index++)
        to[index] = random_number(random, kind);
}

static int8_t random_integer(random_source *random, fill kind)
{
    switch (kind) {
    case FILL_ZERO: return 0;
    case FILL_DENORMAL: return (int8_t)random_between(random, -1, 1);
    case FILL_LARGE: return random_once_in(random, 2) ? -127 : 127;
    case FILL_NEGATIVE: return (int8_t)random_between(random, -127, 0);
    case FILL_MIXED: return (int8_t)random_between(random, -128, 127);
    case FILL_MOST: return 127;
    case FILL_LEAST: return -127;
    case FILL_ORDINARY:
    case FILL_COUNT: break;
    }
    return (int8_t)random_between(random, -63, 63);
}

int largest_integer(fill kind)
{
    return kind == FILL_ORDINARY ? 63 : kind == FILL_MIXED ? 128 : 127;
}

void fill_integers(random_source *random, fill kind, int8_t *to, size_t count)
{
    for (size_t index = 0; index < count; index++)
        to[index] = random_integer(random, kind);
}

static uint8_t random_byte(random_source *random, fill kind, int zero_point)
{
    switch (kind) {
    case FILL_ZERO: return (uint8_t)zero_point;
    case FILL_DENORMAL:
        return (uint8_t)random_between(random, zero_point > 0 ? zero_point - 1 : 0,
                                       zero_point < 255 ? zero_point + 1 : 255);
    case FILL_LARGE: return random_once_in(random, 2) ? 0 : 255;
    case FILL_NEGATIVE: return (uint8_t)random_between(random, 0, zero_point);
    case FILL_MOST: return 255;
    case FILL_LEAST: return 0;
    case FILL_ORDINARY:
    case FILL_MIXED:
    case FILL_COUNT: break;
    }
    return (uint8_t)random_between(random, 0, 255);
}

static void fill_pattern(void *to, size_t bytes)
{
    for (size_t at = 0; at < bytes; at++)
        ((uint8_t *)to)[at] = ((const uint8_t *)&pattern)[at % sizeof pattern];
}

static bw_format format_of(const test_tensor *tensor)
{
    return tensor->place.layout.format;
}

static uint8_t *element_of(const test_tensor *tensor, size_t index)
{
    return (uint8_t *)tensor->block + index * bw_type_size(format_of(tensor).type);
}

size_t tensor_bytes(const test_tensor *tensor)
{
    return tensor->elements * bw_type_size(format_of(tensor).type);
}

float tensor_number(const test_tensor *tensor, size_t index)
{
    bw_format format = format_of(tensor);
    const void *at = element_of(tensor, index);
    if (format.type == BW_U8)
        return bw_from_u8(*(const uint8_t *)at, format);
    return format.type == BW_BF16 ? bw_from_bf16(*(const uint16_t *)at) : *(const float *)at;
}

void tensor_set(test_tensor *tensor, size_t index, float number)
{
    bw_format format = format_of(tensor);
    void *at = element_of(tensor, index);
    if (format.type == BW_U8)
        *(uint8_t *)at = bw_to_u8(number / format.scale, format.zero_point);
    else if (format.type == BW_BF16)
        *(uint16_t *)at = bw_to_bf16(number);
    else
        *(float *)at = number;
}

bool tensor_same_bits(const test_tensor *a, const test_tensor *b, size_t index)
{
    size_t size = bw_type_size(format_of(a).type);
    return memcmp(element_of(a, index), element_of(b, index), size) == 0;
}

placement placement_dense(int height, int width, int channels, int lanes, int border)
{
    return (placement){bw_layout_make(height, width, channels, lanes, border), 0};
}

placement placement_random(random_source *random, int height, int width, int channels, int lanes,
                           int border)
{
    placement place = placement_dense(height, width, channels, lanes, border);
    bw_layout *layout = &place.layout;
    if (random_once_in(random, 8)) {
        layout->row_stride += (size_t)(random_between(random, 1, 3) * lanes);
        layout->plane_stride = layout->row_stride * (size_t)(height + 2 * border);
    }
    if (random_once_in(random, 4))
        layout->plane_stride += (size_t)(random_between(random, 1, 9) * lanes);
    int planes = bw_layout_planes(layout);
    if (random_once_in(random, 2)) {
        place.before = random_between(random, 0, 2);
        planes += place.before + random_between(random, 0, 2);
    }
    layout->image_stride = (size_t)planes * layout->plane_stride;
    return place;
}

/* The index in the block of a pixel, which may lie in the border. */
static size_t pixel_at(const test_tensor *tensor, int image, int plane, int y, int x)
{
    const bw_layout *layout = &tensor->place.layout;
    ptrdiff_t at = (const uint8_t *)tensor->first - (const uint8_t *)tensor->block;
    at /= (ptrdiff_t)bw_type_size(layout->format.type);
    at += (ptrdiff_t)image * (ptrdiff_t)layout->image_stride;
    at += (ptrdiff_t)plane * (ptrdiff_t)layout->plane_stride;
    at += (ptrdiff_t)y * (ptrdiff_t)layout->row_stride + (ptrdiff_t)x * layout->lanes;
    return (size_t)at;
}

size_t tensor_at(const test_tensor *tensor, int image, int channel, int y, int x)
{
    int lanes = tensor->place.layout.lanes;
    return pixel_at(tensor, image, channel / lanes, y, x) + (size_t)(channel % lanes);
}

static void mark_row(test_tensor *tensor, int image, int plane, int y)
{
    const bw_layout *layout = &tensor->place.layout;
    int border = layout->border, lanes = layout->lanes;
    size_t start = pixel_at(tensor, image, plane, y, -border);
    memset(tensor->kinds + start, ELEMENT_GAP, layout->row_stride);
    for (int x = -border; x < layout->width + border; x++) {
        uint8_t *kinds = tensor->kinds + pixel_at(tensor, image, plane, y, x);
        bool inside = y >= 0 && y < layout->height && x >= 0 && x < layout->width;
        for (int lane = 0; lane < lanes; lane++) {
            bool real = plane * lanes + lane < layout->channels;
            kinds[lane] = !inside ? ELEMENT_BORDER : real ? ELEMENT_REAL : ELEMENT_SPARE;
        }
    }
}

static void mark_elements(test_tensor *tensor)
{
    const bw_layout *layout = &tensor->place.layout;
    memset(tensor->kinds, ELEMENT_OUTSIDE, tensor->elements);
    for (int image = 0; image < tensor->images; image++) {
        for (int plane = 0; plane < bw_layout_planes(layout); plane++) {
            for (int y = -layout->border; y < layout->height + layout->border; y++)
                mark_row(tensor, image, plane, y);
        }
    }
}

test_tensor tensor_make(const placement *place, int images)
{
    test_tensor made = {.place = *place, .images = images};
    const bw_layout *layout = &place->layout;
    made.elements = 2 * REDZONE + bw_layout_elements(layout, images);
    made.block = need(bw_aligned_alloc(tensor_bytes(&made)));
    made.kinds = need(malloc(made.elements));
    made.first = element_of(&made, REDZONE + (size_t)place->before * layout->plane_stride +
                                       bw_layout_origin(layout));
    fill_pattern(made.block, tensor_bytes(&made));
    mark_elements(&made);
    return made;
}

test_tensor tensor_copy(const test_tensor *other)
{
    test_tensor made = tensor_make(&other->place, other->images);
    memcpy(made.block, other->block, tensor_bytes(&made));
    return made;
}

void tensor_free(test_tensor *tensor)
{
    bw_aligned_free(tensor->block);
    free(tensor->kinds);
    tensor->block = NULL;
    tensor->kinds = NULL;
}

static void fill_element(test_tensor *tensor, random_source *random, fill kind, size_t index)
{
    bw_format format = format_of(tensor);
    if (format.type == BW_U8)
        *element_of(tensor, index) = random_byte(random, kind, format.zero_point);
    else
        tensor_set(tensor, index, random_number(random, kind));
}

void tensor_fill(test_tensor *tensor, random_source *random, fill kind)
{
    for (size_t index = 0; index < tensor->elements; index++) {
        switch ((element)tensor->kinds[index]) {
        case ELEMENT_REAL: fill_element(tensor, random, kind, index); break;
        case ELEMENT_SPARE: fill_element(tensor, random, FILL_LARGE, index); break;
        case ELEMENT_BORDER: tensor_set(tensor, index, 0.0f); break;
        case ELEMENT_OUTSIDE:
        case ELEMENT_GAP: break;
        }
    }
}

void tensor_spoil_border(test_tensor *tensor)
{
    for (size_t index = 0; index < tensor->elements; index++) {
        if (tensor->kinds[index] == ELEMENT_BORDER)
            memset(element_of(tensor, index), 0x41, bw_type_size(format_of(tensor).type));
    }
}

void tensor_magnitudes(test_tensor *tensor, float least)
{
    for (size_t index = 0; index < tensor->elements; index++) {
        if (tensor->kinds[index] == ELEMENT_REAL)
            tensor_set(tensor, index, fmaxf(fabsf(tensor_number(tensor, index)), least));
    }
}

void tensor_to_floats(test_tensor *tensor)
{
    placement place = tensor->place;
    place.layout.format = (bw_format){.type = BW_F32};
    test_tensor made = tensor_make(&place, tensor->images);
    for (size_t index = 0; index < made.elements; index++) {
        if (made.kinds[index] != ELEMENT_OUTSIDE && made.kinds[index] != ELEMENT_GAP)
            tensor_set(&made, index, tensor_number(tensor, index));
    }
    tensor_free(tensor);
    *tensor = made;
}

guarded guarded_make(size_t size)
{
    size_t rounded = bw_round_up(size, BW_ALIGNMENT);
    guarded made = {need(bw_aligned_alloc(rounded + 2 * REDZONE)), NULL, size};
    made.bytes = made.block + REDZONE;
    fill_pattern(made.block, rounded + 2 * REDZONE);
    return made;
}

bool guarded_intact(const guarded *memory)
{
    size_t total = 2 * REDZONE + bw_round_up(memory->size, BW_ALIGNMENT);
    for (size_t index = 0; index < total; index++) {
        bool inside = index >= REDZONE && index < REDZONE + memory->size;
        const uint8_t *expected = (const uint8_t *)&pattern + index % sizeof pattern;
        if (!inside && memory->block[index] != *expected)
            return false;
    }
    return true;
}

void guarded_free(guarded *memory)
{
    bw_aligned_free(memory->block);
    *memory = (guarded){0};
}
