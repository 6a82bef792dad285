/**
 * Status and error text: how every layer reports what went wrong.
 *
 * A function that can fail takes the caller's `bw_error *` last and returns bw_fail(...), which
 * formats one sentence: what was wrong, where (file, line or layer), and what would mend it.
 */
#ifndef BW_BASE_ERROR_H
#define BW_BASE_ERROR_H

#include "boxwright/boxwright.h"

#define BW_PRINTF(text, first) __attribute__((format(printf, text, first)))

/** Writes the status and the formatted sentence into `error` (which may be NULL); returns status.
 */
bw_status bw_fail(bw_error *error, bw_status status, const char *format, ...) BW_PRINTF(3, 4);

/** Fails with BW_ERROR_MEMORY: `what` names what `bytes` were wanted for. */
bw_status bw_fail_memory(bw_error *error, size_t bytes, const char *what);

/** Fails with BW_ERROR_IO and the text of `errno`: "cannot open 'x.cfg': No such file …". */
bw_status bw_fail_errno(bw_error *error, const char *verb, const char *path);

/** Puts "prefix: " before the message that is already there; returns the status it holds. */
bw_status bw_fail_prefix(bw_error *error, bw_status status, const char *format, ...)
    BW_PRINTF(3, 4);

#endif
