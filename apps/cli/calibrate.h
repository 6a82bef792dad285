/**
 * The precision that the options name, and the pictures that INT8 is calibrated on.
 */
#ifndef BW_CLI_CALIBRATE_H
#define BW_CLI_CALIBRATE_H

#include "boxwright/boxwright.h"
#include "held_out.h"
#include "options.h"

/** As a precision: the fastest one. */
enum { BW_PRECISION_BEST = BW_PRECISION_COUNT };

typedef struct bw_precision_choice {
    int precision;           /* a bw_precision, or BW_PRECISION_BEST */
    const char *calib;       /* a folder, or "noise"; NULL for none */
    int pictures;            /* the most that are taken of the folder */
    const char *ranges;      /* a file that tells what was learnt from pictures; NULL for none */
    const char *save_ranges; /* where to write that; NULL for nowhere */
    const bw_held_out *held_out; /* pictures that judge; NULL: all are fitted to, and all judge */
} bw_precision_choice;

/** Options that read and write files of ranges, where a verb has them. */
extern const bw_option bw_ranges_options[];

/** Options that fill a bw_precision_choice. */
extern const bw_option bw_precision_options[];

/** What a bw_precision_choice is before any option was read. */
extern const bw_precision_choice bw_precision_defaults;

/** Whether the pictures are made up of noise. */
bool bw_is_noise(const bw_precision_choice *choice);

/** Takes a picture of a folder; its pixels are borrowed. A failure ends the loading. */
typedef bw_status bw_picture_visitor(void *context, const bw_image *image, const char *path,
                                     bw_error *error);

/** What pictures are wanted for. */
typedef enum bw_picture_use { BW_PICTURES_FIT, BW_PICTURES_JUDGE } bw_picture_use;

/**
 * Decodes the pictures that the choice names, at most as many as it says, spread evenly over the
 * folder, one after the other, with progress on standard error. Where some are held out, only those
 * judge, and only the others are fitted to. Those that cannot be read are named there and left out;
 * a folder with none is a failure.
 */
bw_status bw_load_pictures(const bw_precision_choice *choice, bw_picture_use use,
                           bw_picture_visitor *visit, void *context, bw_error *error);

/** Holds out some of these pictures; the choice is to be given them. To be freed. */
bw_status bw_hold_out_pictures(bw_held_out *held_out, const bw_precision_choice *choice,
                               bw_error *error);

/**
 * Makes the calibration that the choice asks for: NULL for a precision that needs none, and for the
 * best one where no pictures are named. "noise"
 * makes pictures up, which is fit for measuring speed only.
 */
bw_status bw_calibrate(bw_calibration **out, const bw_model *model,
                       const bw_precision_choice *choice, int threads, bw_error *error);

/** A digest of the pictures that the choice names: their paths, sizes and times of change. */
uint64_t bw_calibration_digest(const bw_precision_choice *choice);

#endif
