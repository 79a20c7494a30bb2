# What the booted systemd makes of the service's life. Read by package_test.sh, whose `inside`, `until_true` and `fail` these functions use.

own_settings=/etc/systemd/system/certrelayd.service.d
property() { inside systemctl show -P "$1" certrelayd; }
is_property() { [ "$(property "$1")" = "$2" ]; }
was_changed() { [ "$(property "$1")" != "$2" ]; }
connects() { inside bash -c "exec 3<>/dev/tcp/127.0.0.1/$1" 2>/dev/null; }

# It is ready when it says so, says how it is, and reloads for as long as it says.
check_ready() {
    is_property Type notify && is_property SubState running || fail "the service is $(property SubState)"
    property StatusText | grep -q '[0-9]' || fail "no status: $(property StatusText)"
    [ "$(property NRestarts)" -eq 0 ] || fail "it was started again"
    echo "ready; its status: $(property StatusText)"
}

# It feeds the watchdog again and again; stopped by a signal it cannot, is ended, and started again.
check_watchdog() {
    inside mkdir -p "$own_settings"
    printf '[Service]\nWatchdogSec=2\n' >"$root$own_settings/watchdog.conf"
    inside systemctl daemon-reload
    inside systemctl restart certrelayd
    for _ in 1 2 3; do
        until_true 50 was_changed WatchdogTimestampMonotonic "$(property WatchdogTimestampMonotonic)" || fail "the watchdog hears nothing"
    done
    is_property NRestarts 0 || fail "a relay that lives was ended"
    process=$(property MainPID)
    inside kill -STOP "$process"
    until_true 150 is_property NRestarts 1 || fail "the watchdog does not notice a relay that hangs"
    until_true 100 is_property SubState running || fail "it is not started again"
    was_changed MainPID "$process" || fail "it is the same process"
    echo "one that hung was ended, and started again"
    rm "$root$own_settings/watchdog.conf"
    inside systemctl daemon-reload
}

# It ends by itself, and well.
check_stop() {
    inside systemctl stop certrelayd
    is_property ActiveState inactive && is_property Result success && is_property ExecMainStatus 0 || fail "it ended by $(property Result)"
    echo "stopped: $(property Result)"
}

# The steps that the example of a socket unit names: its addresses stay open while the relay is away, and bring it back.
check_socket_unit() {
    inside cp /usr/share/doc/certrelayd/examples/certrelayd.socket /etc/systemd/system/
    inside systemctl stop certrelayd
    if connects 443; then fail "somebody listens at port 443 without the relay"; fi
    rm "$root$own_settings/port-443.conf"
    inside sed -i -e '/^listen =/d' -e '1i listen = systemd\ndrain_seconds = 5' /etc/certrelay/certrelayd.ini
    inside systemctl daemon-reload
    inside systemctl enable --quiet --now certrelayd.socket
    connects 443 || fail "the socket unit does not listen"
    until_true 100 is_property SubState running || fail "who connects does not start the relay"
    process=$(property MainPID)
    inside systemctl restart certrelayd &
    restart=$!
    tries=0
    while kill -0 "$restart" 2>/dev/null; do
        connects 443 || fail "refused while the relay is restarted"
        tries=$((tries + 1))
    done
    wait "$restart" || fail "restart"
    was_changed MainPID "$process" || fail "it was not restarted"
    [ "$tries" -gt 0 ] || fail "nobody connected meanwhile"
    echo "restarted; $tries connections meanwhile, none refused"
}

leave_socket_unit() {
    inside systemctl disable --quiet --now certrelayd.socket
    inside systemctl stop certrelayd
    rm "$root/etc/systemd/system/certrelayd.socket"
    inside systemctl daemon-reload
    if connects 443; then fail "port 443 is still open"; fi
}
