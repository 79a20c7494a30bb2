#!/bin/sh
# The service is shut in well (systemd-analyze says at most 1.5), and the relay needs nothing that its unit takes away: no system call, address
# family, capability or file. The example configuration is good, and its comments tell the true defaults.
# service.sh BUILD SOURCE SCRATCH: BUILD holds the programs, the unit and the example.
set -eu

build=$1
source=$2
scratch=$3/service.$$
mkdir -p "$scratch"
scratch=$(cd "$scratch" && pwd)
daemon=$build/relay/certrelayd
unit=$build/relay/certrelayd.service
export LC_ALL=C.UTF-8
export ASAN_OPTIONS=detect_leaks=0 # which needs to trace, as strace does
. "$(dirname "$0")/running.sh"

exposure() { systemd-analyze security --offline=yes --no-pager --threshold=15 "$1" >"$scratch/said" 2>&1; }

check_unit() {
    mkdir "$scratch/unit"
    sed "s|^ExecStart=[^ ]*|ExecStart=$daemon|" "$unit" >"$scratch/unit/certrelayd.service"
    cat "$scratch/unit/certrelayd.service" "$source/relay/port-443.conf" >"$scratch/unit/low-port.service"
    sed '/^UMask=/,/^SystemCallFilter=~/d' "$scratch/unit/certrelayd.service" >"$scratch/unit/open.service"
    cp "$source/relay/certrelayd.socket" "$scratch/unit/certrelayd.socket"
    for name in certrelayd low-port; do
        exposure "$scratch/unit/$name.service" || { cat "$scratch/said"; fail "$name.service is too open"; }
        tail -n 1 "$scratch/said"
    done
    if exposure "$scratch/unit/open.service"; then fail "systemd-analyze finds a service without any limits good, too"; fi
    said=$(systemd-analyze verify --man=no "$scratch/unit/certrelayd.service" 2>&1) || fail "$said"
    [ -z "$said" ] || fail "$said"
    said=$(systemd-analyze verify --man=no "$scratch/unit/certrelayd.socket" 2>&1) || fail "$said"
    [ -z "$said" ] || fail "$said"
    grep -q '^AmbientCapabilities' "$unit" && fail "the unit gives a capability to everybody"
    return 0
}

check_sample() {
    sample=$build/relay/certrelayd.ini
    print() { "$daemon" --config "$1" --print-config | grep -Ev '^#? ?(listen|tls_cert|tls_key) ='; }
    : >"$scratch/empty.ini"
    print "$scratch/empty.ini" >"$scratch/defaults"
    print "$sample" | diff "$scratch/defaults" - || fail "the example changes a default"
    sed 's/^# \([a-z_]* = .\)/\1/' "$sample" >"$scratch/all.ini"
    [ "$(grep -c '^[a-z_]* = ' "$scratch/all.ini")" -gt 20 ] || fail "the example names few keys"
    print "$scratch/all.ini" | diff "$scratch/defaults" - || fail "a default in the example is not the default"
    "$daemon" --help | awk '/^  KEY/ {seen = 1; next} seen && /^$/ {exit} seen {print $1}' | while read -r key; do
        grep -Eq "^(# )?$key =" "$sample" || fail "the example does not name $key"
    done
    sed -e 's/:8443$/:0/' -e "s|^tls_cert = .*|tls_cert = $scratch/relay.pem|" -e "s|^tls_key = .*|tls_key = $scratch/relay.key|" \
        "$sample" >"$scratch/relay.ini"
    "$daemon" --config "$scratch/relay.ini" --check-config || fail "the example is not accepted"
    if "$daemon" --config "$sample" --check-config 2>/dev/null; then fail "the example is accepted without its certificate"; fi
}

# Before the program: how to start it without rights, where that can be tried. A tracer with rights can also read what it says.
tracer() {
    if [ "$(id -u)" -eq 0 ] && setpriv --reuid nobody --clear-groups test -x "$daemon" -a -x "$scratch" 2>/dev/null; then
        echo "strace -u nobody -f -o $scratch/run/trace setpriv --no-new-privs"
    else
        echo "SKIP running as nobody: needs root, and a build folder that others may read" >&2
        echo "strace -f -o $scratch/run/trace"
    fi
}

