#!/bin/bash
# Checks all C sources: their format (clang-format), clang's warnings beside gcc's, their code
# (clang-tidy, cppcheck). Needs the release preset built: for its list of compile commands and the
# headers that it generates.
#
# usage: lint.sh [format] [clang] [tidy] [cppcheck]      (default: all)
set -euo pipefail
cd "$(dirname "$0")/.."

database=build/release
jobs=$(nproc)
failed=0
[ $# -gt 0 ] || set -- format clang tidy cppcheck

sources() { find include src apps tests bench -name '*.[ch]' | sort; }

# The sources of library and program that the build compiles, once each.
compiled() {
    sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' $database/compile_commands.json |
        grep -E "^$PWD/(src|apps)/" | sort -u
}

check_format() { sources | xargs clang-format --dry-run --Werror; }

check_clang() { scripts/build.sh clang; }

# clang-tidy reads gcc's commands; what only gcc knows is not to be warned about. error.c defines what
# lint-model.h describes. Assertions count: they tell the analyser what holds.
tidy() {
    grep "$@" '/src/base/error\.c$' | xargs -P "$jobs" -n 4 clang-tidy --quiet -p $database \
        --extra-arg=-Wno-unknown-warning-option --extra-arg=-UNDEBUG "${model[@]}" 2>&1
}

check_tidy() {
    local model=()
    compiled | tidy -e >build/tidy.log || true
    model=("--extra-arg=-include$PWD/scripts/lint-model.h" --extra-arg=-Wno-unused-value)
    compiled | tidy -v -e >>build/tidy.log || true
    ! grep -A 3 -E ': (warning|error):' build/tidy.log
}

# ctuPointerArith takes `buffer + SIZE - 1` for an overflow; readdirCalled asks for readdir_r, which
# POSIX has given up.
check_cppcheck() {
    mkdir -p build/cppcheck
    cppcheck --quiet -j "$jobs" --error-exitcode=1 --enable=warning,performance,portability \
        --suppress=ctuPointerArith --suppress=readdirCalled --cppcheck-build-dir=build/cppcheck --std=c11 --library=posix \
        -I include -I src src apps
}

for check in "$@"; do
    echo "lint: $check" >&2
    "check_$check" || { failed=1; echo "lint: $check found faults (above)" >&2; }
done
exit $failed
