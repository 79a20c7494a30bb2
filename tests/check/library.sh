#!/bin/sh
# libcertrelay as others get it: installed elsewhere, it exports the functions of its headers and nothing else, and the example builds with
# pkg-config, and with CMake against the shared and the static one, and receives what certrelay sends.
# library.sh BUILD SOURCE SCRATCH COMPILER [FLAG...]: BUILD holds the programs and the library; FLAGs are those that it was built with.
set -eu

build=$1
source=$2
scratch=$3/library.$$
compiler=$4
shift 4
flags="$*"
mkdir -p "$scratch"
scratch=$(cd "$scratch" && pwd)
root=$scratch/root
example=$source/protocol/example
export LC_ALL=C.UTF-8
. "$(dirname "$0")/running.sh"

for component in library development; do
    DESTDIR=$root cmake --install "$build" --component "$component" >"$scratch/log" || { cat "$scratch/log"; exit 1; }
done
shared=$(find "$root" -name libcertrelay.so)
static=$(find "$root" -name libcertrelay.a)
libraries=$(dirname "$shared")
include=$(dirname "$(find "$root" -path '*/include/certrelay')")

# What is exported is what the headers say, under one version.
sh "$source/tests/check/functions.sh" "$include"/certrelay/*.h >"$scratch/said"
[ "$(wc -l <"$scratch/said")" -gt 30 ] || fail "only few functions in $include/certrelay"
nm -D --defined-only "$shared" | awk '$2 != "A" && $3 !~ /^__/ {print $3}' | LC_ALL=C sort >"$scratch/versioned"
sed 's/$/@@CERTRELAY_0/' "$scratch/said" | diff - "$scratch/versioned" || fail "the library exports (>) something else than its headers say (<)"
nm --defined-only --extern-only "$static" | awk 'NF == 3 && $3 !~ /^__/ {print $3}' | LC_ALL=C sort | diff "$scratch/said" - ||
    fail "the static library shows (>) something else than its headers say (<)"
readelf -d "$shared" | grep -q 'SONAME.*\[libcertrelay\.so\.0\]' || fail "another SONAME than libcertrelay.so.0"
if grep -rqF -e "$build" -e "$source" "$root" --include='*.pc' --include='*.cmake'; then fail "a path of this machine is installed"; fi

installed() {
    env PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_PATH="$libraries/pkgconfig" PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 \
        PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 pkg-config "$@"
}
warnings="-D_DEFAULT_SOURCE -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"
# shellcheck disable=SC2046,SC2086 # words are meant
"$compiler" $warnings $flags -o "$scratch/by-pkg-config" "$example"/*.c $(installed --cflags --libs certrelay) \
    $(pkg-config --cflags --libs libwebsockets)

# by_cmake SOURCE NAME
by_cmake() {
    cmake -S "$1" -B "$scratch/$2" -DCMAKE_PREFIX_PATH="$(dirname "$include")" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="$flags" \
        >"$scratch/log" 2>&1 && cmake --build "$scratch/$2" >>"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
}
by_cmake "$example" by-cmake
cp -R "$example" "$scratch/static"
sed -i 's/certrelay::certrelay/certrelay::static/' "$scratch/static/CMakeLists.txt"
by_cmake "$scratch/static" by-cmake-static
if readelf -d "$scratch/by-cmake-static/receive" | grep -q libcertrelay; then fail "certrelay::static is not static"; fi
if cmake -S "$example" -B "$scratch/none" -DCMAKE_DISABLE_FIND_PACKAGE_certrelay=ON >/dev/null 2>&1; then fail "the example does not look for the package"; fi

# It receives, from certrelay through certrelayd.
"$build/tests/samples/cr_make_samples" "$scratch/samples" >/dev/null
printf 'listen = 127.0.0.1:0\ntls = off\npage = off\n' >"$scratch/relay.ini"
"$build/relay/certrelayd" --config "$scratch/relay.ini" 2>"$scratch/relay.log" &
relay=$!
wait_for "$scratch/relay.log" '"started"' "$relay"
url=ws://127.0.0.1:$(sed -n 's/.*"listening".*"port":\([0-9]*\).*/\1/p' "$scratch/relay.log" | head -n 1)/ws

# transfer PROGRAM FOLDER: leaves how each ended in $sent and $received.
transfer() {
    rm -f "$scratch/shown"
    LD_LIBRARY_PATH=$libraries "$1" "$url" "$2" >"$scratch/shown" 2>"$scratch/said" &
    receiver=$!
    wait_for "$scratch/shown" number: "$receiver"
    sed 's/number: //' "$scratch/shown" >"$scratch/number"
    echo "npki!Test2026" >"$scratch/password"
    sent=0 received=0
    "$build/client/pc/certrelay" export --relay "$url" --store "$scratch/samples/NPKI" --cert 1 --password-file "$scratch/password" \
        --code-file "$scratch/number" --yes --no-input >"$scratch/export.log" 2>&1 || sent=$?
    wait "$receiver" || received=$?
    receiver=
}

for program in by-pkg-config by-cmake/receive by-cmake-static/receive; do
    folder=$scratch/got-$(dirname "$program")
    transfer "$scratch/$program" "$folder"
    [ "$sent$received" = 00 ] || { cat "$scratch/export.log" "$scratch/said"; fail "$program: export ended with $sent, the example with $received"; }
    find "$folder" -type f | while read -r file; do
        same=$(find "$scratch/samples" -type f -exec cmp -s "$file" {} \; -print | head -n 1)
        [ -n "$same" ] || fail "$program: $(basename "$file") is none of the samples"
    done
    [ -f "$folder/1-signPri.key" ] || fail "$program: no key arrived"
done
# What cannot be stored is not called sent.
transfer "$scratch/by-pkg-config" "$folder"
[ "$sent" -ne 0 ] && [ "$received" -ne 0 ] || fail "a folder that was there already was taken: export $sent, example $received"
