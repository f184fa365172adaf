#!/bin/sh
# Installs Mastodon.py into a virtual environment of its own and prints its Python as the last line. Run it again as
# often as you like: it does nothing when the version asked for is there.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
dir=${GUILDHALL_CLIENTS_DIR:-$root/target/clients}/mastodon_py

stamp=$(cksum < "$here/requirements.txt")
if [ "$(cat "$dir/.stamp" 2>/dev/null || true)" != "$stamp" ] || ! "$dir/bin/python" -c '' 2>/dev/null; then
    rm -rf "$dir"
    mkdir -p "$(dirname "$dir")"
    "${PYTHON:-python3}" -m venv "$dir" >&2
    "$dir/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
    echo "$stamp" > "$dir/.stamp"
fi
echo "$dir/bin/python"
