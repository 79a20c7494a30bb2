#!/bin/sh
# The packages in a fresh Debian: installed with what Debian has, the service booted by a systemd of its own, used, and purged.
# package_test.sh BUILD: BUILD holds packages/ and the maker of samples. As root. The mirrors are those of this machine's apt.
set -eu

build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/certrelay-packages.XXXXXX")
root=$work/root
groups=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)/certrelay-packages.$$
port=
first= # the first process of the other system
launcher=
export LC_ALL=C.UTF-8

say() { printf '\n%s\n' "$*"; }
fail() {
    echo "FAILED: $1" >&2
    exit 1
}

# Mounts live in the namespaces of the booted system and end with it.
finish() {
    [ -z "$first" ] || kill -KILL "$first" 2>/dev/null || true
    [ -z "$launcher" ] || wait "$launcher" 2>/dev/null || true
    find "$groups" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    if grep -qF " $work/" /proc/mounts; then
        echo "left mounted, and therefore not removed: $work" >&2
    else
        rm -rf "$work"
    fi
}
trap finish EXIT
trap 'exit 130' INT TERM
[ "$(id -u)" -eq 0 ] || fail "it needs root: debootstrap, namespaces"

until_true() { # TRIES COMMAND...
    tries=$1
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.2
    done
}

# A fresh system, from this machine's mirrors of Debian.
make_system() {
    . /etc/os-release
    apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | sort -u >"$work/mirrors"
    mirror=$(awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }' "$work/mirrors")
    [ -n "$mirror" ] || fail "apt knows no mirror of Debian $VERSION_CODENAME here"
    debootstrap --variant=minbase "$VERSION_CODENAME" "$root" "$mirror" >"$work/log" 2>&1 || { tail -n 20 "$work/log"; fail "debootstrap"; }
    sed 's/^/deb /' "$work/mirrors" >"$root/etc/apt/sources.list"
    apt-config dump | grep -i '^Acquire::.*Proxy' >"$root/etc/apt/apt.conf.d/90proxy" || true
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    echo 127.0.0.1 localhost >"$root/etc/hosts"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"
    in_files apt-get update
    in_files apt-get install systemd
    rm "$root/usr/sbin/policy-rc.d"
}

# In its files only, before it is booted: the network is this machine's.
in_files() {
    chroot "$root" env DEBIAN_FRONTEND=noninteractive "$@" -q -y --no-install-recommends >"$work/log" 2>&1 ||
        { tail -n 30 "$work/log"; fail "$*"; }
}
inside() { nsenter --target "$first" --all --root --wd env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root "$@"; }

boot() {
    mkdir "$groups"
    sh -c "echo 0 >'$groups/cgroup.procs' && exec unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup sh '$here/boot.sh' '$root'" \
        >"$work/boot.log" 2>&1 &
    launcher=$!
    until_true 50 pgrep -P "$launcher" || { cat "$work/boot.log"; fail "no namespaces"; }
    first=$(pgrep -P "$launcher")
    until_true 150 inside systemctl is-active --quiet multi-user.target || { cat "$work/boot.log"; fail "systemd does not come up"; }
}

# restart: with the installed configuration, in which what stands on standard input replaces addresses and TLS; leaves the port.
restart() {
    inside sh -c 'sed -e "/^listen =/d" -e "/^tls_/d" /etc/certrelay/certrelayd.ini >/tmp/ini; cat - /tmp/ini >/etc/certrelay/certrelayd.ini'
    inside certrelayd --config /etc/certrelay/certrelayd.ini --check-config || fail "the configuration is not accepted"
    inside systemctl restart certrelayd || { inside journalctl --no-pager -u certrelayd; fail "the service does not start"; }
    until_true 50 started || { inside journalctl --no-pager -u certrelayd; fail "the relay does not listen"; }
    port=$(log_of | sed -n 's/.*"listening".*"port":\([1-9][0-9]*\).*/\1/p' | head -n 1)
}
log_of() { inside journalctl --no-pager -o cat "_SYSTEMD_INVOCATION_ID=$(inside systemctl show -P InvocationID certrelayd)"; }
started() { log_of | grep -q '"started"'; }
reloaded() { log_of | grep -q '"reload"'; }

# transfer URL FOLDER [OPTION...]: one certificate, by the installed command.
transfer() {
    url=$1
    folder=$2
    shift 2
    inside mkdir "$folder"
    inside certrelay import --relay "$url" --store "$folder" --yes --json --no-input "$@" >"$work/import.json" 2>"$work/import.log" &
    import=$!
    until_true 100 grep -q '"code"' "$work/import.json" || { cat "$work/import.log"; fail "no number"; }
    sed -n 's/.*"code": *"\([0-9 ]*\)".*/\1/p' "$work/import.json" | head -n 1 >"$root/root/number"
    echo "npki!Test2026" >"$root/root/password"
    inside certrelay export --relay "$url" --store /root/samples/NPKI --cert 1 --password-file /root/password --code-file /root/number --yes \
        --no-input "$@" >"$work/export.log" 2>&1 || { cat "$work/export.log"; fail "export"; }
    wait "$import" || { cat "$work/import.log"; fail "import"; }
    count=0
    for file in $(cd "$root/$folder" && find . -type f); do
        find "$root/root/samples" -type f -exec cmp -s "$root/$folder/$file" {} \; -print | grep -q . || fail "$file differs"
        count=$((count + 1))
    done
    [ "$count" -ge 2 ] || fail "$count files arrived"
    echo "$count files arrived byte for byte over $url"
}

