#!/bin/bash
# Checks all C sources: their format (clang-format), their code (clang-tidy, cppcheck). Needs the
# release preset configured, for its list of compile commands.
#
# usage: lint.sh [format] [tidy] [cppcheck]      (default: all three)
set -euo pipefail
cd "$(dirname "$0")/.."

database=build/release
jobs=$(nproc)
failed=0
[ $# -gt 0 ] || set -- format tidy cppcheck

sources() { find include src apps tests bench -name '*.[ch]' | sort; }

# The sources that the build compiles, once each.
compiled() {
    sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' $database/compile_commands.json | sort -u
}

check_format() { sources | xargs clang-format --dry-run --Werror; }

# clang reads gcc's commands; what only gcc knows is not to be warned about.
check_tidy() {
    compiled | xargs -P "$jobs" -n 4 clang-tidy --quiet -p $database \
        --extra-arg=-Wno-unknown-warning-option 2>&1 |
        { grep -v -E '^[0-9]+ warnings? generated\.$|^Suppressed |^Use -header-filter' || true; } |
        tee build/tidy.log
    ! grep -q -E ': (warning|error):' build/tidy.log
}

check_cppcheck() {
    mkdir -p build/cppcheck
    cppcheck --quiet -j "$jobs" --error-exitcode=1 --enable=warning,performance,portability \
        --inline-suppr --cppcheck-build-dir=build/cppcheck --std=c11 --library=posix \
        --suppressions-list=.cppcheck --check-level=normal -I include -I src src apps
}

for check in "$@"; do
    echo "lint: $check" >&2
    "check_$check" || { failed=1; echo "lint: $check found faults (above)" >&2; }
done
exit $failed
