#!/bin/sh
# Prints the sample activities as JSON lines: run.sh [options of export.py]
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
dir=${GUILDHALL_PEERS_DIR:-$root/target/peers}/pasture
[ -e "$dir/.stamp" ] || { echo "peers/pasture: not installed, run tests/peers/pasture/install.sh" >&2; exit 3; }
# Without a fixed seed the order of addressees changes from run to run.
exec env PYTHONHASHSEED=0 "$dir/bin/python" "$here/export.py" "$@"
