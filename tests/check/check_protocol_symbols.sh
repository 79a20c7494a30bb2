#!/bin/sh
# The objects of protocol/ use nothing but memory, libsodium and each other: no socket, file, clock, printf or exit.
# check_protocol_symbols.sh NM ARCHIVE...
set -eu

nm=$1
shift

memory='mem(chr|cmp|cpy|move|set)|bcmp|malloc|calloc|free|strlen'
sodium='(crypto|sodium|randombytes)_[a-z0-9_]*'
compiler='_GLOBAL_OFFSET_TABLE_|__(start|stop)___sancov_[a-z]*|__stack_chk_fail|__(asan|ubsan|sanitizer|sancov|lsan|gcov)_?[a-z0-9_]*|__mem[a-z]*_chk'

needs() { "$nm" --undefined-only "$@" | awk 'NF == 2 {print $2}' | sort -u; }
gives() { "$nm" --defined-only --extern-only "$@" | awk 'NF == 3 {print $3}' | sort -u; }

[ "$(gives "$@" | grep -c '^cr_')" -gt 0 ] || { echo "no symbols of ours in $*" >&2; exit 1; }
own=$(gives "$@")
foreign=$(needs "$@" | grep -Evx "$memory|$sodium|$compiler" | grep -vxF "$own" || true)
if [ -n "$foreign" ]; then
    printf 'protocol/ must not use:\n%s\n' "$foreign" >&2
    exit 1
fi