# One transfer over TLS, a renewed certificate, a socket with a path, and a drain, all traced.
run_traced() {
    chmod 755 "$scratch"
    mkdir "$scratch/run" "$scratch/got"
    chmod 777 "$scratch/run"
    printf 'listen = unix:%s\npage = %s\n' "$scratch/run/socket" "$scratch/page" >>"$scratch/relay.ini"
    sed -i '/^listen = \[::\]/d' "$scratch/relay.ini"
    mkdir "$scratch/page"
    echo page >"$scratch/page/index.html"
    chmod 644 "$scratch/relay.key"
    # shellcheck disable=SC2046 # words are meant
    $(tracer) "$daemon" --config "$scratch/relay.ini" 2>"$scratch/relay.log" &
    relay=$!
    wait_for "$scratch/relay.log" '"started"' "$relay"
    port=$(sed -n 's/.*"listening".*"port":\([0-9]*\).*/\1/p' "$scratch/relay.log" | head -n 1)
    url=wss://localhost:$port/ws
    "$build/tests/samples/cr_make_samples" "$scratch/samples" >/dev/null
    "$build/client/pc/certrelay" import --relay "$url" --ca-file "$scratch/relay.pem" --store "$scratch/got" --yes --json --no-input \
        >"$scratch/import.json" 2>"$scratch/import.log" &
    receiver=$!
    wait_for "$scratch/import.json" '"code"' "$receiver"
    sed -n 's/.*"code": *"\([0-9 ]*\)".*/\1/p' "$scratch/import.json" | head -n 1 >"$scratch/number"
    echo "npki!Test2026" >"$scratch/password"
    "$build/client/pc/certrelay" export --relay "$url" --ca-file "$scratch/relay.pem" --store "$scratch/samples/NPKI" --cert 1 \
        --password-file "$scratch/password" --code-file "$scratch/number" --yes --no-input >"$scratch/export.log" 2>&1 ||
        { cat "$scratch/export.log" >&2; fail "nothing was transferred"; }
    wait "$receiver" || fail "nothing was stored"
    receiver=
    echo GET / | openssl s_client -quiet -connect "localhost:$port" >/dev/null 2>&1 || true
    daemon_process=$(sed -n '1s/ .*//p' "$scratch/run/trace")
    kill -HUP "$daemon_process"
    wait_for "$scratch/relay.log" 'reload\|loaded' "$relay"
    kill -TERM "$daemon_process"
    wait "$relay" || fail "it did not end well"
    relay=
}

# allowed GROUP: the system calls of a group and of the groups in it.
allowed() { systemd-analyze syscall-filter --no-pager "$1" | sed -n 's/^    \([a-z0-9_@-]*\)$/\1/p' | while read -r name; do
    case $name in
    @*) allowed "$name" ;;
    *) echo "$name" ;;
    esac
done; }

# filter SIGN: what the lines of the unit's filter that begin with it name, without the sign of those that take away.
filter() {
    for name in $(sed -n "s/^SystemCallFilter=\($1\)/\1/p" "$unit" | tr -d '~'); do
        case $name in
        @*) allowed "$name" ;;
        *) echo "$name" ;;
        esac
    done | sort -u
}

# none WHAT PATTERN: no line of the trace after the program's own start matches.
none() {
    found=$(grep -E "$2" "$scratch/run/calls" || true)
    [ -z "$found" ] || fail "the relay needs $1, which the unit takes away:
$found"
}

check_trace() {
    grep -v -e '+++ exited' -e '--- SIG' -e 'resumed>' "$scratch/run/trace" | sed '1,/ execve(.*certrelayd".*= 0$/d; s/^[0-9]* *//' >"$scratch/run/calls"
    sed 's/(.*//' "$scratch/run/calls" | sort -u >"$scratch/called"
    [ "$(wc -l <"$scratch/called")" -gt 20 ] && grep -qx accept4 "$scratch/called" || fail "the trace is too short"
    filter '[^~]' >"$scratch/granted"
    filter '~' >"$scratch/taken"
    comm -23 "$scratch/granted" "$scratch/taken" >"$scratch/given"
    said=$(comm -23 "$scratch/called" "$scratch/given")
    [ -z "$said" ] || fail "the unit's filter forbids what the relay calls: $said"
    families=$(sed -n 's/^RestrictAddressFamilies=//p' "$unit" | tr ' ' '|')
    grep -Eq "^socket\(AF_UNIX" "$scratch/run/calls" || fail "no socket of the kinds that are looked for"
    # libwebsockets 4.3 tries AF_NETLINK, and goes on where it is refused.
    grep -E '^socket' "$scratch/run/calls" | grep -Ev "^socket(pair)?\(($families|AF_NETLINK)," >"$scratch/run/sockets" || true
    [ ! -s "$scratch/run/sockets" ] || fail "another address family: $(cat "$scratch/run/sockets")"
    none "memory to write and run" '^mmap.*PROT_WRITE\|PROT_EXEC|^mprotect.*PROT_EXEC'
    none "to write files" '^open(at)?\(.*(O_WRONLY|O_RDWR|O_CREAT).*= [0-9]'
    if grep -q 'open.*relay\.pem"' "$scratch/run/calls"; then
        sed -i '/"\/dev\/\(null\|random\|urandom\)"/d' "$scratch/run/calls"
        grep -vF "$scratch" "$scratch/run/calls" >"$scratch/run/others"
        mv "$scratch/run/others" "$scratch/run/calls"
        none "a device" '"/dev/.*= [0-9]'
        none "/proc of the system" '"/proc/[a-rt-z].*= [0-9]'
        none "a home or /root" '"/(home|root)/.*= [0-9]'
    else
        echo "SKIP the names of files, which only a tracer with more rights can read"
    fi
}

if command -v systemd-analyze >/dev/null; then
    check_unit
else
    echo "SKIP systemd-analyze is not installed (package systemd)"
fi
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=localhost" -addext "subjectAltName=DNS:localhost" \
    -keyout "$scratch/relay.key" -out "$scratch/relay.pem" 2>/dev/null
check_sample
if command -v systemd-analyze >/dev/null && command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    run_traced
    check_trace
else
    echo "SKIP the trace: systemd-analyze and strace are needed, and the right to trace"
fi
