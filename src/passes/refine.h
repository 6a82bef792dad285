/**
 * Refining a convolution's integers on what is known of the numbers that it reads.
 */
#ifndef BW_PASSES_REFINE_H
#define BW_PASSES_REFINE_H

#include "passes/quantize.h"

/** What filters are refined by; `matrix` is NULL where nothing is known. */
typedef struct bw_refinement {
    const bw_covariance *windows;
    const float *factors;   /* of the channels that are read, since they were observed */
    float *matrix, *slopes; /* of one block; scratch */
    double *root;           /* of the matrix, see bw_find_root; scratch */
} bw_refinement;

/** `windows` may be NULL. False without memory; to be closed all the same. */
bool bw_refinement_open(bw_refinement *refinement, const bw_covariance *windows,
                        const float *factors);

void bw_refinement_close(bw_refinement *refinement);

/** What all filters of a convolution are rounded to. */
typedef struct bw_grid {
    const float *scales;         /* of each filter */
    float largest;               /* integer */
    const bw_codebook *codebook; /* that the integers are taken from; NULL: any */
    const float *lengths;        /* bits that integer i takes, at BW_INTEGER_ORIGIN + i; or NULL */
    const float *prices;         /* of a bit in each filter, in units of the sums' variance */
    bool feedback;               /* begin with rounding in order, which carries errors on */
} bw_grid;

/** Refines `integers`, block by block, in all filters; does nothing where nothing is known. */
void bw_refine(const bw_refinement *refinement, const bw_node *conv, int8_t *integers,
               const bw_grid *grid);

/**
 * What is left of the variance of an input where those after it in its block have made up for its
 * error, in the mean over all inputs; 1 where nothing is known.
 */
double bw_refinement_spread(const bw_refinement *refinement);

#endif
