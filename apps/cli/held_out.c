#include "held_out.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/path.h"

enum { FIRST = 1, STEP = 3 };

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

bw_status bw_hold_out(bw_held_out *held_out, char *const *paths, size_t count, bw_error *error)
{
    *held_out = (bw_held_out){.names = calloc(count / STEP + 1, sizeof *held_out->names)};
    bool good = held_out->names != NULL;
    for (size_t index = FIRST; good && index < count; index += STEP) {
        held_out->names[held_out->count] = strdup(bw_base_name(paths[index]));
        good = held_out->names[held_out->count++] != NULL;
    }
    if (!good) {
        bw_held_out_free(held_out);
        return bw_fail(error, BW_ERROR_MEMORY, "cannot allocate a list of %zu pictures", count);
    }
    qsort((void *)held_out->names, held_out->count, sizeof *held_out->names, compare_names);
    return BW_OK;
}

bool bw_is_held_out(const bw_held_out *held_out, const char *path)
{
    const char *name = bw_base_name(path);
    return bsearch((const void *)&name, (const void *)held_out->names, held_out->count,
                   sizeof *held_out->names, compare_names) != NULL;
}

void bw_held_out_free(bw_held_out *held_out)
{
    for (size_t index = 0; held_out->names && index < held_out->count; index++)
        free(held_out->names[index]);
    free((void *)held_out->names);
    *held_out = (bw_held_out){0};
}
