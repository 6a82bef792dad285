#!/bin/bash
# Installs into a folder of its own and builds programs against it as a stranger would: with
# pkg-config, in C and in C++, against the shared and the static library.
#
# usage: install.sh SOURCE-FOLDER BUILD-FOLDER
set -euo pipefail

source=$1
build=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

fail() { echo "install: $*" >&2; exit 1; }

DESTDIR=$root cmake --install "$build" --prefix /opt/boxwright >"$root/log" 2>&1 ||
    { cat "$root/log"; fail "cmake --install failed"; }
prefix=$root/opt/boxwright

pc=$(find "$prefix" -name boxwright.pc)
[ -n "$pc" ] || fail "no boxwright.pc"
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
libdir=$(pkg-config --variable=libdir boxwright)

for file in bin/boxwright include/boxwright/boxwright.h share/man/man1/boxwright.1 \
    share/bash-completion/completions/boxwright share/zsh/site-functions/_boxwright \
    share/boxwright/models/yolov3-tiny/yolov3-tiny.cfg \
    share/boxwright/models/yolov3-tiny/yolov3-tiny.names \
    share/doc/boxwright/LICENSE share/doc/boxwright/NOTICE; do
    [ -f "$prefix/$file" ] || fail "$file is missing"
done
[ -f "$libdir/libboxwright.a" ] || fail "the static library is missing"
[ -f "$libdir/boxwright/boxwright-video.so" ] || fail "the module of videos is missing"
[ -L "$libdir/libboxwright.so" ] || fail "the shared library's link is missing"

# try NAME COMPILER… : builds example.c, runs it, and compares the version that it prints.
version=$(pkg-config --modversion boxwright)
try() {
    local name=$1
    shift
    "$@" -o "$root/$name" || fail "$name: does not build"
    local printed
    printed=$(LD_LIBRARY_PATH=$libdir "$root/$name") || fail "$name: fails when it runs"
    [ "$printed" = "$version 80" ] || fail "$name: printed '$printed', expected '$version 80'"
    echo "$name: $printed"
}

example=$source/tests/structure/example.c
model=$prefix/share/boxwright/models/yolov3-tiny/yolov3-tiny.cfg
cp "$example" "$root/example.cc"
warnings=(-Wall -Wextra -Wpedantic -Werror "-DMODEL=\"$model\"")
read -ra shared < <(pkg-config --cflags --libs boxwright)
read -ra static < <(pkg-config --cflags --libs --static boxwright)
static=("${static[@]/#-lboxwright/-l:libboxwright.a}")

try c-shared gcc -std=c11 "${warnings[@]}" "$example" "${shared[@]}"
try c-static gcc -std=c11 "${warnings[@]}" "$example" "${static[@]}"
if command -v g++ >/dev/null; then
    try cxx-shared g++ -std=c++11 "${warnings[@]}" "$root/example.cc" "${shared[@]}"
    try cxx-static g++ -std=c++11 "${warnings[@]}" "$root/example.cc" "${static[@]}"
fi
"$prefix/bin/boxwright" --version | grep -qF "$version" || fail "the program tells another version"

# Its modules are the installed ones: those beside the built program are not where it looks.
"$prefix/bin/boxwright" doctor --model "$model" >"$root/doctor" || true
grep -q '^  FFmpeg  *[0-9]' "$root/doctor" || { cat "$root/doctor"; fail "no video can be read"; }
