#!/bin/sh
# Builds the image certrelayd:latest: by Docker where it runs, else by buildah on a base made by mmdebstrap, as root. image.sh FOLDER
# FOLDER then holds config.json, and root/ with the image's files; from buildah also certrelayd.tar for `docker load`.
set -eu
folder=$1
name=certrelayd:latest
base=localhost/debian:trixie-slim
ca=${NODE_EXTRA_CA_CERTS:+--secret id=ca,src=$NODE_EXTRA_CA_CERTS}
mkdir -p "$folder"
rm -rf "$folder/root" "$folder/config.json"
mkdir "$folder/root"

if docker info >/dev/null 2>&1; then
    # shellcheck disable=SC2086 # no words, or two
    DOCKER_BUILDKIT=1 docker build ${BASE:+--build-arg "BASE=$BASE"} $ca -f docker/Dockerfile -t "$name" .
    docker image inspect "$name" >"$folder/config.json"
    container=$(docker create "$name")
    docker export "$container" | tar xf - -C "$folder/root"
    docker rm "$container" >/dev/null
    exit 0
fi

[ "$(id -u)" -eq 0 ] || { echo "Without Docker this needs root: sudo make image" >&2; exit 1; }
# What is mounted meanwhile is gone with this program, however it ends.
[ "${IMAGE_UNSHARED:-}" = 1 ] || exec env IMAGE_UNSHARED=1 unshare --mount sh "$0" "$folder"
folder=$(realpath "$folder")
rm -rf "$folder/run"

build() { # COMMAND ARGUMENTS...
    buildah --root "$folder/storage" --runroot "$folder/run" --storage-driver overlay "$@"
}

# In place of Docker's own image of that name: Debian's smallest, with its security updates, without manuals.
if ! build inspect --type image "$base" >/dev/null 2>&1; then
    mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Languages "none"' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' trixie "$folder/base.tar"
    container=$(build from scratch)
    build add --quiet "$container" "$folder/base.tar" / >/dev/null
    build commit --quiet --rm "$container" "$base" >/dev/null
    rm "$folder/base.tar"
fi

# shellcheck disable=SC2086
build bud --isolation chroot --pull-never --layers --format docker $ca --ignorefile docker/Dockerfile.dockerignore \
    -f docker/Dockerfile -t "$name" .
container=$(build from --pull-never "$name")
cp -a "$(build mount "$container")/." "$folder/root"
build rm "$container" >/dev/null
build inspect --type image "$name" >"$folder/config.json"
rm -f "$folder/certrelayd.tar"
build push --quiet "$name" "docker-archive:$folder/certrelayd.tar:$name"
