#!/bin/sh
# Compares Boxwright with its peers: `make bench`. Arguments go to compare.py, or, after --startup,
# --accuracy or --end-to-end, to startup.py, accuracy.py or end_to_end.py. Without any, speed is compared and then, where the
# labelled pictures are, accuracy.
set -eu
source_dir=$(cd "$(dirname "$0")/.." && pwd)
environment="$source_dir/build/bench-venv"
"$source_dir/scripts/python-env.sh" "$source_dir/bench/requirements.txt" "$environment"
export PYTHONPYCACHEPREFIX="$source_dir/build/pycache"
if [ $# -eq 0 ] && [ -d "$source_dir/../shared/data/coco-val128/images" ]; then
    "$environment/bin/python" "$source_dir/bench/compare.py"
    exec "$environment/bin/python" "$source_dir/bench/accuracy.py"
fi
script=compare.py
case ${1:-} in
    --startup | --accuracy) script=${1#--}.py && shift ;;
    --end-to-end) script=end_to_end.py && shift ;;
esac
exec "$environment/bin/python" "$source_dir/bench/$script" "$@"
