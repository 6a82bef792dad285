/*
 * Replays a fuzz target without a fuzzer, the same inputs on every run: each file of a corpus
 * folder as it is, cut at many lengths, and with bytes changed by a seeded generator. A target
 * passes when it survives; run under the sanitizers it must not make them report either.
 *
 * usage: replay CORPUS-FOLDER
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST_INPUT = 1 << 20, CUTS = 64, MUTATIONS = 192 };

typedef struct input {
    uint8_t *bytes;
    size_t size;
} input;

/* Hands over a copy of exactly `size` bytes, so that a sanitizer sees the first read beyond. */
static void feed(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        fputs("replay: out of memory\n", stderr);
        exit(1);
    }
    if (size > 0)
        memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

/* A generator of good enough numbers from any seed (Steele et al., SplitMix64, 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t value = *state += UINT64_C(0x9E3779B97F4A7C15);
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

/* Every length of a short input; the first ones and an even spread of a long one's. */
static void feed_cuts(const input *whole)
{
    size_t head = whole->size < CUTS ? whole->size : CUTS;
    for (size_t length = 0; length < head; length++)
        feed(whole->bytes, length);
    for (size_t cut = 1; cut < CUTS && whole->size > CUTS; cut++)
        feed(whole->bytes, whole->size / CUTS * cut);
}

/* Changes one byte: to an extreme, to any value, by one bit, or to the value of another place. */
static void mutate_byte(input *copy, uint64_t *state)
{
    static const uint8_t extremes[] = {0x00, 0x01, 0x7F, 0x80, 0xFF, '-', '0', '9'};
    /* Headers decide most: half of the changes fall into the first 64 bytes. */
    size_t span = next_random(state) % 2 == 0 && copy->size > 64 ? 64 : copy->size;
    uint8_t *place = &copy->bytes[next_random(state) % span];
    uint64_t draw = next_random(state);
    switch (next_random(state) % 4) {
    case 0: *place = extremes[draw % sizeof extremes]; break;
    case 1: *place = (uint8_t)draw; break;
    case 2: *place = (uint8_t)(*place ^ (1U << draw % 8)); break;
    default: *place = copy->bytes[draw % copy->size]; break;
    }
}

static void feed_mutations(const input *whole)
{
    input copy = {.bytes = malloc(whole->size), .size = whole->size};
    if (copy.bytes == NULL) {
        fputs("replay: out of memory\n", stderr);
        exit(1);
    }
    for (uint64_t seed = 0; seed < MUTATIONS; seed++) {
        uint64_t state = seed;
        memcpy(copy.bytes, whole->bytes, whole->size);
        for (uint64_t changes = 1 + next_random(&state) % 8; changes > 0; changes--)
            mutate_byte(&copy, &state);
        feed(copy.bytes, copy.size);
    }
    free(copy.bytes);
}

/* Reads a corpus file; false when it cannot be read or is larger than a corpus file may be. */
static bool read_input(input *out, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    out->bytes = malloc(LARGEST_INPUT);
    out->size = out->bytes != NULL ? fread(out->bytes, 1, LARGEST_INPUT, file) : 0;
    bool whole = out->bytes != NULL && !ferror(file) && fgetc(file) == EOF;
    fclose(file);
    if (!whole)
        free(out->bytes);
    return whole;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool replay_file(const char *folder, const char *name)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    input whole;
    if (length < 0 || (size_t)length >= sizeof path || !read_input(&whole, path)) {
        fprintf(stderr, "replay: cannot read %s/%s (corpus files have at most %d bytes)\n", folder,
                name, LARGEST_INPUT);
        return false;
    }
    feed(whole.bytes, whole.size);
    if (whole.size > 0) {
        feed_cuts(&whole);
        feed_mutations(&whole);
    }
    free(whole.bytes);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    struct dirent **entries = NULL;
    int count = scandir(argv[1], &entries, is_visible, alphasort);
    if (count <= 0) {
        fprintf(stderr, "replay: no corpus in %s\n", argv[1]);
        return 1;
    }
    bool all = true;
    for (int index = 0; index < count; index++) {
        all = replay_file(argv[1], entries[index]->d_name) && all;
        free(entries[index]);
    }
    free(entries);
    printf("replayed %d files of %s, each cut and changed\n", count, argv[1]);
    return all ? 0 : 1;
}
