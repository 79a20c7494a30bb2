#!/bin/sh
# The page is the same, byte for byte, when it is built in another folder from a copy of the sources in another folder.
# page_reproducible.sh SOURCE BUILD SCRATCH: BUILD holds the page already.
set -eu

source=$1
build=$2
scratch=$3/page_reproducible.$$
mkdir -p "$scratch/elsewhere"
trap 'rm -rf "$scratch"' EXIT

newer=$(find "$source/client/phone" "$source/client/text" -type f -newer "$build/page/index.html" | head -n 3)
[ -z "$newer" ] || { printf 'Newer than the page, which must be built first:\n%s\n' "$newer" >&2; exit 1; }

cp -R "$source/CMakeLists.txt" "$source/protocol" "$source/relay" "$source/client" "$scratch/elsewhere"
mkdir -p "$scratch/elsewhere/tests"
cp -R "$source/tests/samples" "$scratch/elsewhere/tests"
relay=$(sed -n 's/^CR_PAGE_RELAY:STRING=//p' "$build/CMakeCache.txt")
sodium=$(sed -n 's/^LIBSODIUM_SOURCE:PATH=//p' "$build/CMakeCache.txt")
cmake -S "$scratch/elsewhere" -B "$scratch/other" -G Ninja -DCR_PAGE=ON -DCR_TESTS=OFF -DCR_PAGE_RELAY="$relay" \
    -DLIBSODIUM_SOURCE="$sodium" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
cmake --build "$scratch/other" --target page >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }

sums() { (cd "$1" && find page page-single -type f | LC_ALL=C sort | xargs sha256sum); }
sums "$build" >"$scratch/here"
sums "$scratch/other" >"$scratch/there"
[ "$(grep -c 'wasm$' "$scratch/here")" -eq 1 ] || { echo "no core in $build/page" >&2; exit 1; }
diff "$scratch/here" "$scratch/there"
if grep -rlF -e "$source" -e "$build" "$build/page" "$build/page-single" | grep -v '\.[bg][rz]$'; then
    echo "a path of this machine is in the page" >&2
    exit 1
fi
