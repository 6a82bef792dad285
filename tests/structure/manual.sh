#!/bin/bash
# Checks that the manual page formats without a warning and the completions are sound scripts.
#
# usage: manual.sh PACKAGING-FOLDER
set -euo pipefail

bash -n "$1/boxwright.bash"
if command -v zsh >/dev/null; then
    zsh -n "$1/_boxwright"
fi
command -v groff >/dev/null || { echo "groff is not installed: the manual page is unchecked"; exit 77; }
warnings=$(groff -man -Tutf8 -ww -z "$1/boxwright.1" 2>&1)
[ -z "$warnings" ] || { echo "$warnings"; exit 1; }
