# For scripts that start a relay and a receiver in their folder $scratch: all ends with the script, and what one of them says is waited for.
relay=
receiver=
finish() {
    for process in $relay $receiver; do kill "$process" 2>/dev/null || true; done
    rm -rf "$scratch"
}
trap finish EXIT

fail() {
    echo "$1" >&2
    exit 1
}

wait_for() {
    tries=0
    until grep -q "$2" "$1" 2>/dev/null; do
        kill -0 "$3" 2>/dev/null || { cat "$1" >&2; fail "It ended before: $2"; }
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { cat "$1" >&2; fail "Waited in vain for: $2"; }
        sleep 0.05
    done
}
