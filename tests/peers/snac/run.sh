#!/bin/sh
# Starts the snac peer. See ../README.md for the variables and the control interface.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
dir=${GUILDHALL_PEERS_DIR:-$root/target/peers}/snac/${GUILDHALL_SNAC_SUITE:-sid}
[ -e "$dir/.stamp" ] || { echo "peers/snac: not installed, run tests/peers/snac/install.sh" >&2; exit 3; }
exec python3 "$here/driver.py" "$dir/snac"
