#!/bin/sh
# Prints the functions that headers declare, sorted. functions.sh HEADER...
set -eu

cat "$@" | awk '{
    text = text $0 "\n"
} END {
    while ((at = index(text, "/*")) > 0) {
        after = substr(text, at + 2)
        text = substr(text, 1, at - 1) " " substr(after, index(after, "*/") + 2)
    }
    while (match(text, /(^|[^a-z0-9_])cr_[a-z0-9_]+\(/)) {
        name = substr(text, RSTART, RLENGTH - 1)
        text = substr(text, RSTART + RLENGTH)
        sub(/^[^a-z]/, "", name)
        print name
    }
}' | LC_ALL=C sort -u
