/**
 * libjpeg's way of failing, turned into a bw_error. libjpeg reports a fatal error through a
 * function that must not return; the trap leaves by longjmp to where the caller set it:
 *
 *     info.err = bw_jpeg_trap_init(&trap, "damaged JPEG", error);
 *     if (setjmp(trap.escape) == 0) { ... calls of libjpeg ... }
 *     jpeg_destroy(...);
 *     return trap.status;
 *
 * Everything that changes between setjmp and longjmp must live outside the frame that calls setjmp.
 */
#ifndef BW_IMAGE_JPEG_TRAP_H
#define BW_IMAGE_JPEG_TRAP_H

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>
/* After jpeglib.h: it says which codes jerror.h has. */

#include <jerror.h>

#include "base/error.h"

typedef struct bw_jpeg_trap {
    struct jpeg_error_mgr manager; /* first: libjpeg hands back a pointer to it */
    jmp_buf escape;
    const char *prefix; /* begins the message when the JPEG is at fault */
    bw_error *error;
    bw_status status;
} bw_jpeg_trap;

struct jpeg_error_mgr *bw_jpeg_trap_init(bw_jpeg_trap *trap, const char *prefix, bw_error *error);

/** Leaves through the trap with `status`; the sentence has been written already. */
_Noreturn void bw_jpeg_trap_leave(bw_jpeg_trap *trap, bw_status status);

#endif
