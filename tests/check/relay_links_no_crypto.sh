#!/bin/sh
# The relay is blind: its objects call nothing of a crypto library, the program itself links none, and its sources know nothing of
# the session between devices. (libwebsockets does TLS on its own side of its interface.)
#
# usage: relay_links_no_crypto.sh RELAY_SOURCES PROGRAM LIBRARY...
set -eu

sources=$1
program=$2
shift 2
crypto='(crypto_|sodium_|randombytes|EVP_|SSL_|SSL$|TLS_|RSA_|EC_|AES_|HMAC|SHA[0-9]|MD5|BN_|RAND_|X509_|OPENSSL_|PKCS)'
failed=0

say() {
    echo "$1" >&2
    failed=1
}

[ "$#" -gt 0 ] || say "no libraries to look at"
for object in "$program" "$@"; do
    symbols=$(nm --undefined-only "$object") || say "$object: cannot be read"
    [ -n "$symbols" ] || say "$object: has no undefined symbols at all: that is not an object of ours"
    found=$(printf '%s\n' "$symbols" | awk 'NF == 2 { print $2 }' | grep -E "^$crypto" || true)
    [ -z "$found" ] || say "$object calls: $found"
done

# Permits are compared by arithmetic alone: a comparison that stops at the first difference tells how far a guess was right.
for object in "$@"; do
    found=$(nm --undefined-only "$object" | awk '/\.o:$/ { is_permits = /permits\.c/ } is_permits && $1 == "U" && $2 ~ /cmp$/ { print $2 }')
    [ -z "$found" ] || say "permits are compared by $found"
done

needed=$(readelf -d "$program" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
[ -n "$needed" ] || say "$program: names no libraries"
found=$(printf '%s\n' "$needed" | grep -E 'sodium|crypto|ssl|gcrypt|mbed|nettle|gnutls' || true)
[ -z "$found" ] || say "$program links $found"

found=$(grep -nE '#[[:space:]]*include[[:space:]]*[<"](certrelay/(session|code|link|message|transfer)\.h|sodium|openssl/|gcrypt|\.\./)' \
    "$sources"/*.[ch] || true)
[ -z "$found" ] || say "included by the relay: $found"

found=$(grep -lE '#[[:space:]]*include[[:space:]]*<libwebsockets\.h>' "$sources"/*.[ch] | sed 's|.*/||' | sort | tr '\n' ' ')
[ "$found" = "wire_link.h wire_upgrade.c " ] || say "libwebsockets is included by: $found"
found=$(grep -lE '#[[:space:]]*include[[:space:]]*"wire_link\.h"' "$sources"/*.[ch] | sed 's|.*/||' | sort | tr '\n' ' ')
[ "$found" = "wire.c wire_link.c wire_page.c " ] || say "libwebsockets is included through wire_link.h by: $found"
found=$(grep -lE '#[[:space:]]*include[[:space:]]*<uv\.h>' "$sources"/*.[ch] | sed 's|.*/||' | sort | tr '\n' ' ')
[ "$found" = "cable.c loop.c " ] || say "libuv is included by: $found"
found=$(grep -lE '#[[:space:]]*include[[:space:]]*<hiredis/' "$sources"/*.[ch])
[ "$found" = "$sources/engine.c" ] || say "hiredis is included by: $found"

exit $failed
