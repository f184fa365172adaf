#!/bin/sh
# Puts the sample activities of the PyPI package fediverse-pasture-inputs into a virtual environment, so that
# export.py can print them. Nothing of the package is kept in this repository. Needs Python 3.11 or newer. Run it
# again as often as you like. Prints the environment's Python as its last line.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
dir=${GUILDHALL_PEERS_DIR:-$root/target/peers}/pasture

stamp=$(cksum < "$here/requirements.txt")
if [ "$(cat "$dir/.stamp" 2>/dev/null || true)" != "$stamp" ] || ! "$dir/bin/python" -c '' 2>/dev/null; then
    for python in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
        python=
    done
    [ -n "$python" ] || { echo "peers/pasture: needs Python 3.11 or newer" >&2; exit 3; }
    rm -rf "$dir"
    "$python" -m venv "$dir"
    "$dir/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary=:all: \
        -r "$here/requirements.txt"
    echo "$stamp" > "$dir/.stamp"
fi
echo "$dir/bin/python"
