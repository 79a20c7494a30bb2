#!/bin/sh
# Each public header compiles alone, and twice, as C and as C++. check_headers.sh COMPILER SCRATCH INCLUDE_DIR...
set -eu

compiler=$1
scratch=$2
shift 2
mkdir -p "$scratch"

flags=
for dir in "$@"; do
    flags="$flags -I$dir"
done

failed=0
count=0
for dir in "$@"; do
    for header in "$dir"/certrelay/*.h; do
        name=$(basename "$header")
        printf '#include <certrelay/%s>\n#include <certrelay/%s>\nextern int nothing;\n' "$name" "$name" >"$scratch/alone.c"
        # shellcheck disable=SC2086 # one word per folder
        "$compiler" -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only $flags "$scratch/alone.c" || {
            echo "$name does not compile alone" >&2
            failed=1
        }
        # shellcheck disable=SC2086
        "$compiler" -x c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only $flags "$scratch/alone.c" || {
            echo "$name does not compile as C++" >&2
            failed=1
        }
        count=$((count + 1))
    done
done
[ "$count" -gt 0 ] || { echo "no headers in $*" >&2; exit 1; }
exit $failed
