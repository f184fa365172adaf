#!/bin/sh
# Starts the Fedify peer. See ../README.md for the variables and the control interface.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
dir=${GUILDHALL_PEERS_DIR:-$root/target/peers}/fedify
[ -e "$dir/.stamp" ] || { echo "peers/fedify: not installed, run tests/peers/fedify/install.sh" >&2; exit 3; }
exec "$dir/node" --no-warnings "$dir/peer.mjs"
