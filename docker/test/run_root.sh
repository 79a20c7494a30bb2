#!/bin/sh
# Runs a program of the image's files as a container engine would: nothing to write to, no privileges, a few devices. As root.
# run_root.sh ROOT USER TLS_FOLDER PROGRAM ARGUMENTS...   The environment is the program's; TLS_FOLDER may be "".
set -eu
if [ "${1:-}" != inside ]; then
    exec unshare --mount sh "$0" inside "$@"
fi
shift
root=$1 user=$2 tls=$3
shift 3

mkdir -p "$root/dev" "$root/proc" "$root/etc/certrelay"
mount --bind "$root" "$root"
[ -z "$tls" ] || mount --bind "$tls" "$root/etc/certrelay"
mount -t tmpfs -o mode=755,nosuid,noexec none "$root/dev"
for device in null zero full random urandom; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
[ -z "$tls" ] || mount -o remount,bind,ro "$root/etc/certrelay"
mount -o remount,bind,ro,nosuid,nodev "$root"
if touch "$root/etc/written" 2>/dev/null; then
    echo "the root can be written to" >&2
    exit 1
fi
# To change to another user gives up every capability, and nothing can be got back.
exec setpriv --no-new-privs chroot --userspec="$user" "$root" "$@"
