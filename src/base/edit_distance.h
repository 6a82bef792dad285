/**
 * How far a mistyped word is from a known one.
 */
#ifndef BW_BASE_EDIT_DISTANCE_H
#define BW_BASE_EDIT_DISTANCE_H

#include <stddef.h>

/**
 * Letters to insert, delete, replace or swap with their neighbours to make one word of the other,
 * upper and lower case being the same (optimal string alignment). Words of more than 63 bytes,
 * which nobody mistypes, are SIZE_MAX away.
 */
size_t bw_edit_distance(const char *a, const char *b);

#endif
