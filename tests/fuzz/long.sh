#!/bin/sh
# Runs each fuzzer of a fuzz build for so many seconds on a copy of its corpus; what it finds stays in the build folder.
set -eu
build=$1
seconds=$2

for fuzzer in "$build"/tests/fuzz_*; do
    [ -x "$fuzzer" ] && [ -f "$fuzzer" ] || continue
    name=$(basename "$fuzzer")
    work="$build/found/$name"
    mkdir -p "$work"
    cp -n "tests/fuzz/corpus_${name#fuzz_}"/* "$work/" 2>/dev/null || true
    echo "$name: $seconds s"
    "$fuzzer" -max_total_time="$seconds" -artifact_prefix="$build/found/$name-" "$work"
done
