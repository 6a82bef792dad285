#!/bin/sh
# Compares Boxwright's FP32 speed with its peers': `make bench`. Arguments go to compare.py.
set -eu
source_dir=$(cd "$(dirname "$0")/.." && pwd)
environment="$source_dir/build/bench-venv"
"$source_dir/scripts/python-env.sh" "$source_dir/bench/requirements.txt" "$environment"
export PYTHONPYCACHEPREFIX="$source_dir/build/pycache"
exec "$environment/bin/python" "$source_dir/bench/compare.py" "$@"
