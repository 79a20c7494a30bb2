#!/bin/sh
# Builds the Debian packages in build/package/packages, and lets lintian look at them.
set -eu

cmake --preset package >/dev/null
cmake --build --preset package -- --quiet
rm -rf build/package/packages
log=build/package/cpack.log
(cd build/package && cpack) >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
rm -rf build/package/packages/_CPack_Packages
lintian --allow-root --fail-on error,warning build/package/packages/*.deb
ls build/package/packages/*.deb
