#!/bin/bash
# Makes a Python virtual environment that holds exactly what a requirements file lists, with hashes.
# Does nothing when the folder was already made from the same list by the same Python.
#
# usage: python-env.sh REQUIREMENTS FOLDER
set -euo pipefail

[ $# = 2 ] || { echo "usage: $0 REQUIREMENTS FOLDER" >&2; exit 2; }
requirements=$1
folder=$2
stamp=$folder/.made-from

say() { echo "python-env: $*" >&2; }

[ -f "$requirements" ] || { say "there is no $requirements"; exit 1; }
command -v python3 >/dev/null || { say "python3 is missing; run: make setup"; exit 1; }

state=$(sha256sum <"$requirements"; command -v python3)
[ "$state" = "$(cat "$stamp" 2>/dev/null)" ] && exit 0

say "installing what $requirements lists into $folder"
rm -rf "$folder"
python3 -m venv "$folder" || { say "python3 has no venv; run: make setup"; exit 1; }
if ! "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
    --only-binary :all: --requirement "$requirements" >&2; then
    say "pip could not install it (see above); is there a network?"
    exit 1
fi
echo "$state" >"$stamp"
