#!/bin/bash
# Builds each preset in turn and runs its tests; stops at the first that fails. The output ends
# with the summary of the last preset's ctest.
#
# usage: test.sh PRESET…      (of CMakePresets.json: release, asan, tsan, coverage)
set -euo pipefail
cd "$(dirname "$0")/.."

# ThreadSanitizer cannot start where the kernel spreads the address space further than it knows.
tsan_starts() {
    mkdir -p build
    echo 'int main(void) { return 0; }' >build/probe.c
    gcc -fsanitize=thread build/probe.c -o build/probe && "$@" build/probe 2>/dev/null
}

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

for preset in "$@"; do
    runner=()
    if [ "$preset" = tsan ] && ! tsan_starts; then
        if tsan_starts setarch -R; then
            runner=(setarch -R)
        else
            echo "test: ThreadSanitizer cannot run on this kernel; its tests are left out" >&2
            continue
        fi
    fi
    echo "== $preset: building" >&2
    scripts/build.sh "$preset"
    echo "== $preset: testing" >&2
    "${runner[@]}" ctest --preset "$preset"
done
