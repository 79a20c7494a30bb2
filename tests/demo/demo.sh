#!/bin/sh
# Shows the whole path on one machine: sample certificates, a relay with TLS, two devices, one certificate.
# demo.sh BUILD: the folder with the built programs.
# PHONE=1 keeps a relay running afterwards that a phone in the same network can reach, until Ctrl-C. HOST: this machine's name or
# address there; CERT and KEY: a certificate for it that the phone trusts already.
set -eu
build=$(cd "$1" && pwd)
work=$build/demo
cert=${CERT:+$(realpath "$CERT")}
key=${KEY:+$(realpath "$KEY")}
secret="npki!Test2026" # of the samples, printed here on purpose

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
indent() { sed -u "s/^/    $1 | /"; }

stop_all() {
    [ -z "${relay:-}" ] || kill "$relay" 2>/dev/null || true
    [ -z "${import:-}" ] || kill "$import" 2>/dev/null || true
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# Waits for a line that matches in a file that a running program writes; a program that ended will not write it.
wait_for() {
    tries=0
    until grep -q "$2" "$1" 2>/dev/null; do
        kill -0 "$3" 2>/dev/null || { cat "$1" >&2; echo "It ended before: $2" >&2; exit 1; }
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { cat "$1" >&2; echo "Waited in vain for: $2" >&2; exit 1; }
        sleep 0.05
    done
}

rm -rf "$work"
mkdir -p "$work"
cd "$work"

say "1. Sample certificates (made up, no real person's): a PC that has some, and an empty one"
"$build/tests/samples/cr_make_samples" "$work/samples" >/dev/null
mkdir "$work/new-pc"
"$build/client/pc/certrelay" list --store "$work/samples/NPKI"

# This machine's address in its network, or nothing.
lan_address() { hostname -I 2>/dev/null | awk '{ print $1 }'; }
host=${HOST:-$(lan_address)}

# The subject's other names: an address is not written like a name.
other_name() {
    case $1 in
    "") ;;
    *[!0-9.]*) printf ',DNS:%s' "$1" ;;
    *) printf ',IP:%s' "$1" ;;
    esac
}

# The page is built by its own target; without it all else works.
page=off
[ ! -f "$build/page/index.html" ] || page=$build/page

# relay_ini LISTEN CERT KEY
relay_ini() { printf 'listen = %s\ntls_cert = %s\ntls_key = %s\npage = %s\n' "$1" "$2" "$3" "$page"; }

say "2. A relay with TLS on this machine. Its certificate comes from an authority made for this demo."
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=certrelay demo authority" \
    -keyout ca.key -out ca.pem 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" -keyout relay.key -out relay.csr 2>/dev/null
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1%s\n' "$(other_name "$host")" >relay.ext
openssl x509 -req -in relay.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile relay.ext -out relay.pem 2>/dev/null
relay_ini 127.0.0.1:0 "$work/relay.pem" "$work/relay.key" >relay.ini
"$build/relay/certrelayd" --config relay.ini 2>relay.log &
relay=$!
wait_for relay.log '"started"' "$relay"
port=$(sed -n 's/.*"listening".*"port":\([0-9]*\).*/\1/p' relay.log | head -n 1)
url="wss://localhost:$port/ws"
echo "    certrelayd --config relay.ini     -> $url"
[ "$page" = off ] || echo "    and the page for phones           -> https://localhost:$port/"

say "3. The new PC asks for a certificate and shows a number"
mkfifo talk
indent "new PC" <talk &
"$build/client/pc/certrelay" import --relay "$url" --ca-file ca.pem --store "$work/new-pc" --name "new PC" --yes --json \
    --no-input >import.json 2>talk &
import=$!
wait_for import.json '"code"' "$import"
sed -n 's/.*"code": *"\([0-9 ]*\)".*/\1/p' import.json | head -n 1 >number

say "4. The old PC sends: the person types the number $(cat number) there"
printf '%s\n' "$secret" >password
"$build/client/pc/certrelay" export --relay "$url" --ca-file ca.pem --store "$work/samples/NPKI" --name "old PC" --cert 1 \
    --password-file password --code-file number --yes --no-input 2>&1 | indent "old PC"
rm -f password number
wait "$import"
import=

say "5. What is on the new PC now is what was on the old one, byte for byte"
find "$work/new-pc" -type f | while read -r file; do
    same=$(find "$work/samples" -name "$(basename "$file")" -type f -exec cmp -s "$file" {} \; -print | head -n 1)
    [ -n "$same" ] || { echo "    differs: $file"; exit 1; }
    echo "    identical: ${file#"$work"/new-pc/}"
done
[ -n "$(find "$work/new-pc" -name signPri.key)" ] || { echo "nothing arrived"; exit 1; }

say "6. What the relay knew of it: all that it wrote"
kill "$relay"
wait "$relay" || true
relay=
indent relay <relay.log

say "For real"
cat <<REAL
    On the server     $build/relay/certrelayd --config FILE      (listen, tls_cert, tls_key; --help)
    Where it arrives  $build/client/pc/certrelay import --relay wss://YOUR.SERVER/ws
    Where it is       $build/client/pc/certrelay export --relay wss://YOUR.SERVER/ws
REAL

# What a phone needs, as far as this machine knows it.
phone_help() {
    cat <<HELP
    Both must be in one network, and the phone must trust the relay's certificate. The one of this demo it does not know: put
    $work/ca.pem on the phone and install it there as a CA certificate, or name one that phones
    trust, for this machine's name:
        PHONE=1 HOST=relay.example CERT=fullchain.pem KEY=privkey.pem make demo
HELP
}

if [ "${PHONE:-}" != 1 ]; then
    say "With a phone"
    echo "    PHONE=1 make demo      keeps a relay running until Ctrl-C, at https://${host:-ADDRESS}:8443/"
    phone_help
    [ -z "$host" ] || qrencode -t UTF8 -m 2 "https://$host:8443/" | indent phone
    exit 0
fi

[ "$page" != off ] || { echo "There is no page in $build/page; build it first." >&2; exit 1; }
[ -n "$host" ] || { echo "No address was found; name it: HOST=... PHONE=1 make demo" >&2; exit 1; }
say "With a phone: open https://$host:8443/ there. Ctrl-C ends all."
phone_help
if [ -n "$cert" ]; then
    set --
else
    cert=$work/relay.pem key=$work/relay.key
    set -- --ca-file ca.pem
fi
relay_ini 0.0.0.0:8443 "$cert" "$key" >phone.ini
"$build/relay/certrelayd" --config phone.ini 2>phone.log &
relay=$!
wait_for phone.log '"started"' "$relay"
"$build/client/pc/certrelay" import --relay "wss://$host:8443/ws" --store "$work/from-phone" "$@" || true
echo "    The relay runs on, for more: https://$host:8443/"
wait "$relay"
