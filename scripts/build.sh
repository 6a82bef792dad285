#!/bin/bash
# Configures a preset of CMakePresets.json when that is due, then builds it.
#
# usage: build.sh [--configure] PRESET
#   --configure   stop after configuring
set -euo pipefail
cd "$(dirname "$0")/.."

build=true
if [ "${1:-}" = --configure ]; then
    build=false
    shift
fi
preset=$1
log=build/$preset.log
mkdir -p build

# Later changes of CMake's files are seen by the build itself.
if [ ! -f "build/$preset/build.ninja" ]; then
    echo "configuring build/$preset" >&2
    if ! cmake --preset "$preset" >"$log" 2>&1; then
        cat "$log" >&2
        echo "build: CMake failed for preset $preset; its words are above" >&2
        exit 1
    fi
fi
if $build; then
    # Nothing to say when nothing is to do; ninja's own progress otherwise.
    if [ -t 1 ]; then
        cmake --build "build/$preset"
    else
        cmake --build "build/$preset" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
    fi
fi
