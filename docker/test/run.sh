#!/bin/sh
# Runs tests of the image and the proxies with the programs of the release build. run.sh BUILD TEST...
set -eu
here=$(dirname "$0")
build=$(cd "$1" && pwd)
shift
sh "$here/proxies.sh" "$build/proxies"
export PYTHONDONTWRITEBYTECODE=1 CR_IMAGE="$build/image" CR_PROXIES="$build/proxies" CR_PAGE="$build/release/page" \
    CR_CERTRELAY="$build/release/client/pc/certrelay" CR_CERTRELAYD="$build/release/relay/certrelayd" \
    CR_SAMPLES="$build/release/tests/samples/cr_make_samples"
for test in "$@"; do
    set -- "$@" "$here/$test.py"
    shift
done
exec /usr/bin/python3 -m pytest -q -rs -s -p no:cacheprovider "$@"
