#!/bin/sh
# Puts nginx and caddy into FOLDER: this machine's own, else Debian's, unpacked but not installed, so that none of them starts. proxies.sh FOLDER
set -eu
mkdir -p "$1"
cd "$1"
for name in nginx caddy; do
    [ ! -x "$name" ] || continue
    if path=$(PATH=$PATH:/usr/sbin command -v "$name"); then
        ln -s "$path" "$name"
        continue
    fi
    apt-get download -q "$name" >apt.log 2>&1 || { cat apt.log >&2; echo "If $name is not known: sudo apt-get update" >&2; exit 1; }
    dpkg-deb -x "$name"_*.deb "$name.files"
    mv "$name.files/usr/"*bin/"$name" "$name"
    rm -rf "$name.files" "$name"_*.deb
done
