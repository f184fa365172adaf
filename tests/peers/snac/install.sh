#!/bin/sh
# Installs the snac peer: Debian's package snac2 with the libraries it needs, unpacked into a folder. Nothing is
# installed into the system and root is not needed. The packages come from the Debian mirror that this machine's apt
# is set up with, checked with its keyring. GUILDHALL_SNAC_SUITE chooses the suite (default: sid; trixie stays at
# one older version). Run it again as often as you like. Prints the directory as its last line.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
suite=${GUILDHALL_SNAC_SUITE:-sid}
base=${GUILDHALL_PEERS_DIR:-$root/target/peers}/snac
dir=$base/$suite

for tool in apt-get dpkg-deb python3; do
    command -v $tool >/dev/null 2>&1 || { echo "peers/snac: $tool is not installed" >&2; exit 3; }
done
mkdir -p "$dir"
dir=$(CDPATH= cd -- "$dir" && pwd)

if ! { [ -e "$dir/.stamp" ] && "$dir/snac" 2>/dev/null | grep -q '^snac '; }; then
    rm -rf "$dir"
    mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/debs" "$dir/tree"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' |
        grep -E '/debian/?$' | head -n 1)
    [ -n "$mirror" ] || { echo "peers/snac: apt knows no Debian mirror here" >&2; exit 3; }
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e $keyring ] || keyring=/usr/share/keyrings/debian-archive-keyring.pgp
    [ -e $keyring ] || { echo "peers/snac: Debian's archive keyring is not installed" >&2; exit 3; }
    echo "deb [signed-by=$keyring] $mirror $suite main" > "$dir/apt/sources.list"
    : > "$dir/apt/status"
    cat > "$dir/apt/apt.conf" <<CONF
Dir::State "$dir/apt";
Dir::State::lists "$dir/apt/lists";
Dir::State::status "$dir/apt/status";
Dir::Cache "$dir/apt/cache";
Dir::Etc::sourcelist "$dir/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "3";
APT::Sandbox::User "root";
CONF
    export APT_CONFIG="$dir/apt/apt.conf"
    apt-get update -qq
    # An empty list of installed packages makes apt name everything that is needed, the C library included.
    packages=$(apt-get install -y -qq --no-install-recommends --print-uris snac2 | awk '{print $2}' | sed 's/_.*//')
    # shellcheck disable=SC2086
    (cd "$dir/debs" && apt-get download -qq $packages)
    for deb in "$dir"/debs/*.deb; do
        dpkg-deb -x "$deb" "$dir/tree"
    done
    libs=$(dirname "$(find "$dir/tree" -name libc.so.6 | head -n 1)")
    loader=$(find "$libs" -maxdepth 1 -name 'ld-linux*.so.*' | head -n 1)
    printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$loader" "$libs" "$dir/tree/usr/bin/snac" > "$dir/snac"
    chmod +x "$dir/snac"
    "$dir/snac" | grep '^snac ' || { echo "peers/snac: the unpacked program does not start" >&2; exit 1; }
    rm -rf "$dir/debs" "$dir/apt"
    : > "$dir/.stamp"
fi
echo "$dir"
