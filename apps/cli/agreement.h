/**
 * How far what one network finds agrees with what another one finds in the same pictures.
 *
 * The boxes of the one are taken for the truth. A box of the other's agrees with it when both are
 * of the same class and overlap by an IoU of at least 0.5; each agrees with at most one. The best
 * boxes choose first, and take the one that they overlap most.
 */
#ifndef BW_CLI_AGREEMENT_H
#define BW_CLI_AGREEMENT_H

#include "base/error.h"

#define BW_AGREEMENT_OVERLAP 0.5

/** Boxes, of all pictures so far. */
typedef struct bw_agreement {
    size_t pictures;
    size_t expected, found; /* of the one that is taken for the truth, and of the other */
    size_t agreed;          /* pairs of them */
} bw_agreement;

/** Adds a picture. `found` is sorted by falling score, as engines give it. */
bw_status bw_agreement_add(bw_agreement *agreement, const bw_detections *expected,
                           const bw_detections *found, bw_error *error);

/** F1, from 0 to 1: the harmonic mean of precision and recall; 1 where neither found anything. */
double bw_agreement_f1(const bw_agreement *agreement);

#endif
