#!/bin/sh
# Runs one command-line test: `run.sh CASE` executes cases/CASE.sh in an empty folder and compares
# its standard output and exit status with cases/CASE.out, whose last line is the status.
#
# A case finds: `boxwright` in its PATH; $DATA, the folder data/; `pictures KIND FILE`, which makes
# pictures; `query DIR SQL`, which asks a run's database; `tiny`, the options of a small network.
# With BW_UPDATE=1 the expectation is written instead of compared: read the difference.
here=$(cd "$(dirname "$0")" && pwd)
name=$1
program=${BW_PROGRAM:?the boxwright program}
expected=$here/cases/$name.out
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

if ! command -v python3 >/dev/null; then
    echo "python3 is missing"
    exit 77
fi
mkdir "$work/tools" "$work/here"
cat >"$work/tools/pictures" <<END
#!/bin/sh
exec python3 '$here/pictures.py' "\$@"
END
cat >"$work/tools/query" <<END
#!/bin/sh
exec python3 '$here/query.py' "\$@"
END
cat >"$work/tools/boxwright" <<END
#!/bin/sh
exec '$program' "\$@"
END
chmod +x "$work"/tools/*
export PATH="$work/tools:$PATH" DATA="$here/data" LC_ALL=C TERM=dumb HOME="$work" XDG_CACHE_HOME="$work/cache"
export tiny="--model $here/data/tiny.cfg --weights random:1"
unset BOXWRIGHT_MODELS XDG_DATA_HOME

cd "$work/here" || exit 1
sh "$here/cases/$name.sh" >"$work/out" 2>"$work/err"
status=$?
[ "$status" = 77 ] && exit 77
echo "exit $status" >>"$work/out"
if [ -n "$BW_UPDATE" ]; then
    cp "$work/out" "$expected"
    exit 0
fi
if ! diff -u "$expected" "$work/out"; then
    echo "--- standard error"
    cat "$work/err"
    exit 1
fi
