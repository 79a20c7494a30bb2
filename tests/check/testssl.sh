#!/bin/sh
# testssl.sh has nothing to complain of in the relay's TLS and in what it says with the page: no finding of severity MEDIUM or higher but those
# named below. testssl.sh BUILD SCRATCH: BUILD holds the programs and the page. Takes some minutes.
set -eu

build=$(cd "$1" && pwd)
mkdir -p "$2"
scratch=$(mktemp -d "$(cd "$2" && pwd)/testssl.XXXXXX")
export LC_ALL=C.UTF-8
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

# What it says here of any server, and why that is no fault of the relay's.
reason() {
    case $1 in
    cert_revocation) echo "the authority made for this test keeps no list of what it revoked" ;;
    BREACH) echo "the page is compressed: the same bytes for everybody, with no secret and nothing of the request in them" ;;
    engine_problem) echo "of this machine's openssl, which asks: no GOST ciphers" ;;
    *) return 1 ;;
    esac
}

# make_certificate: an authority, and by it an EC certificate for localhost.
make_certificate() {
    cd "$scratch"
    new_key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    # shellcheck disable=SC2086 # words are meant
    openssl req -x509 $new_key -days 90 -subj "/CN=authority of a test" -addext "basicConstraints=critical,CA:TRUE" \
        -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout ca.key -out ca.pem 2>openssl.log || fail "$(cat openssl.log)"
    printf '%s\n' subjectAltName=DNS:localhost extendedKeyUsage=serverAuth keyUsage=critical,digitalSignature >extensions
    # shellcheck disable=SC2086
    openssl req $new_key -subj "/CN=localhost" -keyout relay.key -out relay.csr 2>openssl.log || fail "$(cat openssl.log)"
    openssl x509 -req -in relay.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 80 -extfile extensions -out relay.pem 2>openssl.log ||
        fail "$(cat openssl.log)"
    cat ca.pem >>relay.pem
    cd - >/dev/null
}

# serve PATTERN PROGRAM ARGUMENTS...: starts a server; its port is what PATTERN finds in what it says.
serve() {
    pattern=$1
    shift
    "$@" >"$scratch/server.log" 2>&1 </dev/null &
    server=$!
    tries=0
    until port=$(sed -n "s/$pattern/\\1/p" "$scratch/server.log" | head -n 1) && [ -n "$port" ]; do
        kill -0 "$server" 2>/dev/null && [ "$tries" -lt 600 ] || { cat "$scratch/server.log" >&2; fail "it does not listen: $1"; }
        tries=$((tries + 1))
        sleep 0.05
    done
}

stop() {
    kill "$server"
    wait "$server" 2>/dev/null || [ "$1" = anyhow ] || { cat "$scratch/server.log" >&2; fail "the relay did not end well"; }
    server=
}

# ask OPTION...: what testssl.sh finds at the port, a line each: severity, name, words.
ask() {
    rm -f "$scratch/findings.json"
    timeout 1800 testssl --quiet --color 0 --warnings off --nodns none --ip 127.0.0.1 --add-ca "$scratch/ca.pem" \
        --jsonfile "$scratch/findings.json" "$@" "https://localhost:$port/" >"$scratch/said" 2>&1 </dev/null || true
    awk -F'"' '$2 == "id" { id = $4 } $2 == "severity" { severity = $4 } $2 == "finding" { print severity, id, $4 }' "$scratch/findings.json" \
        >"$scratch/findings"
    grep -q '^INFO scanTime' "$scratch/findings" || { tail -n 30 "$scratch/said" >&2; fail "testssl.sh did not come to its end"; }
}

complaints() { grep -E '^(WARN|MEDIUM|HIGH|CRITICAL|FATAL) ' "$scratch/findings" | sort -u || true; }

must_say() {
    grep -Eq "^[A-Z]+ $1" "$scratch/findings" || { cat "$scratch/findings" >&2; fail "testssl.sh does not say: $1"; }
}

# A server whose ciphers neither encrypt nor prove who it is must be complained of, or this test would see nothing.
check_a_bad_server() {
    serve 'ACCEPT.*:\([0-9]*\)$' openssl s_server -accept 127.0.0.1:0 -www -cert "$scratch/relay.pem" -key "$scratch/relay.key" \
        -cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0
    ask --standard
    stop anyhow
    complaints | grep -q '^CRITICAL cipherlist_[a]*NULL' || { cat "$scratch/findings" >&2; fail "ciphers that do not encrypt were not noticed"; }
}

check_relay() {
    printf '%s\n' "listen = 127.0.0.1:0" "tls_cert = $scratch/relay.pem" "tls_key = $scratch/relay.key" "page = $build/page" \
        "address_connections = 0" "drain_seconds = 0" >"$scratch/relay.ini"
    serve '.*"listening".*"port":\([0-9]*\).*' "$build/relay/certrelayd" --config "$scratch/relay.ini"
    ask
    stop well
    for word in SSLv2 SSLv3 TLS1 TLS1_1; do must_say "$word not offered"; done
    for word in TLS1_2 TLS1_3; do must_say "$word offered"; done
    must_say 'HSTS_time (365 days|31536000)'
    must_say 'cert_chain_of_trust passed'
    must_say 'heartbleed not vulnerable'
}

judge() {
    complaints >"$scratch/complaints"
    bad=0
    while read -r severity id words; do
        if why=$(reason "$id"); then
            echo "  expected: $severity $id: $why"
        else
            echo "  $severity $id: $words" >&2
            bad=$((bad + 1))
        fi
    done <"$scratch/complaints"
    [ "$bad" -eq 0 ] || fail "testssl.sh complains of $bad things"
    echo "testssl.sh found nothing else of severity MEDIUM or higher; $(wc -l <"$scratch/findings") findings"
}

[ -f "$build/page/index.html" ] || fail "the page is not built: $build/page"
make_certificate
check_a_bad_server
check_relay
judge
