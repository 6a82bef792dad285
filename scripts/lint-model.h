/*
 * What clang-tidy's analyser cannot see across files, told to it by scripts/lint.sh: the functions
 * that report a failure return the status they are given, never BW_OK.
 */
#ifndef BW_LINT_MODEL_H
#define BW_LINT_MODEL_H

#include "base/error.h"

#define bw_fail(error, status, ...) ((void)(bw_fail)(error, status, __VA_ARGS__), (status))
#define bw_fail_memory(...) ((void)(bw_fail_memory)(__VA_ARGS__), BW_ERROR_MEMORY)
#define bw_fail_errno(...) ((void)(bw_fail_errno)(__VA_ARGS__), BW_ERROR_IO)

#endif
