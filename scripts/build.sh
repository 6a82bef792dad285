#!/bin/bash
# Configures a preset of CMakePresets.json when that is due, then builds it.
#
# usage: build.sh [--configure | --products] PRESET
#   --configure   stop after configuring
#   --products    build the library and the program, not the tests
set -euo pipefail
cd "$(dirname "$0")/.."

goal=all
case $1 in
--configure | --products)
    goal=${1#--}
    shift
    ;;
esac
preset=$1
folder=build/$preset
log=$folder.log
mkdir -p build

# Later changes of CMake's files are seen by the build itself; but a folder that was configured
# before the test packages were there knows no tests.
configured() {
    [ -f "$folder/build.ninja" ] || return 1
    [ "$goal" = products ] || grep -q '^CMOCKA_FOUND:INTERNAL=1' "$folder/CMakeCache.txt"
}

quietly() { # runs a command; its output is shown only when it fails
    "$@" >"$log" 2>&1 && return
    cat "$log" >&2
    echo "build: failed: $*" >&2
    exit 1
}

if ! configured; then
    echo "build: configuring $folder" >&2
    quietly cmake --preset "$preset"
fi
[ "$goal" != configure ] || exit 0
if [ -t 1 ]; then
    cmake --build "$folder" --target "$goal"
else
    quietly cmake --build "$folder" --target "$goal"
fi
