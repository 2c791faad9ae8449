#!/bin/sh
# Make a virtual environment, unless a sound one stands there already.
#
#     scripts/make_venv.sh PYTHON VENV [required]
#
# Sound means: made in this very folder (a copied one still runs the tree that it was copied from),
# by an interpreter that still exists and, with `required`, of PYTHON's own version.
set -eu

python=$1
venv=$2
required=${3:-}
inside=$venv/bin/python
stamp=$venv/.stamps/python
here=$(pwd -P)

version_of() { "$1" -c 'import platform; print(platform.python_version())'; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }

complain() {
    printf '%s\n' "$@" >&2
    exit 1
}

keep() {
    mkdir -p "$venv/.stamps"
    [ -f "$stamp" ] || printf '%s\n' "$here" >"$stamp"
    exit 0
}

reason=
if [ -L "$inside" ] && ! [ -x "$inside" ]; then
    reason="its Python is gone"
elif [ -f "$stamp" ] && [ "$(cat "$stamp")" != "$here" ]; then
    reason="it was made in another folder"
elif [ -x "$inside" ] && ! new_enough "$inside"; then
    reason="its Python is older than 3.11"
elif [ -x "$inside" ] && [ -n "$required" ] && command -v "$python" >/dev/null &&
    [ "$(version_of "$inside")" != "$(version_of "$python")" ]; then
    reason="it has Python $(version_of "$inside")"
elif [ -x "$inside" ] && { [ -f "$stamp" ] || "$inside" -m pip --version >/dev/null 2>&1; }; then
    keep
fi

command -v "$python" >/dev/null || complain \
    "There is no '$python' here. Python 3.11 or newer is needed." \
    "Install it, or name yours: make PYTHON=/path/to/python3.11 ..."

version=$(version_of "$python") || complain "'$python' does not start, or is no Python 3."

new_enough "$python" || {
    found=python3.11
    for name in python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null && new_enough "$name" 2>/dev/null; then
            found=$name
            break
        fi
    done
    complain "Python 3.11 or newer is needed; '$python' is $version." \
        "Name another one: make PYTHON=$found ..."
}

"$python" -c 'import ensurepip, venv' 2>/dev/null || complain \
    "'$python' cannot make virtual environments: its modules venv and ensurepip are missing." \
    "On Debian and Ubuntu: apt install python3-venv"

if [ -n "$reason" ]; then
    echo "Replacing $venv by one with Python $version: $reason."
    "$python" -m venv --clear "$venv"
else
    echo "Making $venv with Python $version."
    "$python" -m venv "$venv"
fi
keep
