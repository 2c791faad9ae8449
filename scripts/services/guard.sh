#!/usr/bin/env bash
# guard.sh FOLDER: when standard input ends, kill the servers in the folders below it, and delete it.
NAME=guard
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

trap '' INT HUP TERM  # Whoever ends the tests wants this to happen, not to be left out.
cat >/dev/null
for D in "$1"/*; do
    (end_all KILL) || true  # One that does not end must not save the others.
done
rm -rf -- "$1"
