#!/bin/sh
# Runs a script of this folder in the tests' own Python environment:
# run.sh [--alone] [--consumers | --s3 | --peers] SCRIPT [ARGUMENTS]. With --consumers the
# environment is that of consumers.txt, programs that open what Boxwright writes; with --s3 that of s3.txt, a
# server of objects; with --peers that of make bench, taken where it is and not made here. Exits 77
# (skipped) where the environment cannot be had, or where ../shared is absent, which a script that
# stands --alone can do without.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
source_dir=${BW_SOURCE_DIR:-$(cd "$folder/../.." && pwd)}
requirements=requirements.txt
environment="$source_dir/build/test-venv"

alone=
if [ "$1" = --alone ]; then
    alone=yes
    shift
fi
if [ "$1" = --consumers ]; then
    requirements=consumers.txt
    environment="$source_dir/build/consumers-venv"
    shift
fi
if [ "$1" = --s3 ]; then
    requirements=s3.txt
    environment="$source_dir/build/s3-venv"
    shift
fi
if [ -z "$alone" ] && [ ! -d "${BW_SHARED:-$source_dir/../shared}" ]; then
    echo "skipped: there is no ../shared beside the source"
    exit 77
fi
peers=
if [ "$1" = --peers ]; then
    peers=yes
    environment="$source_dir/build/bench-venv"
    shift
fi
if [ -n "$peers" ] && ! "$environment/bin/python" -c "import openvino" 2>/dev/null; then
    echo "skipped: the environment of 'make bench' is not there"
    exit 77
fi
# Tests run side by side; the first makes the environment, the others wait for it.
mkdir -p "$source_dir/build"
if [ -z "$peers" ] && ! flock "$environment.lock" \
    "$source_dir/scripts/python-env.sh" "$folder/$requirements" "$environment"; then
    echo "skipped: the Python environment could not be made"
    exit 77
fi
export PYTHONPYCACHEPREFIX="$source_dir/build/pycache"
script=$1
shift
exec "$environment/bin/python" "$folder/$script" "$@"
