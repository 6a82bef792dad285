#!/bin/bash
# Installs the Debian packages of the given groups that are missing; see packages.txt.
#
# usage: setup.sh [--check | --optional] GROUP…
#   --check      install nothing; say what is missing and fail
#   --optional   what cannot be installed is a notice, not a failure
set -euo pipefail

list=$(dirname "$0")/packages.txt
mode=install
case ${1:-} in
--check | --optional)
    mode=${1#--}
    shift
    ;;
esac
[ $# -gt 0 ] || { echo "usage: $0 [--check | --optional] GROUP…" >&2; exit 2; }

say() { echo "setup: $*" >&2; }

give_up() {
    say "$*"
    [ "$mode" = optional ] || exit 1
    say "going on without"
    exit 0
}

wanted=()
while read -r group package _; do
    case " $* " in
    *" $group "*) wanted+=("$package") ;;
    esac
done <"$list"
[ ${#wanted[@]} -gt 0 ] || { say "no packages in $list for: $*"; exit 2; }

if ! command -v dpkg-query >/dev/null; then
    say "this is not a Debian system; taking it that these, or their like, are installed:"
    say "  ${wanted[*]}"
    exit 0
fi

# dpkg-query fails when it has never heard of one of them; what it prints about the others counts.
states=$(dpkg-query -W -f ' ${Package}:${db:Status-Status} ' "${wanted[@]}" 2>/dev/null) || true
missing=()
for package in "${wanted[@]}"; do
    [[ $states == *" $package:installed "* ]] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$mode" = check ]; then
    give_up "missing Debian packages: ${missing[*]}; run: make setup"
fi

as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        give_up "neither root nor sudo here; let an administrator run: apt-get install ${missing[*]}"
    fi
    as_root=(sudo)
    [ -t 0 ] || as_root=(sudo -n)
fi

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 "$@" </dev/null
}

install_missing() { apt install -y --no-install-recommends "${missing[@]}"; }

say "installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists of a fresh machine may be absent or old: they are fetched only when that shows.
if ! install_missing >"$log" 2>&1; then
    if ! { apt update && install_missing; } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        give_up "apt-get could not install ${missing[*]} (see above); is there a network?"
    fi
fi