# What the kernel says of the running relay.
check_sandbox() {
    inside sh -c 'cat /proc/$(systemctl show -P MainPID certrelayd)/status' >"$work/status"
    for line in 'NoNewPrivs:.1' 'Seccomp:.2' "CapBnd:.$1" "CapEff:.$1"; do
        grep -q "^$line\$" "$work/status" || { cat "$work/status"; fail "the relay runs without $line"; }
    done
    user=$(inside id -u certrelayd)
    grep -q "^Uid:.$user.$user.$user.$user\$" "$work/status" || fail "the relay does not run as certrelayd"
    inside sh -c 'nsenter -t $(systemctl show -P MainPID certrelayd) --mount --root sh -c "! touch /usr/x /var/x /root/x 2>/dev/null"' || fail "the relay's files can be written"
}

get_page() {
    inside bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3; timeout 5 cat <&3" \
        >"$work/page" || true
    grep -aq '^HTTP/1.1 200' "$work/page" && grep -aq -i '<html' "$work/page" || { head -n 5 "$work/page"; fail "no page"; }
    echo "the page is served ($(wc -c <"$work/page") bytes)"
}

snapshot() { (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp -o -path ./var/log \
    -o -path ./var/lib/apt -o -path ./var/cache -o -path ./root -o -path ./packages \) -prune -o -print | grep certrelay | sort); }

. "$here/life.sh"

say "1. A fresh Debian"
make_system
"$build/tests/samples/cr_make_samples" "$root/root/samples" >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=localhost" -addext "subjectAltName=DNS:localhost" \
    -keyout "$work/privkey.pem" -out "$work/fullchain.pem" 2>/dev/null
mkdir "$root/packages"
cp "$build"/packages/*.deb "$root/packages"
[ -z "$(snapshot)" ] || fail "it is not fresh: $(snapshot)"

say "2. The packages, with what they depend on"
# shellcheck disable=SC2046 # one word per package
in_files apt-get install $(cd "$root" && find packages -name '*.deb' -printf '/%p ')
grep '^Setting up' "$work/log"
for file in man/man1/certrelay.1.gz man/man1/certrelay-export.1.gz man/ko/man1/certrelay.1.gz man/man8/certrelayd.8.gz \
    man/man5/certrelayd.ini.5.gz locale/ko/LC_MESSAGES/certrelay.mo bash-completion/completions/certrelay zsh/vendor-completions/_certrelay \
    fish/vendor_completions.d/certrelay.fish; do
    [ -f "$root/usr/share/$file" ] || fail "/usr/share/$file is missing"
done
chroot "$root" certrelay --version
chroot "$root" certrelayd --version
chroot "$root" certrelay --lang ko --help | grep -q 인증서 || fail "no Korean"

say "3. The service, under its own systemd"
boot
[ "$(inside systemctl is-enabled certrelayd || true)" = disabled ] || fail "the service is enabled before it is configured"
if inside systemctl is-active --quiet certrelayd; then fail "the service runs before it is configured"; fi
restart <<END
tls = off
listen = 127.0.0.1:0
listen = unix:/run/certrelayd/socket
END
check_sandbox 0000000000000000
get_page
transfer "ws://127.0.0.1:$port/ws" /root/new-pc
inside systemctl reload certrelayd || { inside journalctl --no-pager -u certrelayd; fail "reload"; }
until_true 50 reloaded || fail "no reload"

say "4. The same over TLS on port 443, whose key only the service's user reads"
for file in fullchain.pem privkey.pem; do
    cp "$work/$file" "$root/etc/certrelay/$file"
    inside sh -c "chown root:certrelayd /etc/certrelay/$file; chmod 640 /etc/certrelay/$file"
done
cp "$work/fullchain.pem" "$root/root/ca.pem"
inside sh -c 'mkdir /etc/systemd/system/certrelayd.service.d; cp /usr/share/doc/certrelayd/examples/port-443.conf /etc/systemd/system/certrelayd.service.d/'
inside systemctl daemon-reload
inside sed -i '/^tls = off/d' /etc/certrelay/certrelayd.ini
restart <<END
listen = 127.0.0.1:443
tls_cert = /etc/certrelay/fullchain.pem
tls_key = /etc/certrelay/privkey.pem
END
check_sandbox 0000000000000400
transfer wss://localhost/ws /root/newer-pc --ca-file /root/ca.pem

say "5. Its life, as systemd sees it"
check_ready
check_watchdog
check_stop

say "6. By a socket unit"
check_socket_unit
check_sandbox 0000000000000000
transfer wss://localhost/ws /root/newest-pc --ca-file /root/ca.pem
leave_socket_unit

say "7. Purged"
inside systemctl enable certrelayd >/dev/null 2>&1
rm -r "$root/etc/systemd/system/certrelayd.service.d" "$root/etc/certrelay/fullchain.pem" "$root/etc/certrelay/privkey.pem"
inside env DEBIAN_FRONTEND=noninteractive apt-get purge -q -y certrelay certrelayd libcertrelay0 libcertrelay-dev >"$work/log" 2>&1 ||
    { cat "$work/log"; fail "purge"; }
if inside pgrep -x certrelayd >/dev/null 2>&1 || inside systemctl is-active --quiet certrelayd; then fail "the relay still runs"; fi
if inside getent passwd certrelayd || inside getent group certrelayd; then fail "the user is left"; fi
left=$(snapshot)
[ -z "$left" ] || fail "left behind: $left"
echo "nothing is left"
