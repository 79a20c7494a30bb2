#!/bin/sh
# Builds the relay and the page inside the image's first stage, and lays out in FOLDER all that the image holds. build.sh FOLDER
set -eu
image=$1
program=$image/usr/sbin/certrelayd

cmake --preset release -DCR_TESTS=OFF -DCR_WERROR=OFF -DCMAKE_INSTALL_PREFIX=/usr
cmake --build --preset release --target certrelayd page

mkdir -p "$image/usr/sbin" "$image/usr/share/certrelay" "$image/usr/share/doc/certrelayd" "$image/var/lib/dpkg/status.d" "$image/etc/certrelay"
strip -o "$program" build/release/relay/certrelayd
cp -R build/release/page build/release/page-single/certrelay.html "$image/usr/share/certrelay"
cp LICENSE "$image/usr/share/doc/certrelayd/copyright"
ln -s usr/lib "$image/lib"
ln -s usr/lib64 "$image/lib64"
echo 'certrelayd:x:65532:65532:certrelayd:/:/usr/sbin/nologin' >"$image/etc/passwd"
echo 'certrelayd:x:65532:' >"$image/etc/group"
cp /etc/os-release "$image/etc"

# The libraries it names, and the plugin that libwebsockets loads by itself, with its own.
plugin=$(dpkg -L libwebsockets-evlib-uv | grep '\.so$')
needed=$(ldd "$program" "$plugin" | grep -o '/[^ :]*\.so[^ :]*' | sort -u)

# Also tells those who look for known holes in an image which packages of Debian are in it.
for file in $needed; do
    file=/usr/${file#/usr/}
    mkdir -p "$image${file%/*}"
    cp -L "$file" "$image$file"
    package=$(dpkg -S "*/$(basename "$(realpath "$file")")" | sed 's/[:,].*//;q')
    dpkg-query -s "$package" >"$image/var/lib/dpkg/status.d/$package"
    [ ! -f "/usr/share/doc/$package/copyright" ] || install -D -m 644 "/usr/share/doc/$package/copyright" "$image/usr/share/doc/$package/copyright"
done

# It must run as it lies there.
chroot "$image" /usr/sbin/certrelayd --version
