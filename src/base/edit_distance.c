#include "base/edit_distance.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { LONGEST = 63 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

size_t bw_edit_distance(const char *a, const char *b)
{
    size_t rows[3][LONGEST + 1], length = strlen(b);
    if (strlen(a) > LONGEST || length > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= length; j++)
        rows[0][j] = j;
    size_t i = 0;
    for (; a[i]; i++) {
        const size_t *above = rows[i % 3], *two_above = rows[(i + 2) % 3];
        size_t *row = rows[(i + 1) % 3];
        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t best = above[j] + !same(a[i], b[j]);
            best = smaller(best, smaller(above[j + 1], row[j]) + 1);
            if (i > 0 && j > 0 && same(a[i], b[j - 1]) && same(a[i - 1], b[j]))
                best = smaller(best, two_above[j - 1] + 1);
            row[j + 1] = best;
        }
    }
    return rows[i % 3][length];
}
