#!/bin/bash
# Fuzzes one target of tests/fuzz for a while, under AddressSanitizer and
# UndefinedBehaviorSanitizer. What it finds and learns stays in build/fuzz-NAME; a file that shows a
# fault belongs into tests/fuzz/corpus/NAME together with the fix.
#
# usage: fuzz.sh NAME [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:?usage: fuzz.sh NAME [SECONDS]}
seconds=${2:-60}
scripts/setup.sh build test fuzz
scripts/build.sh --configure fuzz
cmake --build build/fuzz --target "fuzz_$name"
learned=$PWD/build/fuzz-$name
mkdir -p "$learned"
build/fuzz/tests/fuzz/fuzz_"$name" -max_total_time="$seconds" -max_len=65536 -timeout=10 \
    -rss_limit_mb=2048 -artifact_prefix="$learned/" "$learned" "tests/fuzz/corpus/$name"
