#!/bin/bash
# Runs `boxwright annotate` under valgrind over good and damaged pictures of every kind, with drawing
# and report: no access outside memory, no value used before it is set, nothing lost.
set -euo pipefail

command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed"; exit 77; }
tests=$BW_SOURCE_DIR/tests
suppressions=$tests/memory/valgrind.supp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 "$tests/cli/pictures.py" good "$work"/photos-{1,2}.jpg "$work"/photos-{1,2}.png \
    "$work"/photos-1.{webp,bmp}
mkdir "$work/photos"
mv "$work"/photos-* "$work/photos"
python3 "$tests/cli/pictures.py" bad "$work/photos/bad"

check() { # EXIT-STATUS ARGUMENT…
    local expected=$1 status=0
    shift
    valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
        --show-leak-kinds=definite --suppressions="$suppressions" \
        "$BW_PROGRAM" annotate "$@" --out "$work/out" --overwrite --quiet --draw \
        --model "$tests/cli/data/tiny.cfg" --weights random:1 --conf 0 --max-det 5 \
        >"$work/log" 2>&1 || status=$?
    [ "$status" = "$expected" ] || { cat "$work/log"; echo "exit $status, not $expected"; exit 1; }
}

check 3 "$work/photos" --threads 2
check 0 "$work"/photos/*.* --threads 1 --cpu generic --batch 4
